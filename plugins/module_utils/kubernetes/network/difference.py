# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What another set of policies changes: which are edited, extra or missing, and which flows they open and close."""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Optional

from .endpoints import Cluster, Endpoint
from .evaluation import Evaluator, Half, Verdict
from .matrix import Matrix, bits
from .policies import Policy
from .selection import Probe, Selection
from .spans import Span, outside_regions, port_spans


@dataclass(frozen=True)
class Change:
    """A flow that is opened or closed, from each of the sources to each of the destinations, and why it now is.

    `policies` are those that decide now; `causes` those of them, or of those that decided before, that were changed.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    span: Span
    family: Optional[int]
    reason: str
    policies: tuple[str, ...]
    causes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {
            "sources": list(self.sources),
            "destinations": list(self.destinations),
            "protocol": self.span.protocol,
            "ports": str(self.span),
            "family": self.family,
            "reason": self.reason,
            "policies": list(self.policies),
            "causes": list(self.causes),
        }


@dataclass(frozen=True)
class Difference:
    """`edited`, `extra` and `missing` are policies of the other set, by namespace and name."""

    edited: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    opened: tuple[Change, ...] = ()
    closed: tuple[Change, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {
            "edited": list(self.edited),
            "extra": list(self.extra),
            "missing": list(self.missing),
            "opened": [change.plain() for change in self.opened],
            "closed": [change.plain() for change in self.closed],
        }


def compare(wanted: Iterable[Policy], found: Iterable[Policy], cluster: Cluster) -> Difference:
    """How `found` differs from `wanted`: every port of every protocol, between the cluster and the world as well."""
    wanted, found = tuple(wanted), tuple(found)
    named = [{str(policy): policy.normal for policy in policies} for policies in (wanted, found)]
    both = [name for name in named[0] if name in named[1]]
    edited = sorted(name for name in both if named[0][name] != named[1][name])
    extra = sorted(named[1].keys() - named[0].keys())
    missing = sorted(named[0].keys() - named[1].keys())
    changed = {*edited, *extra, *missing}
    opened, closed = _flows(wanted, found, cluster, changed) if changed else ((), ())
    return Difference(tuple(edited), tuple(extra), tuple(missing), opened, closed)


def _flows(
    wanted: Sequence[Policy], found: Sequence[Policy], cluster: Cluster, changed: Set[str]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    every = (*wanted, *found)
    # Pods that neither set tells apart are looked at once.
    alike = _alike(cluster, every)
    endpoints = (*alike, *outside_regions(every))
    whole = replace(cluster, endpoints=endpoints)
    # Why a flow was denied that now is not is of no interest.
    matrices = [Matrix(Evaluator(wanted, whole, explain=False)), Matrix(Evaluator(found, whole))]
    opened: list[Change] = []
    closed: list[Change] = []
    for family in matrices[0].families:
        for span in port_spans(every, endpoints):
            probe = Probe(span.first, span.protocol, family)
            before, after = (matrix.rows(probe) for matrix in matrices)
            for index, source in enumerate(endpoints):
                for changes, mask in ((opened, after[index] & ~before[index]), (closed, before[index] & ~after[index])):
                    for destination in (endpoints[place] for place in bits(mask)):
                        names = (alike.get(end, (str(end),)) for end in (source, destination))
                        verdicts = (matrix.evaluator.verdict(source, destination, *probe) for matrix in matrices)
                        changes.append(_change(*names, span, family, *verdicts, changed))
    return tuple(_merged(opened)), tuple(_merged(closed))


def _alike(cluster: Cluster, policies: Sequence[Policy]) -> dict[Endpoint, tuple[str, ...]]:
    """An endpoint for each kind of pods that policies tell apart, and every other one, with the names of all."""
    selection = Selection(policies, cluster)
    groups: dict[Hashable, list[Endpoint]] = {}
    for endpoint in cluster.endpoints:
        key = selection.kind(endpoint) if endpoint.policed else str(endpoint)
        groups.setdefault(key, []).append(endpoint)
    found = {}
    for members in groups.values():
        first = members[0]
        if len(members) > 1:
            # Where one of them runs says nothing about the others, and they talk to each other.
            first = replace(first, node="", several=True)
        found[first] = tuple(map(str, members))
    return found


def _change(
    sources: tuple[str, ...],
    destinations: tuple[str, ...],
    span: Span,
    family: Optional[int],
    before: Verdict,
    after: Verdict,
    changed: Set[str],
) -> Change:
    halves = list(_changed_halves(before, after))
    reason = "; ".join(now.reason for _was, now in halves)
    policies = dict.fromkeys(name for _was, now in halves for name in now.policies)
    causes = dict.fromkeys(name for pair in halves for half in pair for name in half.policies if name in changed)
    return Change(sources, destinations, span, family, reason, tuple(policies), tuple(causes))


def _changed_halves(before: Verdict, after: Verdict) -> Iterator[tuple[Half, Half]]:
    for one, other in ((before.egress, after.egress), (before.ingress, after.ingress)):
        if one.allowed != other.allowed:
            yield one, other


def _merged(changes: Sequence[Change]) -> list[Change]:
    """Neighbouring spans of ports as one, where all else is the same."""
    known: dict[tuple[Any, ...], list[Span]] = {}
    for change in changes:
        key = (change.sources, change.destinations, change.span.protocol, *_told(change))
        spans = known.setdefault(key, [])
        if spans and spans[-1].last + 1 == change.span.first:
            spans[-1] = replace(spans[-1], last=change.span.last)
        else:
            spans.append(change.span)
    return [Change(key[0], key[1], span, *key[3:]) for key, spans in known.items() for span in spans]


def _told(change: Change) -> tuple[Any, ...]:
    return change.family, change.reason, change.policies, change.causes
