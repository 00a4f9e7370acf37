# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A survey of Sentinels and their groups as plain data, for modules to return."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problems import ERROR
from .problems import Case, Expectation, find_problems
from .reports import DataNode, GroupSurvey, SentinelReport


def describe(
    survey: GroupSurvey, names: Sequence[str] | None = None, expected: Expectation = Expectation()
) -> dict[str, Any]:
    """The answer of redis_sentinel_info, without the time it took."""
    problems = find_problems(survey, names, expected)
    shown = survey.names if names is None else [name for name in names if survey.watchers(name)]
    return {
        "healthy": all(problem.severity != ERROR for problem in problems),
        "problems": [problem.as_dict() for problem in problems],
        "sentinels": [_sentinel(sentinel) for sentinel in survey.sentinels],
        "monitors": [_monitor(Case(survey, name, expected)) for name in shown],
    }


def group_text(survey: GroupSurvey, names: Sequence[str]) -> str:
    """Who is the master and who follows whom, a line each: for a diff."""
    lines = []
    for name in names:
        case = Case(survey, name, Expectation())
        lines.append(f"{name}: master {case.master or 'unknown'}\n")
        addresses = survey.members(name) if case.watchers else sorted(survey.listed)
        for node in (survey.nodes[a] for a in addresses if a != case.master):
            lines.append(f"{name}: {node.name} {_role_text(node)}\n")
    return "".join(lines)


def _role_text(node: DataNode) -> str:
    if not node.alive:
        return "does not answer"
    return f"follows {node.follows}" if node.follows else "follows nobody"


def _sentinel(sentinel: SentinelReport) -> dict[str, Any]:
    return {
        "address": sentinel.name,
        "id": sentinel.id,
        "alive": sentinel.trouble is None,
        "tilt": sentinel.is_tilted,
        "masters": {name: str(watched.address) for name, watched in sorted(sentinel.watched.items())},
        "quorum_reachable": {name: not watched.quorum_trouble for name, watched in sorted(sentinel.watched.items())},
    }


def _monitor(case: Case) -> dict[str, Any]:
    watched = [watched for _sentinel, watched in case.watchers]
    first = watched[0]
    master = case.master_node
    return {
        "name": case.name,
        "master": str(case.master),
        "agree": len(case.survey.masters_told(case.name)) == 1,
        "quorum": int(first.fields.get("quorum", 0)),
        "quorum_reachable": all(not w.quorum_trouble for w in watched),
        "epoch": max(w.epoch for w in watched),
        "failover_in_progress": any(w.is_failing_over for w in watched),
        "subjectively_down": any("s_down" in w.flags for w in watched),
        "objectively_down": any("o_down" in w.flags for w in watched),
        "sentinels": [sentinel.name for sentinel, _watched in case.watchers],
        "nodes": [_node(case, node) for node in ([master] if master else []) + case.others],
    }


def _node(case: Case, node: DataNode) -> dict[str, Any]:
    master = case.master_node
    answer: dict[str, Any] = {
        "address": node.name,
        "role": ("replica" if node.follows else "master") if node.alive else None,
        "alive": node.alive,
        "version": node.version if node.alive else None,
        "key_count": node.keys if node.alive else None,
        "memory_bytes": node.memory if node.alive else None,
        "priority": node.priority if node.alive else None,
    }
    if node.follows:
        behind = master.offset - node.offset if master and master.alive and node.follows == master.address else None
        answer["master"] = str(node.follows)
        answer["link_up"] = node.link_up
        answer["lag_seconds"] = master.replica_lags().get(node.address) if master and master.alive else None
        answer["lag_bytes"] = None if behind is None else max(0, behind)
    return answer
