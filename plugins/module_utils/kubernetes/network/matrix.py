# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everyone to everyone, at once: a set of endpoints is one number, with a bit for each."""
from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple, Optional

from .endpoints import Endpoint, same_node, shared_families
from .evaluation import Evaluator, Verdict
from .policies import DIRECTIONS, EGRESS, INGRESS, Policy
from .rules import Ports, Rule
from .selection import Probe


class Cell(NamedTuple):
    """Whether one endpoint reaches a port of another. What decides is worked out when it is asked for."""

    source: Endpoint
    destination: Endpoint
    probe: Probe
    allowed: bool

    def plain(self, verdict: Verdict) -> dict[str, Any]:
        return {
            "source": str(self.source),
            "destination": str(self.destination),
            "port": self.probe.port,
            "protocol": self.probe.protocol,
            "family": self.probe.family,
            **verdict.plain(),
        }


class Matrix:
    """All pairs of the endpoints of an evaluator's cluster."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.endpoints = evaluator.cluster.endpoints
        self._selection = evaluator.selection
        self._everyone = (1 << len(self.endpoints)) - 1
        self._masks: dict[Hashable, int] = {}
        self._families = [endpoint.families for endpoint in self.endpoints]
        self._always = [self._always_reached(index) for index in range(len(self.endpoints))]
        self._isolating = {
            direction: [self._selection.isolating(endpoint, direction) for endpoint in self.endpoints]
            for direction in DIRECTIONS
        }

    def cells(self, port: int, protocol: str = "TCP") -> Iterator[Cell]:
        """A cell for each pair, and for each version of IP that both have; without those of a pod to itself."""
        for family in self.families:
            probe = Probe(port, protocol, family)
            for index, (source, row) in enumerate(zip(self.endpoints, self.rows(probe))):
                asked = self._talking(index, family) & ~(0 if source.several else 1 << index)
                for destination, one, allowed in zip(self.endpoints, self._flags(asked), self._flags(row)):
                    if one:
                        yield Cell(source, destination, probe, allowed)

    def verdict(self, cell: Cell) -> Verdict:
        return self.evaluator.verdict(cell.source, cell.destination, *cell.probe)

    @property
    def families(self) -> list[Optional[int]]:
        """The versions of IP by which some pair can talk; None stands for pairs without an address that is known."""
        found: list[Optional[int]] = sorted({family for own in self._families for family in own})
        return found + [None] * (() in self._families)

    def rows(self, probe: Probe) -> list[int]:
        """For each endpoint, in their order, whom it reaches."""
        arriving = self._turned(self._halves(INGRESS, probe))
        leaving = self._halves(EGRESS, probe)
        return [
            out & into & self._talking(index, probe.family)
            for index, (out, into) in enumerate(zip(leaving, arriving))
        ]

    def _halves(self, direction: str, probe: Probe) -> list[int]:
        """For each endpoint, whom its own policies let it send to or get from."""
        known: dict[Hashable, int] = {}
        halves = []
        for endpoint, isolating, always in zip(self.endpoints, self._isolating[direction], self._always):
            if not isolating:
                halves.append(self._everyone)
                continue
            # Pods that the same policies isolate differ by no more than what their ports are called.
            key = (tuple(map(id, isolating)), endpoint.ports)
            if key not in known:
                known[key] = self._allowed(direction, isolating, endpoint, probe)
            halves.append(known[key] | always)
        return halves

    def _allowed(self, direction: str, isolating: tuple[Policy, ...], endpoint: Endpoint, probe: Probe) -> int:
        found = 0
        for policy in isolating:
            for rule in policy.rules(direction):
                if direction == EGRESS:
                    ports = [self._answering(entry, probe) for entry in rule.ports]
                else:
                    ports = [self._everyone * endpoint.answers(entry, *probe[:2]) for entry in rule.ports]
                mask = _union(ports) if ports else self._everyone
                if mask and rule.peers:
                    mask &= self._selected(policy, rule, probe.family)
                found |= mask
        return found

    def _answering(self, ports: Ports, probe: Probe) -> int:
        """The endpoints of which the port is among these."""
        key = (ports, probe.port, probe.protocol)
        return self._mask(key, lambda endpoint: endpoint.answers(ports, probe.port, probe.protocol))

    def _selected(self, policy: Policy, rule: Rule, family: Optional[int]) -> int:
        """Who is one of a rule's peers."""
        return self._mask(
            ("peers", id(rule), family),
            lambda endpoint: any(self._selection.selects(policy, peer, endpoint, family) for peer in rule.peers),
        )

    def _always_reached(self, index: int) -> int:
        """A pod itself, and its node with what stands in that node's network."""
        endpoint = self.endpoints[index]
        itself = 0 if endpoint.several else 1 << index
        if not endpoint.node:
            return itself
        return itself | self._mask(("node", endpoint.node, endpoint.policed), lambda other: same_node(endpoint, other))

    def _talking(self, index: int, family: Optional[int]) -> int:
        """Those with whom an endpoint can talk by this version of IP."""
        key = ("families", self._families[index], family)
        return self._mask(key, lambda other: family in shared_families(self.endpoints[index], other))

    def _mask(self, key: Hashable, chosen: Callable[[Endpoint], bool]) -> int:
        if key not in self._masks:
            digits = "".join("1" if chosen(endpoint) else "0" for endpoint in reversed(self.endpoints))
            self._masks[key] = int(digits or "0", 2)
        return self._masks[key]

    def _flags(self, mask: int) -> list[bool]:
        """For each endpoint, whether its bit is set."""
        return [digit == "1" for digit in reversed(f"{mask:0{len(self.endpoints)}b}")]

    def _turned(self, columns: list[int]) -> list[int]:
        """Rows out of columns. Many columns are the same, so each is gone through once."""
        groups: dict[int, int] = {}
        for index, column in enumerate(columns):
            groups[column] = groups.get(column, 0) | 1 << index
        rows = [0] * len(columns)
        for column, group in groups.items():
            for index in bits(column):
                rows[index] |= group
        return rows


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _union(masks: list[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
