# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that can be said about budgets, from manifests to plain data."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import KubernetesFailure
from .budgets import read_budget
from .declared import Declared
from .description import describe_budgets
from .findings import ERROR
from .needs import Quorum, read_autoscaler
from .pods import Pod, read_pod
from .problems import find_problems
from .workloads import Controllers, Workload, read_workload

_OTHERS = ("PodDisruptionBudget", "HorizontalPodAutoscaler", "Pod")


def report_budgets(
    manifests: Iterable[Mapping[str, Any]],
    imagined: Iterable[Mapping[str, Any]] = (),
    quorums: Sequence[Quorum] = (),
) -> dict[str, Any]:
    """Headroom and problems of budgets; ManifestError, and KubernetesFailure for the quorum of nobody.

    Args:
        manifests: budgets, all that makes pods, pods, and autoscalers.
        imagined: those of them that are not in the cluster yet: their pods are taken for Ready.
    """
    some = list(manifests)
    budgets = [read_budget(one) for one in some if one["kind"] == "PodDisruptionBudget"]
    workloads = [read_workload(one) for one in some if one["kind"] not in _OTHERS]
    pods = [read_pod(one) for one in some if one["kind"] == "Pod"]
    autoscalers = [read_autoscaler(one) for one in some if one["kind"] == "HorizontalPodAutoscaler"]
    _refuse_unknown(quorums, workloads)
    new = [read_workload(one) for one in imagined if one["kind"] not in _OTHERS]
    there = [*pods, *_pods_to_come(new, workloads, pods)]
    problems = find_problems(budgets, workloads, pods, autoscalers, quorums)
    return {
        "healthy": all(problem.severity != ERROR for problem in problems),
        "problems": [problem.as_dict() for problem in problems],
        "budgets": describe_budgets(budgets, there, workloads),
    }


def _refuse_unknown(quorums: Iterable[Quorum], workloads: Iterable[Workload]) -> None:
    known = sorted({one.full_name for one in workloads if one.owner is None})
    for quorum in quorums:
        if quorum.full_name not in known:
            raise KubernetesFailure(
                f"quorums: there is no workload {quorum.full_name!r}; there are {', '.join(known) or 'none'}"
            )


def _pods_to_come(new: Iterable[Workload], workloads: Sequence[Workload], pods: Sequence[Pod]) -> list[Pod]:
    """Of workloads that nothing else here makes, and that have no pod yet."""
    known = Controllers(workloads)
    direct = [known.of(pod.namespace, pod.owner) for pod in pods]
    busy = {str(one) for one in direct if one} | {str(known.of(one.namespace, one.owner)) for one in direct if one}
    top = {str(one) for one in Declared((), tuple(workloads)).workloads}
    return [pod for one in new if str(one) in top and str(one) not in busy for pod in one.pods()]
