# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the security of a namespace, in lines that people read."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Dict, List, Tuple

from .entries import COMPONENT

# What an audit can fail by. The first five are those of k8s_network_drift_info.
KINDS = ("edited", "extra", "missing", "opened", "closed", "guards", "labels", "errors", "warnings")
# Nobody can tell before the first roll-out whether there will be pods.
_YET_TO_COME = "budget_matches_nothing"


def budget_complaints(problems: Sequence[Mapping[str, Any]], guards: Sequence[Mapping[str, Any]]) -> List[str]:
    """Errors about budgets of ours, by the variable that has them."""
    own = {
        f"PodDisruptionBudget {one['metadata']['namespace']}/{one['metadata']['name']}": one["metadata"]["labels"]
        for one in guards
        if one["kind"] == "PodDisruptionBudget"
    }
    return [
        f"k8s_security_budgets.{own[name][COMPONENT]}: {one['message']}"
        for one in problems
        if one["severity"] == "error" and one["code"] != _YET_TO_COME
        for name in [next((name for name in one["objects"] if name in own), "")]
        if name
    ]


def report(found: Mapping[str, Any], fail_on: Collection[str]) -> Dict[str, Any]:
    """Lines, those that are failures, and how many there are of each kind.

    Args:
        found: `exists`, and the answers of modules: `drift` of k8s_network_drift_info, `namespace` of k8s_namespace,
            `guards` of k8s_guard_set and `budgets` of k8s_pdb_info; each may be absent. `namespace_name` and `policies`
            are those that are wanted.
    """
    lines = list(_lines(found))
    counts = {kind: sum(one == kind for one, _text in lines) for kind in KINDS}
    return {
        "lines": [text for _kind, text in lines] or ["everything is as declared"],
        "failures": [text for kind, text in lines if kind in fail_on],
        "counts": {kind: count for kind, count in counts.items() if count},
    }


def _lines(found: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    name = found["namespace_name"]
    if not found["exists"]:
        yield "missing", f"Namespace {name} is missing"
        for policy in found["policies"]:
            yield "missing", f"{name}/{policy['metadata']['name']} is missing"
    for line in (found.get("drift") or {}).get("summary", ()):
        yield _kind_of(line), line
    for label, value in sorted(((found.get("namespace") or {}).get("labels") or {}).items()):
        wrong = "is not ours any more, and still there" if value is None else f"is not {value}"
        yield "labels", f"Namespace {name}: label {label} {wrong}"
    guards = found.get("guards") or {}
    for act, words in (("created", "is missing"), ("replaced", "is edited"), ("removed", "is not wanted any more")):
        for one in guards.get(act, ()):
            kind, _space, rest = one.partition(" ")
            yield "guards", f"{kind} {name}/{rest} {words}"
    for problem in (found.get("budgets") or {}).get("problems", ()):
        # A component that is not rolled out has no pods, and that is no fault.
        severity = "warning" if problem["code"] == _YET_TO_COME else problem["severity"]
        yield f"{severity}s", f"{severity}: {problem['message']}"


def _kind_of(line: str) -> str:
    """Of a line of a drift's summary."""
    return next(kind for kind in KINDS if line.startswith(f"{kind}: ") or line.endswith(f" is {kind}"))
