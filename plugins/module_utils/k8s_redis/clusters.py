# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Forms and checks a cluster of pods: waits for the pods, and leaves the rest to what does it on hosts."""
from __future__ import annotations

import time
from typing import Any

from ..redis.connection import Session
from ..redis.convergence import converge
from ..redis.errors import RedisFailure, Refused
from ..redis.health import CONDITIONS, check_cluster, summary
from ..redis.plan import Wish
from ..redis.problems import Expectation
from .pods import Pods

# Each look is a question to the API, and to every pod that runs.
POLL_SECONDS = 0.25


def form(pods: Pods, session: Session, wish: Wish, deadline: float, check_mode: bool) -> dict[str, Any]:
    """As convergence.converge, as soon as all pods are there and answer.

    Raises Refused when they are not until `deadline` (time.monotonic()). In check mode nothing is waited for, as what
    would make the pods has not been done either.
    """
    absent = _wait(pods, session, time.monotonic() if check_mode else deadline)
    if absent and check_mode:
        return _unformed(pods, absent)
    try:
        if absent:
            raise Refused(absent)
        answer = converge(session, pods.nodes, wish, deadline, check_mode)
    except RedisFailure as failure:
        failure.details["pods"] = pods.rows()
        raise
    _name_pods(answer["cluster"], pods)
    return {**answer, "pods": pods.rows(), "missing": []}


def _wait(pods: Pods, session: Session, deadline: float) -> list[dict[str, str]]:
    """What is missing at the deadline; nothing, as soon as nothing is."""
    while True:
        absent = pods.look() or pods.silent(session)
        if not absent or time.monotonic() >= deadline:
            return absent
        time.sleep(POLL_SECONDS)


def _unformed(pods: Pods, absent: list[dict[str, str]]) -> dict[str, Any]:
    """The answer in check mode where the pods, or some of them, are not there."""
    why = "; ".join(f"{one['node']}: {one['reason']}" if one["node"] else one["reason"] for one in absent)
    statement = f"No plan can be made before {pods.size} pods with {pods.label_selector} are there and answer: {why}"
    after = f"+ {pods.size} pods with {pods.label_selector} are one cluster, as soon as they are there and answer\n"
    return {
        "changed": True,
        "msg": statement,
        "plan": [],
        "cluster": {},
        "pods": pods.rows(),
        "missing": absent,
        "diff": {"before": "", "after": after},
    }


def check(
    pods: Pods, session: Session, expected: Expectation, wait_for: str | None, deadline: float
) -> dict[str, Any]:
    """As health.check_cluster, with a problem for every pod that is missing."""
    while True:
        absent = pods.look()
        found = check_cluster(session, pods.nodes, expected)
        _name_pods(found, pods)
        found.update(pods=pods.rows())
        found["problems"] = [_problem(one) for one in absent] + found["problems"]
        found["healthy"] = found["healthy"] and not absent
        if CONDITIONS[wait_for](found) and not (absent and wait_for == "reachable"):
            return found
        if time.monotonic() >= deadline:
            raise RedisFailure(f"The cluster is not {wait_for}: {summary(found)}", **found)
        time.sleep(POLL_SECONDS)


def _problem(absent: dict[str, str]) -> dict[str, Any]:
    message = " ".join(filter(None, [absent["node"], absent["reason"]]))
    return {"code": "pod_missing", "severity": "error", "message": message, "nodes": [], "slots": ""}


def _name_pods(found: dict[str, Any], pods: Pods) -> None:
    for row in found["nodes"]:
        row["pod"] = pods.name(row["host"])
