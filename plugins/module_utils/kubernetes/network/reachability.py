# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The matrix that a user sees: who reaches which port of whom, and what decides that."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import read_list
from .declarations import read_port
from .difference import compare
from .endpoints import Endpoint
from .evaluation import Evaluator
from .matrix import Cell, Matrix
from .parties import Parties, Party
from .rules import Ports
from .situations import Situation
from .spans import outside_regions

ALL, ALLOWED, DENIED = "all", "allowed", "denied"


def describe_reachability(
    situation: Situation,
    ports: Any = (),
    parties: Optional[Parties] = None,
    sources: Any = (),
    destinations: Any = (),
    world: bool = False,
    show: str = ALL,
) -> dict[str, Any]:
    """Every cell that is asked for, what the policies may be wrong about, and what an assumed change changes.

    Args:
        ports: numbers, names or entries as in rules; when there are none, those that endpoints say they listen on.
        sources: whose cells are wanted, in the words of `parties`; of everybody when empty. Likewise `destinations`.
        world: whether addresses outside are asked about, one of each region that policies tell apart.
        show: `all`, `allowed` or `denied`.
    """
    asked = [_one_port(f"ports[{index}]", entry) for index, entry in enumerate(read_list("ports", ports))]
    ends = [
        parties.read(name, value) if parties and value else []
        for name, value in (("sources", sources), ("destinations", destinations))
    ]
    blocks = [block for chosen in ends for party in chosen for block in party.blocks]
    regions = outside_regions(situation.policies, blocks) if world or blocks else []
    widened = situation.with_endpoints(*regions)
    chosen = [_members(name, end, situation, regions) for name, end in zip(("sources", "destinations"), ends)]
    matrix = Matrix(Evaluator(situation.policies, widened.cluster))
    cells = list(_cells(matrix, asked, *chosen))
    allowed = sum(cell.allowed for cell in cells)
    return {
        "cells": [_plain(matrix, cell) for cell in cells if show == ALL or cell.allowed == (show == ALLOWED)],
        "allowed": allowed,
        "denied": len(cells) - allowed,
        "policies": sorted(map(str, situation.policies)),
        "endpoints": [str(one) for one in widened.cluster.endpoints],
        "findings": [finding.plain() for finding in situation.findings()],
        **_supposition(situation),
    }


def _one_port(where: str, value: Any) -> Ports:
    ports = read_port(where, value)
    if not ports.name and ports.first != ports.last:
        raise ManifestError(where, f"{ports}: it is one port that is asked about")
    return ports


def _members(where: str, parties: Sequence[Party], situation: Situation, regions: Sequence[Endpoint]) -> set[int]:
    """Of whom, by identity, as that is quick to look up. Nobody stands for everybody."""
    found: set[int] = set()
    for party in parties:
        members = party.members(situation.cluster, regions)
        if not members:
            raise ManifestError(where, f"{party.name} is no pod that is known")
        found.update(map(id, members))
    return found


def _cells(matrix: Matrix, asked: Sequence[Ports], sources: set[int], destinations: set[int]) -> Iterator[Cell]:
    probes = _probes(matrix.endpoints, asked)
    for (port, protocol), answering in sorted(probes.items(), key=lambda item: item[0]):
        for cell in matrix.cells(port, protocol):
            if sources and id(cell.source) not in sources:
                continue
            if destinations and id(cell.destination) not in destinations:
                continue
            if answering is None or id(cell.destination) in answering:
                yield cell


def _plain(matrix: Matrix, cell: Cell) -> dict[str, Any]:
    verdict = matrix.verdict(cell)
    # A half that is well is no reason for a denial.
    halves = [half for half in (verdict.egress, verdict.ingress) if half.allowed == verdict.allowed]
    policies = list(dict.fromkeys(name for half in halves for name in half.policies))
    told = {name: value for name, value in cell.plain(verdict).items() if name not in ("egress", "ingress")}
    return {**told, "policies": policies}


def _probes(endpoints: Sequence[Endpoint], asked: Sequence[Ports]) -> dict[tuple[int, str], Optional[set[int]]]:
    """Ports, with those endpoints, by identity, of which each is asked; None for all of them."""
    found: dict[tuple[int, str], Optional[set[int]]] = {}
    for ports in asked:
        if not ports.name:
            found[ports.first, ports.protocol] = None
    for endpoint in endpoints:
        named = [
            (port.number, port.protocol)
            for port in endpoint.ports
            if any((port.name, port.protocol) == (ports.name, ports.protocol) for ports in asked)
        ]
        for probe in named if asked else endpoint.listening:
            answering = found.setdefault(probe, set())
            if answering is not None:
                answering.add(id(endpoint))
    called = {(port.name, port.protocol) for endpoint in endpoints for port in endpoint.ports}
    for index, ports in enumerate(asked):
        if ports.name and (ports.name, ports.protocol) not in called:
            raise ManifestError(f"ports[{index}]", f"nobody calls a port {ports}")
    if not found:
        raise ManifestError("ports", "none is asked for, and no endpoint says that it listens on any")
    return found


def _supposition(situation: Situation) -> dict[str, Any]:
    """What the policies that are only given change of what the live ones allow."""
    if not situation.supposed:
        return {}
    difference = compare(situation.live.values(), situation.policies, situation.cluster)
    return {"supposed": difference.plain()}
