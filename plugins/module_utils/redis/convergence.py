# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From listed nodes and a wish to a healthy cluster: survey, plan, act, check."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from .connection import Session
from .description import describe, layout_text
from .errors import RedisFailure
from .exclusive import alone
from .forming import apply_plan, forget
from .health import check_cluster, summary
from .nodes import ListedNode
from .plan import Wish, known_ghosts, make_plan
from .problems import Expectation
from .reports import Survey
from .survey import check_announcements, survey_cluster
from .topology import read_topology

FORGET_SECONDS = 2.0


def converge(
    session: Session,
    nodes: Sequence[ListedNode],
    wish: Wish,
    deadline: float,
    check_mode: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Make the wish true until `deadline` (time.monotonic()); the module's answer.

    Raises Refused before any change, RedisFailure when the cluster is not healthy in the end.
    """
    if check_mode:
        survey = survey_cluster(session, nodes)
        plan = make_plan(check_announcements(session, survey), wish)
        before = layout_text(survey)
        found = describe(survey, Expectation(wish.replicas))
        diff = {"before": before, "after": plan.layout_after(before)}
        return {"changed": bool(plan), "plan": plan.steps(), "cluster": found, "diff": diff}
    with alone(session, nodes, deadline) as survey:
        return _converge(session, nodes, wish, check_announcements(session, survey), deadline, on_step)


def _converge(
    session: Session,
    nodes: Sequence[ListedNode],
    wish: Wish,
    survey: Survey,
    deadline: float,
    on_step: Callable[[str], None],
) -> dict[str, Any]:
    started = time.monotonic()
    expected = Expectation(wish.replicas)
    plan = make_plan(survey, wish)
    before = layout_text(survey)
    answer = {"changed": bool(plan), "plan": plan.steps()}
    if plan:
        apply_plan(session, plan, survey, deadline, on_step)
    try:
        found = wait_until_healthy(session, nodes, expected, deadline, bool(plan))
    except RedisFailure as failure:
        done = "after the plan was carried out" if plan else "and nothing in it can be put right by forming"
        message = f"The cluster is not healthy {done}: {summary(failure.details)}"
        raise RedisFailure(message, cluster=failure.details, **answer) from failure
    found.pop("elapsed_ms")
    after = layout_text(survey_cluster(session, nodes)) if plan else before
    elapsed = round((time.monotonic() - started) * 1000, 1)
    return {**answer, "cluster": found, "diff": {"before": before, "after": after}, "elapsed_ms": elapsed}


def wait_until_healthy(
    session: Session, nodes: Sequence[ListedNode], expected: Expectation, deadline: float, acting: bool
) -> dict[str, Any]:
    """As check_cluster. While we act, ghosts that gossip brought to a new node are forgotten once more."""
    while True:
        try:
            turn = min(deadline, time.monotonic() + FORGET_SECONDS) if acting else deadline
            return check_cluster(session, nodes, expected, "healthy", turn)
        except RedisFailure:
            if time.monotonic() >= deadline:
                raise
        forget(session, known_ghosts(read_topology(survey_cluster(session, nodes))))
