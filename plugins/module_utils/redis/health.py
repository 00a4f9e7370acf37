# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks a cluster, once or until it is as it should be."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from .connection import Session
from .description import describe
from .errors import RedisFailure
from .nodes import ListedNode
from .problems import Expectation
from .survey import survey_cluster

POLL_SECONDS = 0.05

# What `wait_for` waits for, as a question to a description of the cluster.
CONDITIONS: dict[str | None, Callable[[dict[str, Any]], bool]] = {
    None: lambda found: True,
    "reachable": lambda found: not any(p["code"] in UNANSWERED for p in found["problems"]),
    "covered": lambda found: found["state"] == "ok" and not (found["slots"]["uncovered"] or found["slots"]["unserved"]),
    "healthy": lambda found: found["healthy"],
}

UNANSWERED = {"node_unreachable", "node_loading", "node_login_refused", "node_not_clustered", "node_protected"}


def check_cluster(
    session: Session,
    nodes: Sequence[ListedNode],
    expected: Expectation,
    wait_for: str | None = None,
    deadline: float = 0.0,
) -> dict[str, Any]:
    """Describe the cluster as soon as the condition `wait_for` holds.

    Raises RedisFailure, with the last description, when `deadline` (time.monotonic()) comes first.
    """
    while True:
        started = time.monotonic()
        found = describe(survey_cluster(session, nodes), expected)
        found["elapsed_ms"] = round((time.monotonic() - started) * 1000, 1)
        if CONDITIONS[wait_for](found):
            return found
        if time.monotonic() >= deadline:
            raise RedisFailure(f"The cluster is not {wait_for}: {summary(found)}", **found)
        time.sleep(POLL_SECONDS)


def summary(found: dict[str, Any]) -> str:
    """The errors of a description in one sentence; all problems when there is no error."""
    errors = [problem["message"] for problem in found["problems"] if problem["severity"] == "error"]
    messages = errors or [problem["message"] for problem in found["problems"]]
    return "; ".join(messages) or "no problem was found"
