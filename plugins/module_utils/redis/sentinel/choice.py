# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who takes the master's place when an operator asks for it, and why nobody must."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Refused
from ..nodes import Address
from .reports import DataNode, GroupSurvey, SentinelReport, Watched

# guarded: this module holds writes back while the Sentinels fail over. coordinated: the servers do it themselves
# (Valkey 9). awaited: there is no living master to hold back.
GUARDED, COORDINATED, AWAITED = "guarded", "coordinated", "awaited"


@dataclass(frozen=True)
class Order:
    """What the user asked for.

    Args:
        name: of the group.
        to: the replica to promote; Sentinels choose when it is not given.
        force: go on without a quorum, and with replicas that lag.
        max_lag: seconds since the master last heard from a replica that counts as in sync.
        demote: the node that shall not be the master; whoever is when it is not given.
    """

    name: str
    to: Address | None = None
    force: bool = False
    max_lag: int = 10
    demote: Address | None = None


@dataclass(frozen=True)
class Handover:
    """A failover that may be asked for: of `asked`, the Sentinel that leads it.

    `heirs` are the replicas of which Sentinels promote one, `priorities` (address to replica-priority) what must be
    set for a time so that it is the wanted one, `usual` what is to be given back.
    """

    name: str
    master: Address
    asked: Address
    heirs: tuple[Address, ...]
    followers: tuple[Address, ...]
    engine: str
    priorities: dict[Address, int] = field(default_factory=dict)
    usual: dict[Address, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "old_master": str(self.master),
            "new_master": str(self.heirs[0]) if self.heirs else None,
            "engine": self.engine,
        }


def choose_handover(survey: GroupSurvey, order: Order) -> Handover | None:
    """The failover that fulfils the order, None when it is fulfilled. Raises Refused with all reasons."""
    watchers = survey.watchers(order.name)
    if not watchers:
        raise Refused([_reason("", f"no Sentinel that answers watches {order.name}")])
    told = survey.masters_told(order.name)
    master = survey.nodes[told[0]]
    reasons = [] if order.force else list(_disorder(survey, order, told))
    if order.to == master.address and master.is_master and len(told) == 1:
        return None
    if order.demote not in (None, master.address) and not reasons:
        return None
    reasons += [
        _reason(node.name, "runs in cluster mode, which Sentinel cannot fail over")
        for node in (survey.nodes[address] for address in survey.members(order.name))
        if node.is_clustered
    ]
    asked, watched = _leader(watchers)
    fit = [node for node in _replicas(survey, watched) if not any(_objections(node, master, watched, order))]
    if order.to and order.to not in {node.address for node in fit}:
        reasons += [_reason(str(order.to), text) for text in _why_not(survey, master, watched, order)]
    elif not fit:
        reasons.append(_reason(master.name, _nobody_fit(survey, master, watched, order)))
    if reasons:
        raise Refused(reasons)
    changes = _priorities(fit, order.to) if order.to else {}
    best = min(changes.get(node.address, node.priority) for node in fit)
    heirs = [node for node in fit if changes.get(node.address, node.priority) == best]
    return Handover(
        order.name,
        master.address,
        asked.address,
        tuple(node.address for node in sorted(heirs, key=lambda n: n.info.get("run_id", ""))),
        tuple(node.address for node in survey.working_replicas(order.name, master.address)),
        _engine(survey, watchers, order.name) if master.alive else AWAITED,
        changes,
        {node.address: node.priority for node in fit if node.address in changes},
    )


def _reason(node: str, reason: str) -> dict[str, str]:
    return {"node": node, "reason": reason}


def _leader(watchers: Sequence[tuple[SentinelReport, Watched]]) -> tuple[SentinelReport, Watched]:
    """The Sentinel to ask: one that reaches a quorum and trusts its clock, if there is one.

    Of several it is the last that the user lists. Some clients (redis-py) ask SENTINEL MASTERS, where the leader of a
    failover names the old master a second longer than the other Sentinels do; and they ask the first one first.
    """
    return min(reversed(watchers), key=lambda pair: (bool(pair[1].quorum_trouble), pair[0].is_tilted))


def _disorder(survey: GroupSurvey, order: Order, told: Sequence[Address]) -> Iterator[dict[str, str]]:
    """Why no failover must be asked for at all now."""
    watchers = survey.watchers(order.name)
    if all(watched.quorum_trouble for _sentinel, watched in watchers):
        yield _reason(watchers[0][0].name, f"has no quorum: {watchers[0][1].quorum_trouble}")
    if len(told) > 1:
        yield _reason("", f"Sentinels tell clients of different masters: {', '.join(map(str, told))}")
    if any(watched.is_failing_over for _sentinel, watched in watchers) and survey.nodes[told[0]].alive:
        yield _reason("", "a failover is in progress already")
    master = survey.nodes[told[0]]
    if master.alive and not master.is_master:
        yield _reason(master.name, f"is no master: it follows {master.follows}")


def _replicas(survey: GroupSurvey, watched: Watched) -> list[DataNode]:
    """What the Sentinel can choose from."""
    return [survey.nodes[replica.address] for replica in watched.replicas]


def _objections(node: DataNode, master: DataNode, watched: Watched, order: Order) -> Iterator[str]:
    """Why a replica must not take its master's place."""
    if node.trouble:
        yield node.trouble.reason
        return
    if any(replica.is_down for replica in watched.replicas if replica.address == node.address):
        yield "is down in the eyes of the Sentinel"
    if node.priority == 0 and order.to != node.address:
        yield "has replica-priority 0"
    if node.follows != master.address:
        yield f"does not follow {master.name}"
    elif master.alive and not order.force:
        yield from _unsynced(node, master, order.max_lag)


def _unsynced(node: DataNode, master: DataNode, max_lag: int) -> Iterator[str]:
    lag = master.replica_lags().get(node.address)
    if not node.link_up:
        yield f"is not in sync: it has no replication link to {master.name}"
    elif lag is not None and lag > max_lag:
        yield f"is not in sync: {master.name} heard from it {lag} s ago"


def _why_not(survey: GroupSurvey, master: DataNode, watched: Watched, order: Order) -> list[str]:
    node = survey.nodes.get(order.to) if order.to in {replica.address for replica in watched.replicas} else None
    return list(_objections(node, master, watched, order)) if node else [f"is no replica of {order.name}"]


def _nobody_fit(survey: GroupSurvey, master: DataNode, watched: Watched, order: Order) -> str:
    nodes = _replicas(survey, watched)
    reasons = [f"{node.name} {text}" for node in nodes for text in _objections(node, master, watched, order)]
    return f"has no replica that could take its place ({'; '.join(reasons) or 'there is none'})"


def _priorities(fit: Sequence[DataNode], to: Address) -> dict[Address, int]:
    """The priorities to set so that `to` has the lowest, with the fewest changes."""
    lowest = min((node.priority for node in fit if node.address != to), default=0)
    own = next(node.priority for node in fit if node.address == to)
    if own and (not lowest or own < lowest):
        return {}
    if lowest != 1:
        return {to: 1}
    return {node.address: 1 if node.address == to else 2 for node in fit if node.address == to or node.priority == 1}


def _engine(survey: GroupSurvey, watchers: Sequence[tuple[SentinelReport, Watched]], name: str) -> str:
    versions = [sentinel.info.get("valkey_version", "") for sentinel, _watched in watchers]
    versions += [n.info.get("valkey_version", "") for n in map(survey.nodes.get, survey.members(name)) if n and n.alive]
    majors = [int((re.match(r"\d+", version) or ["0"])[0]) for version in versions]
    return COORDINATED if min(majors) >= 9 else GUARDED
