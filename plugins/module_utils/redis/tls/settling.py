# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether nodes have found each other again after their ports changed: pure, from what they answered."""
from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..nodes import Address
from ..views import View
from .stages import Running


def unsettled(
    running: Mapping[Address, Running], views: Mapping[Address, View], replication: Mapping[Address, Mapping[str, str]]
) -> list[str]:
    """What is not yet as it shall be, as sentences.

    Args:
        running: the nodes as they run.
        views: what each sees, asked for the way that its `is_encrypted` says.
        replication: the fields of INFO replication of each.
    """
    by_id = {view.my_id: running[node] for node, view in views.items()}
    found: list[str] = []
    for node, view in views.items():
        found += _of_the_bus(running[node], view, by_id)
        found += _of_replication(running[node], view, replication[node], by_id)
    return found


def misdirected(running: Mapping[Address, Running], views: Mapping[Address, View]) -> list[str]:
    """Which nodes still send plain clients to other nodes' TLS ports, as sentences.

    Args:
        running: the nodes as they run.
        views: what the nodes show to plain clients.
    """
    ids = {view.my_id: running[node] for node, view in views.items()}
    return [
        f"{node} sends plain clients to port {seen.address.port} of {ids[seen.id].node}"
        for node, view in views.items()
        for seen in view.settled.values()
        if seen.id in ids and ids[seen.id].plain_port not in (0, seen.address.port)
    ]


def _of_the_bus(own: Running, view: View, by_id: Mapping[str, Running]) -> Iterator[str]:
    for seen in view.settled.values():
        other = by_id.get(seen.id)
        if other is None:
            continue
        if seen.id != view.my_id and ("fail" in seen.flags or "fail?" in seen.flags):
            yield f"{own.node} takes {other.node} for failed"
        elif seen.id != view.my_id and not seen.linked:
            yield f"{own.node} has no bus link to {other.node}"
        elif own.is_encrypted == other.is_encrypted and seen.address.port != other.client_port:
            yield f"{own.node} knows {other.node} by port {seen.address.port}"


def _of_replication(
    own: Running, view: View, info: Mapping[str, str], by_id: Mapping[str, Running]
) -> Iterator[str]:
    master = by_id.get(view.myself.master_id)
    if master is None:
        return
    if info.get("master_link_status") != "up":
        yield f"{own.node} has no replication link to {master.node}"
    elif int(info.get("master_port", 0)) != master.replication_port:
        yield f"{own.node} follows {master.node} on port {info.get('master_port')}"
