# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nodes that a scaling looks at: those that shall be members in the end, and those that shall leave."""
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from ..nodes import Address
from ..placement import Place
from ..reports import Report, Survey
from ..topology import Node, Topology, read_topology
from .balance import SLOTS_EVENLY


@dataclass(frozen=True)
class ScaleWish:
    """What the cluster shall be: the listed nodes, with so many replicas a master.

    Args:
        replicas: for each master.
        anti_affinity: "none", "preferred" or "required".
        leaving: names of nodes ("host:port") and hosts that shall not be members any more.
        balance: "slots", "memory", or "none" for no more moves than the other wishes need.
        tolerance: percent of the mean within which a master's share may lie.
    """

    replicas: int = 1
    anti_affinity: str = "preferred"
    leaving: frozenset[str] = frozenset()
    balance: str = SLOTS_EVENLY
    tolerance: float = 0


@dataclass(frozen=True)
class Members:
    """All nodes by id. `wanted` are the listed ones that answer, new ones among them."""

    survey: Survey
    topology: Topology
    wish: ScaleWish

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Members of the cluster, and the nodes that shall join it."""
        new = {report.id: _newcomer(report) for report in self.topology.strangers if report.listed}
        return {**self.topology.nodes, **new}

    @cached_property
    def wanted(self) -> dict[str, Node]:
        return {id: node for id, node in self.nodes.items() if node.report and node.report.listed}

    @cached_property
    def leaving(self) -> dict[str, Node]:
        """Members that shall go, alive or not."""
        names = self.wish.leaving
        found = (node for node in self.topology.nodes.values() if {node.name, node.address.host} & names)
        return {node.id: node for node in found if node.id not in self.wanted}

    @cached_property
    def masters(self) -> dict[str, Node]:
        """Members that own slots."""
        return {id: node for id, node in self.topology.nodes.items() if node.slots}

    @cached_property
    def addresses(self) -> dict[str, Address]:
        return {id: node.address for id, node in self.nodes.items()}

    def place(self, id: str) -> Place:
        """Where a node stands; without anti-affinity every node stands alone."""
        if self.wish.anti_affinity == "none":
            return Place(id, id)
        node = self.nodes[id]
        return Place(id, node.address.host, node.zone)

    def name(self, id: str) -> str:
        return self.nodes[id].name if id in self.nodes else id[:8]


def read_members(survey: Survey, wish: ScaleWish) -> Members:
    """The nodes of a survey that asked the listed nodes and those that shall leave."""
    reports = (replace(r, listed=r.listed and str(r.address) not in wish.leaving) for r in survey.reports)
    survey = Survey(tuple(reports))
    return Members(survey, read_topology(survey), wish)


def _newcomer(report: Report) -> Node:
    """A node outside the cluster. What slots it has for itself, it will let go of."""
    return Node(report.id, report.address, report.zone, False, "", frozenset(), False, report)
