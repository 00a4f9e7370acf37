# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scaling asks the servers before it plans."""
from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Session, first_error
from ..errors import RedisFailure
from ..nodes import Address, ListedNode, parse_nodes
from ..slots import SLOTS
from ..survey import check_announcements, resolve_host, survey_cluster
from ..topology import Node
from .balance import MEMORY_EVENLY
from .members import Members, ScaleWish, read_members
from .obstacles import Unsettled
from .open_slots import Counts, living_masters, open_slots_of
from .plan import ScalePlan, make_scale_plan

POLL_SECONDS = 0.1
WITH_PORT = re.compile(r"(\[[^]]+\]|[^:]+):\d+")


@dataclass(frozen=True)
class Leaving:
    """Who shall leave: nodes, to be asked too, and the names that these and hosts go by."""

    nodes: tuple[ListedNode, ...]
    names: frozenset[str]


def parse_leaving(entries: Iterable[str | Mapping[str, Any]]) -> Leaving:
    """Nodes, as in the option nodes, or hosts, for all of their nodes."""
    listed = [entry for entry in entries if isinstance(entry, Mapping) or WITH_PORT.fullmatch(str(entry))]
    hosts = [str(entry) for entry in entries if entry not in listed]
    nodes = parse_nodes(listed) if listed else []
    names = {str(Address(_resolve(node.address.host), node.address.port)) for node in nodes}
    names |= {str(node.address) for node in nodes} | set(hosts) | {_resolve(host) for host in hosts}
    return Leaving(tuple(nodes), frozenset(names))


def _resolve(host: str) -> str:
    try:
        return resolve_host(host)
    except OSError:
        return host


def ask_members(
    session: Session, nodes: Sequence[ListedNode], leaving: Sequence[ListedNode], wish: ScaleWish
) -> Members:
    known = {node.address for node in nodes}
    asked = [*nodes, *(node for node in leaving if node.address not in known)]
    return read_members(check_announcements(session, survey_cluster(session, asked)), wish)


def ask_plan(
    session: Session, nodes: Sequence[ListedNode], leaving: Sequence[ListedNode], wish: ScaleWish, deadline: float
) -> ScalePlan:
    """The plan for what is there now. Raises Refused.

    What may be over in some seconds, as after a run that was killed just now, is waited for until `deadline`
    (time.monotonic()).
    """
    while True:
        members = ask_members(session, nodes, leaving, wish)
        try:
            keys = count_keys(session, members)
            slot_keys = count_all_keys(session, members) if wish.balance == MEMORY_EVENLY else None
            return make_scale_plan(members, keys, slot_keys)
        except Unsettled:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_SECONDS)


def count_keys(session: Session, members: Members) -> Counts:
    """Keys in open slots on every master, and in any slot on masters that own none."""
    topology = members.topology
    masters = living_masters(topology)
    open_slots = sorted(open_slots_of(topology))
    return _count(session, [(node, open_slots if node.slots else range(SLOTS)) for node in masters if node.report.keys])


def count_all_keys(session: Session, members: Members) -> Counts:
    """Keys in each slot of each master."""
    return _count(session, [(node, sorted(node.slots)) for node in living_masters(members.topology) if node.slots])


def _count(session: Session, questions: Iterable[tuple[Node, Sequence[int]]]) -> Counts:
    asked = {node.address: (node.id, slots) for node, slots in questions if slots}
    commands = {a: [("CLUSTER", "COUNTKEYSINSLOT", slot) for slot in slots] for a, (id, slots) in asked.items()}
    counts = {}
    for address, answer in session.ask(commands).items():
        id, slots = asked[address]
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} does not tell its keys by slot: {error}")
        counts[id] = {slot: count for slot, count in zip(slots, answer) if count}
    return counts
