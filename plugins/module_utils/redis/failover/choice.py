# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which replica takes which master's place, and why another must not."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import Refused
from ..reports import Survey
from ..slots import format_slots
from ..sync import sync_objection
from ..topology import Node, Shard, Topology, read_topology

GRACEFUL, FORCE, TAKEOVER = "graceful", "force", "takeover"
MODES = (GRACEFUL, FORCE, TAKEOVER)


@dataclass(frozen=True)
class Promotion:
    """A replica that shall be the master of its shard."""

    replica: Node
    master: Node

    def as_dict(self) -> dict[str, str]:
        return {
            "slots": format_slots(self.master.slots),
            "old_master": self.master.name,
            "new_master": self.replica.name,
        }


@dataclass(frozen=True)
class Order:
    """What the user asked for: replicas to promote, or nodes and hosts that shall have no master.

    Args:
        promote: nodes as "host:port".
        demote: nodes as "host:port", or hosts, for all of their nodes.
        mode: "graceful" (the old master hands over), "force" (it need not live), "takeover" (nor need the others vote).
        max_lag: seconds since its master last heard from a replica that counts as in sync.
    """

    promote: tuple[str, ...] = ()
    demote: tuple[str, ...] = ()
    mode: str = GRACEFUL
    max_lag: int = 10


def choose_promotions(survey: Survey, order: Order) -> list[Promotion]:
    """The promotions that fulfil the order, none for what is so already. Raises Refused with all reasons."""
    topology = read_topology(survey)
    reasons = _votes_missing(topology) if order.mode != TAKEOVER else []
    chosen: list[Promotion] = []
    for name in order.promote:
        node = _find(topology, name)
        if node is None:
            reasons.append(_reason(name, "is no node of this cluster"))
        elif node.is_replica:
            master = topology.nodes.get(node.master_id)
            found = list(_objections(topology, node, master, order))
            reasons += [_reason(name, objection) for objection in found]
            chosen += [] if found else [Promotion(node, master)]
    leaving = set()
    for name in order.demote:
        nodes = [node for node in topology.nodes.values() if name in (node.name, node.address.host)]
        leaving |= {node.id for node in nodes}
        if not nodes:
            reasons.append(_reason(name, "is neither a node of this cluster nor a host that has one"))
    for shard in topology.shards:
        if shard.master.id in leaving:
            candidates = [replica for replica in shard.replicas if replica.id not in leaving]
            fit = [r for r in candidates if not any(_objections(topology, r, shard.master, order))]
            if fit:
                chosen.append(Promotion(_best(fit, topology, chosen), shard.master))
            else:
                reasons.append(_reason(shard.master.name, _nobody_fit(topology, shard, candidates, order)))
    twice = [id for id, count in Counter(promotion.master.id for promotion in chosen).items() if count > 1]
    reasons += [_reason(topology.name(id), "cannot be followed by two masters at once") for id in twice]
    if reasons:
        raise Refused(reasons)
    return chosen


def _reason(node: str, reason: str) -> dict[str, str]:
    return {"node": node, "reason": reason}


def _find(topology: Topology, name: str) -> Node | None:
    return next((node for node in topology.nodes.values() if node.name == name), None)


def _votes_missing(topology: Topology) -> list[dict[str, str]]:
    """Without most of the masters nobody is elected."""
    masters = [shard.master for shard in topology.shards]
    alive = [master for master in masters if master.alive]
    if 2 * len(alive) > len(masters):
        return []
    reason = f"only {len(alive)} of {len(masters)} masters answer, and most of them must vote; mode=takeover needs no vote"
    return [_reason("", reason)]


def _objections(topology: Topology, replica: Node, master: Node | None, order: Order) -> Iterator[str]:
    """Why a replica must not take its master's place in this mode."""
    if not replica.alive:
        yield "does not answer"
        return
    if master is None or master.is_replica or not master.slots:
        yield "follows no master that owns slots"
        return
    strange = [node.name for node in _members(topology) if not _is_seen(node, replica, master)]
    if strange and order.mode != TAKEOVER:
        yield f"is not known as a replica of {master.name} to {', '.join(strange)}"
    if order.mode == GRACEFUL:
        yield from _unsynced(topology, replica, master, order.max_lag)


def _unsynced(topology: Topology, replica: Node, master: Node, max_lag: int) -> Iterator[str]:
    if not master.alive:
        yield f"cannot be handed over to: its master {master.name} does not answer; mode=force does not ask it"
        return
    objection = sync_objection(topology, replica, max_lag)
    if objection:
        yield objection


def _members(topology: Topology) -> Iterable[Node]:
    return (node for node in topology.nodes.values() if node.report)


def _is_seen(witness: Node, replica: Node, master: Node) -> bool:
    seen = witness.report.view.settled.get(replica.id)
    return seen is not None and seen.master_id == master.id


def _best(fit: Sequence[Node], topology: Topology, chosen: Sequence[Promotion]) -> Node:
    """The replica whose host has the fewest masters then; among equals the one that read most."""
    demoted = {promotion.master.id for promotion in chosen}
    hosts = Counter(shard.master.address.host for shard in topology.shards if shard.master.id not in demoted)
    hosts.update(promotion.replica.address.host for promotion in chosen)
    return min(fit, key=lambda node: (hosts[node.address.host], topology.lag_bytes(node) or 0, node.address))


def _nobody_fit(topology: Topology, shard: Shard, candidates: Sequence[Node], order: Order) -> str:
    reasons = [f"{r.name} {text}" for r in candidates for text in _objections(topology, r, shard.master, order)]
    return f"has no replica that could take its place ({'; '.join(reasons) or 'there is none elsewhere'})"
