# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster behind a survey: its nodes, shards, slots, and who agrees with whom.

A node's word about itself counts before what others say of it: it serves what it believes it owns.
Of a node that does not answer, the view that most nodes share is believed.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from .nodes import Address
from .reports import Report, Survey
from .slots import SLOTS
from .views import Seen, View


@dataclass(frozen=True)
class Node:
    """A member of the cluster. `report` is None when it did not answer."""

    id: str
    address: Address
    zone: str
    is_replica: bool
    master_id: str
    slots: frozenset[int]
    failing: bool
    report: Report | None

    @property
    def alive(self) -> bool:
        return self.report is not None and not self.failing

    @property
    def name(self) -> str:
        return str(self.address) if self.address.port else self.id[:8]


@dataclass(frozen=True)
class Shard:
    """A master with slots, and the replicas that say they follow it."""

    master: Node
    replicas: tuple[Node, ...]


@dataclass(frozen=True)
class Topology:
    """What `read_topology` makes of a survey.

    `nodes` are the members of the largest cluster found, `strangers` the answering nodes outside
    it, `silent` the listed or known ones that gave no view.
    """

    nodes: dict[str, Node]
    strangers: tuple[Report, ...]
    silent: tuple[Report, ...]
    reference: View | None

    @cached_property
    def shards(self) -> list[Shard]:
        masters = sorted((n for n in self.nodes.values() if n.slots), key=lambda n: min(n.slots))
        return [Shard(master, tuple(self.replicas_of(master.id))) for master in masters]

    def replicas_of(self, id: str) -> list[Node]:
        replicas = (node for node in self.nodes.values() if node.master_id == id)
        return sorted(replicas, key=lambda node: node.address)

    @property
    def idle_masters(self) -> list[Node]:
        """Members that own nothing and follow nobody."""
        return [node for node in self.nodes.values() if not node.is_replica and not node.slots]

    @cached_property
    def covered(self) -> frozenset[int]:
        """Slots that at least one node claims, alive or not."""
        return frozenset().union(*(node.slots for node in self.nodes.values()))

    @property
    def uncovered(self) -> frozenset[int]:
        return frozenset(range(SLOTS)) - self.covered

    @cached_property
    def unserved(self) -> frozenset[int]:
        """Slots with an owner, but with none that is alive."""
        return self.covered.difference(*(node.slots for node in self.nodes.values() if node.alive))

    @cached_property
    def disputed(self) -> frozenset[int]:
        once, twice = set(), set()
        for node in self.nodes.values():
            twice |= once & node.slots
            once |= node.slots
        return frozenset(twice)

    def claimants(self, slot: int) -> tuple[str, ...]:
        """The ids of the nodes that claim a slot."""
        return tuple(node.id for node in self.nodes.values() if slot in node.slots)

    def lag_seconds(self, replica: Node) -> int | None:
        """Seconds since its master last heard from a replica; None where the master lists it not."""
        master = self.nodes.get(replica.master_id)
        if not master or not master.report or not self.reference:
            return None
        seen = self.reference.nodes.get(replica.id)
        return master.report.replica_lags().get(seen.address) if seen else None

    def lag_bytes(self, replica: Node) -> int | None:
        """Bytes that a replica has not read yet of what its master wrote; None when either is silent."""
        master = self.nodes.get(replica.master_id)
        if not master or not master.report or not replica.report:
            return None
        return max(0, master.report.offset - replica.report.offset)

    @property
    def ghosts(self) -> list[Node]:
        """Members that are gone for good: they own nothing, and have lost their address, or lost it to
        another node, as after a reset or on a new disk. Or the others have given them up, and nobody can be there."""
        taken = {node.address for node in self.nodes.values() if node.report}
        taken |= {report.address for report in self.strangers}
        empty = {report.address for report in self.silent if report.trouble.gone}
        gone = (node for node in self.nodes.values() if not node.report and not node.slots)
        lost = (n for n in gone if not n.address.port or n.address in taken or n.failing and n.address in empty)
        return sorted(lost, key=lambda n: n.id)

    def name(self, id: str) -> str:
        """The address of a node, or the first letters of its id where none is known."""
        if id in self.nodes:
            return self.nodes[id].name
        return next((str(r.address) for r in self.strangers if r.id == id), id[:8])


def components(survey: Survey) -> list[set[str]]:
    """The clusters in a survey, as sets of node ids: two nodes are in one if either knows the other.

    The most important first: most slots, then most nodes that answer.
    """
    parent: dict[str, str] = {}

    def root(id: str) -> str:
        while parent.setdefault(id, id) != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    for report in survey.answering:
        for id in report.view.settled:
            parent[root(id)] = root(report.id)
    groups: dict[str, set[str]] = {}
    for id in parent:
        groups.setdefault(root(id), set()).add(id)
    by_id = survey.by_id

    def weight(ids: set[str]) -> tuple[int, int, str]:
        own = [by_id[id].view.myself for id in ids if id in by_id]
        return -sum(len(seen.slots) for seen in own), -len(own), min(ids)

    return sorted(groups.values(), key=weight)


def read_topology(survey: Survey) -> Topology:
    """The largest cluster of a survey, with the nodes that are outside it or silent beside."""
    silent = tuple(report for report in survey.reports if not report.view)
    clusters = components(survey)
    if not clusters:
        return Topology({}, (), silent, None)
    members = clusters[0]
    inside = [report for report in survey.answering if report.id in members]
    strangers = tuple(report for report in survey.answering if report.id not in members)
    reference = _shared_view(inside)
    by_id = survey.by_id
    nodes = {}
    for id in members:
        seen = reference.nodes.get(id) or _first_seen(id, inside)
        nodes[id] = _read_node(seen, by_id.get(id), survey)
    return Topology(nodes, strangers, silent, reference)


def _shared_view(reports: list[Report]) -> View:
    """The view that most nodes share; among equals the one that knows most nodes, then the latest epoch."""
    layouts = Counter(report.view.layout() for report in reports)

    def rank(report: Report) -> tuple[int, int, int]:
        view = report.view
        return layouts[view.layout()], len(view.settled), max(seen.epoch for seen in view.nodes.values())

    return max(reports, key=rank).view


def _first_seen(id: str, reports: list[Report]) -> Seen:
    return next(report.view.nodes[id] for report in reports if id in report.view.nodes)


def _read_node(seen: Seen, report: Report | None, survey: Survey) -> Node:
    """A member from its own word where it gave one, else from what the others say of it."""
    own = report.view.myself if report else seen
    address = report.address if report else seen.address
    zone = report.zone if report else next((r.zone for r in survey.reports if r.address == address), "")
    return Node(
        seen.id, address, zone, own.is_replica, own.master_id, own.slots, "fail" in seen.flags, report
    )
