# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flows that are allowed although nobody expects them: every port of everyone, from and to the components."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .endpoints import Endpoint, same_node
from .evaluation import Evaluator
from .expectations import Judge, Wrong, wrong
from .matrix import Matrix, bits
from .parties import Party
from .selection import Probe
from .spans import Span


def find_leftovers(judge: Judge, components: Iterable[Party]) -> list[Wrong]:
    """What no expectation allows and policies do. A node and its pods are passed over: no policy is about these."""
    endpoints = (*judge.cluster.endpoints, *judge.regions)
    matrix = Matrix(Evaluator(judge.evaluator.policies, replace(judge.cluster, endpoints=endpoints)))
    places = {id(endpoint): index for index, endpoint in enumerate(endpoints)}
    ours = _mask(judge.members("components", components), places)
    everyone = (1 << len(endpoints)) - 1
    found: list[Wrong] = []
    for span in judge.spans:
        expected = _expected(judge, span, endpoints, places)
        for family in matrix.families:
            probe = Probe(span.first, span.protocol, family)
            for index, (source, row) in enumerate(zip(endpoints, matrix.rows(probe))):
                looked_at = everyone if ours >> index & 1 else ours
                itself = 0 if source.several else 1 << index
                for place in bits(row & looked_at & ~expected[index] & ~itself):
                    destination = endpoints[place]
                    if not same_node(source, destination):
                        verdict = matrix.evaluator.verdict(source, destination, *probe)
                        found.append(wrong("others", source, destination, span, family, verdict))
    return list(_merged(found))


def _mask(members: Iterable[Endpoint], places: dict[int, int]) -> int:
    found = 0
    for member in members:
        found |= 1 << places[id(member)]
    return found


def _expected(judge: Judge, span: Span, endpoints: Sequence[Endpoint], places: dict[int, int]) -> list[int]:
    """For each endpoint, whom it is expected to reach; or not to, which has been judged already."""
    found = [0] * len(endpoints)
    for entry in judge.expectations:
        if not any(ports.protocol == span.protocol for ports in entry.ports):
            continue
        destinations = [
            one
            for party in entry.destinations
            for one in party.members(judge.cluster, judge.regions)
            if any(span == part for ports in entry.ports for part in judge.spans_of(ports, one))
        ]
        mask = _mask(destinations, places)
        for party in entry.sources:
            for source in party.members(judge.cluster, judge.regions):
                found[places[id(source)]] |= mask
    return found


def _merged(found: Iterable[Wrong]) -> Iterator[Wrong]:
    """Neighbouring ports as one, where all else is the same."""
    known: dict[Wrong, list[tuple[int, int]]] = {}
    for one in found:
        first, _dash, last = one.ports.partition("-")
        spans = known.setdefault(replace(one, ports=""), [])
        if spans and spans[-1][1] + 1 == int(first):
            spans[-1] = (spans[-1][0], int(last or first))
        else:
            spans.append((int(first), int(last or first)))
    for key, spans in known.items():
        for first, last in spans:
            yield replace(key, ports=str(Span(key.protocol, first, last)))
