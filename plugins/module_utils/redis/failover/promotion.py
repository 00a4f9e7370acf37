# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promotes replicas of a cluster, and waits until every node agrees and every replica is in sync again.

A server's "+OK" to CLUSTER FAILOVER only says that it will try (Redis documentation of the command): what
became of it is asked of the nodes.
"""
from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ..agreement import POLL_SECONDS, dissenters
from ..connection import Session, first_error
from ..description import layout_text
from ..errors import RedisFailure
from ..exclusive import alone
from ..nodes import Address, ListedNode
from ..reports import Survey, parse_info
from ..survey import survey_cluster
from ..views import View, parse_view
from .choice import GRACEFUL, Order, Promotion, choose_promotions

# A handing over that does not succeed is given up by the servers after 5 s (CLUSTER_MF_TIMEOUT), and a vote after
# two node timeouts: then they may be asked again.
RETRY_SECONDS = 6.0


def fail_over(
    session: Session, nodes: Sequence[ListedNode], order: Order, deadline: float, check_mode: bool = False
) -> dict[str, Any]:
    """Carry out the order until `deadline` (time.monotonic()), one shard after the other; the module's answer.

    Raises Refused before any change, RedisFailure when a promotion does not come about in time.
    """
    if check_mode:
        survey = survey_cluster(session, nodes)
        planned = [promotion.as_dict() for promotion in choose_promotions(survey, order)]
        before = layout_text(survey)
        after = before + "".join(f"+ {p['new_master']} takes the place of {p['old_master']}\n" for p in planned)
        return {"changed": bool(planned), "failovers": planned, "diff": {"before": before, "after": after}}
    with alone(session, nodes, deadline) as survey:
        done = _promote_all(session, survey, order, deadline)
        before = layout_text(survey)
        after = layout_text(survey_cluster(session, nodes)) if done else before
        return {"changed": bool(done), "failovers": done, "diff": {"before": before, "after": after}}


def _promote_all(session: Session, survey: Survey, order: Order, deadline: float) -> list[dict[str, Any]]:
    witnesses = [report.address for report in survey.answering]
    done: list[dict[str, Any]] = []
    for promotion in choose_promotions(survey, order):
        try:
            done.append({**promotion.as_dict(), **_promote(session, promotion, witnesses, order.mode, deadline)})
        except RedisFailure as failure:
            raise RedisFailure(failure.message, changed=bool(done), failovers=done) from failure
    return done


def _promote(
    session: Session, promotion: Promotion, witnesses: Sequence[Address], mode: str, deadline: float
) -> dict[str, float]:
    """Milliseconds from the command until the replica was master, all nodes knew, and replicas were in sync."""
    replica, master = promotion.replica, promotion.master
    started = time.monotonic()
    command = ("CLUSTER", "FAILOVER") if mode == GRACEFUL else ("CLUSTER", "FAILOVER", mode.upper())

    def elapsed() -> float:
        return round((time.monotonic() - started) * 1000, 1)

    while True:
        error = first_error(session.ask({replica.address: [command]})[replica.address])
        turn = min(deadline, time.monotonic() + RETRY_SECONDS)
        if not dissenters(session, [replica.address], lambda view: bool(view.myself.slots), turn):
            break
        if time.monotonic() >= deadline:
            raise RedisFailure(f"{replica.name} did not become master in place of {master.name}: {error or 'no answer'}")
    promoted = elapsed()
    everyone = [address for address in witnesses if address != master.address or master.alive]
    if dissenters(session, everyone, lambda view: _agrees(view, promotion), deadline):
        raise RedisFailure(f"{replica.name} is master in place of {master.name}, but not all nodes agree")
    agreed = elapsed()
    if not _replicas_synced(session, everyone, replica.id, deadline):
        raise RedisFailure(f"{replica.name} is master in place of {master.name}, but not all replicas are in sync")
    return {"promoted_ms": promoted, "agreed_ms": agreed, "synced_ms": elapsed()}


def _agrees(view: View, promotion: Promotion) -> bool:
    new, old = view.nodes.get(promotion.replica.id), view.nodes.get(promotion.master.id)
    follows = old is None or not promotion.master.alive or old.master_id == promotion.replica.id
    return new is not None and new.slots >= promotion.master.slots and follows


def _replicas_synced(session: Session, addresses: Sequence[Address], master_id: str, deadline: float) -> bool:
    """Whether the replicas of a master come to have a replication link until the deadline."""
    while True:
        answers = session.ask_all(addresses, ("CLUSTER", "NODES"), ("INFO", "replication"))
        own = [answer for answer in answers.values() if not first_error(answer)]
        links = [
            parse_info(info).get("master_link_status")
            for view, info in own
            if parse_view(view).myself.master_id == master_id
        ]
        if all(link == "up" for link in links):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
