# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From which node of each shard a backup is taken, and why a cluster cannot be backed up or restored into."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Refused
from ..slots import format_slots
from ..sync import sync_objection
from ..topology import Node, Shard, Topology

REPLICA, PREFER_REPLICA, MASTER = "replica", "prefer_replica", "master"
SOURCES = (REPLICA, PREFER_REPLICA, MASTER)


@dataclass(frozen=True)
class Source:
    """The node that a shard's snapshot is taken from; the master itself where there is no choice."""

    shard: Shard
    node: Node

    @property
    def master(self) -> Node:
        return self.shard.master

    def as_dict(self) -> dict[str, str]:
        return {"slots": format_slots(self.master.slots), "master": self.master.name, "source": self.node.name}


def choose_sources(topology: Topology, source: str, max_lag: int) -> list[Source]:
    """One node a shard, each on the host that has the fewest sources and then masters so far. Raises Refused."""
    reasons = list(slot_refusals(topology))
    busy = Counter(shard.master.address.host for shard in topology.shards)
    chosen: list[Source] = []
    for shard in topology.shards if not reasons else ():
        objections = [(replica, _objection(topology, replica, max_lag)) for replica in shard.replicas]
        fit = [replica for replica, objection in objections if not objection]
        if source == MASTER or (source == PREFER_REPLICA and not fit):
            fit = [shard.master]
        if fit:
            node = min(fit, key=lambda node: (busy[node.address.host], topology.lag_bytes(node) or 0, node.address))
            busy[node.address.host] += len(topology.shards)
            chosen.append(Source(shard, node))
        else:
            known = "; ".join(f"{replica.name} {text}" for replica, text in objections) or "there is none"
            reason = f"has no replica to take the backup from ({known}); source=prefer_replica takes it from the master"
            reasons.append({"node": shard.master.name, "reason": reason})
    if reasons:
        raise Refused(reasons)
    return chosen


def slot_refusals(topology: Topology) -> Iterator[dict[str, str]]:
    """Slots without one owner that serves them: their keys are nowhere, or in two places."""
    reports = [node.report for node in topology.nodes.values() if node.report]
    moving = {s for report in reports for s, _id in (*report.view.myself.migrating, *report.view.myself.importing)}
    if not topology.nodes:
        yield {"node": "", "reason": "no node of a cluster answers"}
        return
    for slots, what in (
        (topology.uncovered, "belong to no node"),
        (topology.unserved, "belong to a node that does not answer"),
        (topology.disputed, "are claimed by several nodes"),
        (moving, "are on their way to another node"),
    ):
        if slots:
            yield {"node": "", "reason": f"the slots {format_slots(slots)} {what}"}


def _objection(topology: Topology, replica: Node, max_lag: int) -> str:
    return sync_objection(topology, replica, max_lag) if replica.alive else "does not answer"
