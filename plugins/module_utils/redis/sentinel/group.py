# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two kinds of servers that belong together here, each reached by a login of its own."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..connection import Login, Session
from ..nodes import Address
from ..survey import resolve_host

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Group:
    """Sentinels, and the sessions in which they and the nodes they watch are asked."""

    addresses: tuple[Address, ...]
    sentinels: Session
    nodes: Session


@contextmanager
def group_opened(addresses: Sequence[Address], sentinel_login: Login, node_login: Login) -> Iterator[Group]:
    """A group whose connections end with the block."""
    with Session(sentinel_login) as sentinels, Session(node_login) as nodes:
        yield Group(tuple(map(numeric, addresses)), sentinels, nodes)


def numeric(address: Address) -> Address:
    """The address as Sentinels tell it; as it is where its host has no numeric address."""
    try:
        return replace_host(address, resolve_host(address.host))
    except OSError:
        return address


def replace_host(address: Address, host: str) -> Address:
    return address._replace(host=host)


def login_for(login: Login, username: str | None, password: str | None) -> Login:
    return replace(login, username=username, password=password)


def until(holds: Callable[[], bool], deadline: float, pause: float = POLL_SECONDS) -> bool:
    """Ask until it holds; False when `deadline` (time.monotonic()) comes first. It is asked once at least."""
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True
