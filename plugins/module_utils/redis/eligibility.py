# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which listed nodes must not be touched, and why: asked before any plan is made."""
from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from .reports import Report, Survey
from .slots import format_slots
from .topology import components


def find_refusals(survey: Survey) -> list[dict[str, str]]:
    """Reasons, as {node, reason}, not to change anything; none for a set of nodes that fits together."""
    silent = [_refusal(r, r.trouble.reason) for r in survey.reports if r.listed and not r.view]
    if silent:
        return silent
    listed = [report for report in survey.answering if report.listed]
    return [
        *_doubles(listed),
        *_mixed_loopback(listed),
        *_misannounced(listed),
        *_foreign(survey, listed),
    ]


def _refusal(report: Report, reason: str) -> dict[str, str]:
    return {"node": str(report.address), "reason": reason}


def _doubles(listed: Iterable[Report]) -> Iterator[dict[str, str]]:
    first: dict[str, Report] = {}
    for report in listed:
        other = first.setdefault(report.id, report)
        if other is not report:
            yield _refusal(report, f"has the node id of {other.address}: the same node under two names, or a copy")


def _mixed_loopback(listed: list[Report]) -> Iterator[dict[str, str]]:
    """A node met at a loopback address is told to the others under it: only this machine finds it."""
    local = [report for report in listed if _is_loopback(report.address.host)]
    if len(local) < len(listed):
        for report in local:
            yield _refusal(report, "is listed with a loopback address, which the nodes of other hosts cannot reach")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _misannounced(listed: Iterable[Report]) -> Iterator[dict[str, str]]:
    for report in listed:
        if report.unreachable_announcement:
            yield _refusal(report, report.unreachable_announcement)


def _foreign(survey: Survey, listed: list[Report]) -> Iterator[dict[str, str]]:
    """Nodes that hold keys outside the cluster, and nodes of a cluster that is not ours.

    Ours is the cluster of several nodes that has most of the listed ones, if they are the majority of its
    nodes alive. Other listed nodes may be alone, or be parts of a forming that was cut off: without
    keys, with no node beside the listed ones, and with no slot of another part.
    """
    by_id = survey.by_id
    clusters = [ids for ids in components(survey) if any(by_id[id].listed for id in ids if id in by_id)]
    several = [ids for ids in clusters if len(ids) > 1]
    ours = max(several, key=lambda ids: sum(by_id[id].listed for id in ids if id in by_id), default=set())
    claimed = _slots(by_id[id] for id in ours if id in by_id)
    for ids in sorted(clusters, key=lambda ids: ids is not ours):
        reports = [by_id[id] for id in sorted(ids) if id in by_id]
        inside, outside = [r for r in reports if r.listed], [r for r in reports if not r.listed]
        if ids is ours:
            if len(outside) > len(inside):
                yield from _others(inside, outside)
            continue
        if len(ids) == 1:
            if reports[0].keys and (ours or len(listed) > 1):
                yield _refusal(reports[0], f"holds {reports[0].keys} keys")
            continue
        overlap = claimed & _slots(reports)
        if outside or len(inside) < len(ids) or overlap or any(report.keys for report in reports):
            yield from _others(inside, [r for r in reports if r not in inside], overlap)
        claimed |= _slots(reports)


def _slots(reports: Iterable[Report]) -> set[int]:
    return set().union(*(report.view.myself.slots for report in reports))


def _others(inside: list[Report], outside: list[Report], overlap: Iterable[int] = ()) -> Iterator[dict[str, str]]:
    beside = [str(report.address) for report in outside[:3]] or [str(report.address) for report in inside]
    what = f", and owns slots {format_slots(overlap)} of this one" if overlap else ""
    for report in inside:
        with_whom = ", ".join(name for name in beside if name != str(report.address))
        yield _refusal(report, f"belongs to another cluster, with {with_whom or 'nodes that do not answer'}{what}")
