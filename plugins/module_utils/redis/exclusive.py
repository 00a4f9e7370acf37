# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run at a time changes a cluster.

A playbook that is killed leaves its module running on the host for a while, and a second operator may press the same
button: two plans made from one survey would work against each other. The lock is a connection with a name on one node
of the cluster. It is nowhere on a disk, and ends with the process that holds it.
"""
from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .connection import RedisError, Session
from .errors import RedisFailure
from .nodes import Address, ListedNode
from .reports import Survey
from .survey import survey_cluster

PREFIX = "omnimind-run:"
TOKEN = secrets.token_hex(4)  # process ids come back, and hosts may share a name
POLL_SECONDS = 0.1


@contextmanager
def alone(session: Session, nodes: Sequence[ListedNode], deadline: float) -> Iterator[Survey]:
    """Hold the lock of the cluster that the nodes belong to; the survey yielded was taken under it.

    Raises RedisFailure when another run holds the lock until `deadline` (time.monotonic()).
    """
    survey = survey_cluster(session, nodes)
    keeper = min((report.address for report in survey.answering), default=None)
    if keeper is None:
        yield survey
        return
    with session.connection(keeper) as client:
        own = _enlist(client, keeper)
        if _wait_for_turn(client, own, keeper, deadline):
            survey = survey_cluster(session, nodes)
        yield survey


def _enlist(client, keeper: Address) -> int:
    """Put a name on the connection; its id, by which earlier runs come first."""
    try:
        client.execute_command("CLIENT", "SETNAME", _own_name())
        return int(client.execute_command("CLIENT", "ID"))
    except (RedisError, OSError) as error:
        raise RedisFailure(f"{keeper} does not let this run reserve the cluster for itself: {error}") from error


def _own_name() -> str:
    """The name of this run's connections: one run may take the lock twice, and never waits for itself."""
    return f"{PREFIX}{socket.gethostname()}:{os.getpid()}:{TOKEN}"


def _wait_for_turn(client, own: int, keeper: Address, deadline: float) -> bool:
    """Whether it had to wait until earlier runs were over."""
    waited = False
    while True:
        try:
            clients = _fields(client.execute_command("CLIENT", "LIST"))
        except (RedisError, OSError) as error:
            raise RedisFailure(f"{keeper} does not say which runs are at work: {error}") from error
        runs = [c for c in clients if c.get("name", "").startswith(PREFIX) and c["name"] != _own_name()]
        earlier = [c for c in runs if int(c["id"]) < own]
        if not earlier:
            return waited
        if time.monotonic() >= deadline:
            other = earlier[0]
            host, process, _token = other["name"][len(PREFIX) :].rsplit(":", 2)
            who = f"process {process} of host {host}, connected for {other['age']} s"
            raise RedisFailure(f"Another run is at work on this cluster: {who}")
        waited = True
        time.sleep(POLL_SECONDS)


def _fields(listing: str) -> list[dict[str, str]]:
    """The connections in an answer to CLIENT LIST, by the names of their fields."""
    return [dict(word.partition("=")[::2] for word in line.split()) for line in listing.splitlines()]
