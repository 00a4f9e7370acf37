"""Mistakes in budgets, each found by its name, and only where it is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.budgets import read_budget
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.findings import Problem
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.needs import (
    Autoscaler,
    Quorum,
    read_autoscaler,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.problems import find_problems
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.workloads import read_workload
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.selectors import Selector
from unit.kubernetes.budgets.making import budget, manifest, pod, selecting, workload

ANY = {"unhealthy": "AlwaysAllow"}


def good(least: str = "", most: str = "", **more: Any) -> Any:
    return budget(least=least, most=most, **{**ANY, **more})


def found(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in find_problems(*arguments, **more)]


def codes(*arguments: Any, **more: Any) -> list[str]:
    return [code for code, _message in found(*arguments, **more)]


@pytest.mark.parametrize(
    ("which", "replicas", "code", "message"),
    [
        (good(least="1"), 2, "", ""),
        (good(least="2"), 3, "", ""),
        (good(most="1"), 2, "", ""),
        (good(least="50%"), 4, "", ""),
        (good(least="2"), 2, "budget_zero", " wants 2 healthy pods of 2 (minAvailable 2): no pod is ever let go"),
        (good(most="0"), 2, "budget_zero", " wants 2 healthy pods of 2 (maxUnavailable 0): no pod is ever let go"),
        (good(least="100%"), 2, "budget_zero", " wants 2 healthy pods of 2 (minAvailable 100%): no pod is ever let go"),
        (
            good(least="3"),
            2,
            "budget_unreachable",
            " wants 3 healthy pods of 2 (minAvailable 3): that can never be met, and no pod is ever let go",
        ),
        (
            good(least="90%"),
            5,
            "share_rounds_to_all",
            " wants 5 healthy pods of 5 (minAvailable 90%): a share is rounded up, so no pod is ever let go",
        ),
        (good(least="0"), 2, "budget_protects_nothing", " (minAvailable 0) lets all 2 pods go at once"),
        (good(most="51%"), 2, "budget_protects_nothing", " (maxUnavailable 51%) lets all 2 pods go at once"),
        (good(), 2, "budget_without_bound", " has neither minAvailable nor maxUnavailable, and so lets no pod go"),
        # Scaled to nothing: there is nothing to say.
        (good(least="1"), 0, "", ""),
    ],
)
def test_bound_of_a_budget(which: Any, replicas: int, code: str, message: str) -> None:
    assert found([which], [workload(replicas=replicas)]) == ([(code, f"shop/web{message}")] if code else [])


def test_policy_for_pods_that_are_not_ready() -> None:
    assert find_problems([budget(least="1")], [workload()]) == [
        Problem(
            "unhealthy_policy",
            "warning",
            "shop/web keeps even pods that are not Ready while too few are healthy, which blocks the drain that might "
            "heal them: set unhealthyPodEvictionPolicy to AlwaysAllow",
            ("PodDisruptionBudget shop/web",),
        )
    ]


def test_pods_that_keep_data_may_be_kept_while_they_are_not_ready() -> None:
    assert find_problems([budget(least="1")], [workload(keeps_data=True)]) == []
    assert found(
        [budget(least="1")], [workload(keeps_data=True), workload("other", keeps_data=False, labels={"app": "web"})]
    )


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (None, "shop/web has no selector, and so matches no pod; the empty one, {}, matches all"),
        (selecting(app="wbe"), "shop/web matches no pod of shop: it wants app=wbe"),
        (
            selecting(app="api", part="front"),
            "shop/web matches no pod of shop: it wants app=api, part=front, "
            "but pods of Deployment shop/api do not meet part=front",
        ),
    ],
)
def test_budget_that_matches_nothing(selector: Selector | None, message: str) -> None:
    others = [workload(replicas=1), workload("api", 1, "Deployment"), workload("idle", 0)]
    assert found([good(least="1", selector=selector)], others)[0] == ("budget_matches_nothing", message)


def test_a_workload_without_replicas_and_a_pod_without_a_controller_are_matched() -> None:
    assert codes([good(least="1", selector=selecting(app="idle"))], [workload("idle", 0)]) == []
    assert codes([good(least="1")], [], [pod("web-x", owner=None), pod("web-y", owner=None)]) == []
    assert codes([good(least="1")], [], [pod("web-x", owner=None, phase="Succeeded")]) == ["budget_matches_nothing"]


def test_two_budgets_on_a_pod() -> None:
    all_of_them = good(least="1", name="all", selector=Selector())
    assert find_problems([good(least="1"), all_of_them], [workload()]) == [
        Problem(
            "two_budgets",
            "error",
            "shop/web and shop/all both select the pods of StatefulSet shop/web: "
            "no eviction can satisfy two, each fails",
            ("PodDisruptionBudget shop/web", "PodDisruptionBudget shop/all", "StatefulSet shop/web"),
        )
    ]


def test_what_cannot_be_counted() -> None:
    agent = workload(replicas=None, kind="DaemonSet")
    assert found([good(most="1")], [agent]) == [
        (
            "scale_unknown",
            "shop/web (maxUnavailable 1) lets no pod go: nobody can say how many pods DaemonSet web, which made web-0, "
            "should have; minAvailable as a number needs nobody to say it",
        )
    ]
    assert codes([good(least="1")], [agent]) == []
    assert found([good(most="1")], [workload()], [pod("web-x", owner=None)]) == [
        (
            "uncontrolled_pods",
            "shop/web (maxUnavailable 1) leaves out web-x, which no controller made, when it counts what there should "
            "be: give it minAvailable as a number",
        )
    ]


def test_workload_without_a_budget() -> None:
    assert found([], [workload()]) == [
        ("no_budget", "no budget selects the pods of StatefulSet shop/web: a drain may take all 3 down at once")
    ]
    assert codes([], [workload(replicas=None, kind="DaemonSet"), workload(replicas=0)]) == []


def test_single_replica() -> None:
    message = "StatefulSet shop/web has one replica: either a drain takes it down or a budget blocks every drain"
    assert found([], [workload(replicas=1)]) == [("single_replica", message)]
    assert codes([good(least="1")], [workload(replicas=1)]) == ["budget_zero", "single_replica"]


@pytest.mark.parametrize(
    ("rolling", "replicas", "least", "unavailable"),
    [
        ({"maxUnavailable": 0}, 4, "3", 0),
        ({"maxUnavailable": 1}, 4, "3", 0),
        ({"maxUnavailable": 2}, 4, "3", 2),
        ({"maxUnavailable": "25%"}, 4, "3", 0),
        # A Deployment rounds its share down, a budget rounds its own up.
        ({"maxUnavailable": "49%"}, 4, "3", 0),
        ({"maxUnavailable": "50%"}, 4, "3", 2),
        ({"maxUnavailable": "100%"}, 2, "1", 2),
        ({"maxUnavailable": "50%"}, 5, "50%", 0),
        (None, 8, "7", 2),
        (None, 3, "2", 0),
    ],
)
def test_roll_out_against_the_budget(rolling: Any, replicas: int, least: str, unavailable: int) -> None:
    template = {"metadata": {"labels": {"app": "web"}}}
    spec = {"replicas": replicas, "template": template, "strategy": {"rollingUpdate": rolling}}
    message = (
        f"a roll-out of Deployment shop/web takes down up to {unavailable} of {replicas} pods, "
        "where shop/web lets 1 go: roll-outs do not ask budgets"
    )
    assert found([good(least=least)], [read_workload(manifest("Deployment", "web", spec=spec))]) == (
        [("rollout_below_budget", message)] if unavailable else []
    )


def test_a_stateful_set_takes_one_down_whatever_the_budget_says() -> None:
    spec = {"replicas": 3, "template": {"metadata": {"labels": {"app": "web"}}}}
    assert codes([good(least="3")], [read_workload(manifest("StatefulSet", "web", spec=spec))]) == [
        "budget_zero", "rollout_below_budget"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minimum", "which", "blocked"),
    [
        (3, good(least="2"), False),
        (2, good(least="2"), True),
        (1, good(least="2"), True),
        (1, good(least="50%"), True),
        (2, good(least="50%"), False),
        (1, good(most="1"), False),
        # Not below what is declared: nothing new.
        (4, good(least="2"), False),
        (0, good(least="2"), False),
    ],
)
def test_autoscaler_against_the_budget(minimum: int, which: Any, blocked: bool) -> None:
    scaler = Autoscaler("shop", "scaler", "StatefulSet", "web", minimum)
    message = (
        f"shop/scaler scales StatefulSet shop/web down to {minimum} replicas, "
        f"where shop/web ({which.bound}) lets no pod go: raise minReplicas, or let it want fewer"
    )
    assert found([which], [workload(replicas=4)], autoscalers=[scaler]) == (
        [("autoscaler_below_budget", message)] if blocked else []
    )
    elsewhere = Autoscaler("shop", "scaler", "Deployment", "web", minimum)
    assert codes([which], [workload(replicas=4)], autoscalers=[elsewhere]) == []


def test_autoscaler_is_read() -> None:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 9}
    whole = manifest("HorizontalPodAutoscaler", "a", "autoscaling/v2", spec=spec)
    assert read_autoscaler(whole) == Autoscaler("shop", "a", "Deployment", "web", 1)
    spec["minReplicas"] = 2
    assert read_autoscaler(whole).minimum == 2
    with pytest.raises(ManifestError) as refused:
        read_autoscaler(manifest("HorizontalPodAutoscaler", "a"))
    assert refused.value.message == "HorizontalPodAutoscaler shop/a: spec.scaleTargetRef: it is missing"


# --- quorums -------------------------------------------------------------------------------------

MAJORITY = [Quorum("shop", "web")]
SHARDS = [Quorum("shop", "web", tuple((f"web-{number}", f"web-{number + 3}") for number in range(3)))]


@pytest.mark.parametrize(
    ("replicas", "budgets", "expected"),
    [
        (3, [good(most="1")], []),
        (3, [good(least="2")], []),
        (5, [good(most="2")], []),
        (5, [good(least="51%")], []),
        (5, [good(most="3")], ["shop/web lets 3 go at once: at most 2 may"]),
        (3, [good(least="1")], ["shop/web lets 2 go at once: at most 1 may"]),
        (4, [good(least="50%")], ["shop/web lets 2 go at once: at most 1 may"]),
        (3, [], ["no budget keeps a drain from letting 3 go at once: at most 1 may"]),
        # Two budgets let nothing go: that is another problem.
        (3, [good(least="0"), good(least="0", name="all", selector=Selector())], []),
    ],
)
def test_majority(replicas: int, budgets: list[Any], expected: list[str]) -> None:
    messages = [message for code, message in found(budgets, [workload(replicas=replicas)], quorums=MAJORITY)
                if code == "quorum_at_risk"]  # fmt: skip
    begin = f"StatefulSet shop/web needs {replicas // 2 + 1} of {replicas} pods, a majority, and "
    assert messages == [begin + end for end in expected]


@pytest.mark.parametrize("replicas", [1, 2])
def test_majority_of_two_is_both(replicas: int) -> None:
    messages = dict(found([good(most="1")], [workload(replicas=replicas)], quorums=MAJORITY))
    assert messages["quorum_without_spare"] == (
        f"StatefulSet shop/web has {replicas} pods, and all make the majority: none may fail, three are needed"
    )


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (good(most="1"), []),
        # Two pods: a whole shard, or two of three masters.
        (good(most="2"), ["quorum_at_risk", "shard_at_risk", "shard_at_risk", "shard_at_risk"]),
        (good(least="4"), ["quorum_at_risk", "shard_at_risk", "shard_at_risk", "shard_at_risk"]),
        (good(least="5"), []),
    ],
)
def test_shards(which: Any, expected: list[str]) -> None:
    assert codes([which], [workload(replicas=6)], quorums=SHARDS) == expected


def test_shard_without_a_replica() -> None:
    alone = [Quorum("shop", "web", tuple((f"web-{number}",) for number in range(3)))]
    assert found([good(most="1")], [workload()], quorums=alone)[0] == (
        "shard_at_risk",
        "shop/web lets 1 of the pods of StatefulSet shop/web go at once, which may be the whole shard web-0: "
        "let fewer go, or give it a replica",
    )


# --- together ------------------------------------------------------------------------------------


def test_a_replica_set_is_its_deployments() -> None:
    """Live objects: nothing is counted twice, and pods that their ReplicaSet made are no strays."""
    deployment = workload(kind="Deployment")
    replica_set = workload("web-1", 3, "ReplicaSet", labels={"app": "web"}, owner=Owner("Deployment", "web"))
    live = [pod(f"web-1-{number}", owner=Owner("ReplicaSet", "web-1"), labels={"app": "web"}) for number in range(3)]
    assert codes([good(least="2")], [deployment, replica_set], live) == []
    assert codes([], [deployment, replica_set], live) == ["no_budget"]


def test_what_was_planned() -> None:
    """The platform's first budgets: a frontend that no drain gets past, a backend whose roll-outs take all of it."""

    def deployment(name: str, replicas: int, unavailable: Any) -> Any:
        template = {"metadata": {"labels": {"app": "omnimind", "component": name}}}
        strategy = {"rollingUpdate": {"maxUnavailable": unavailable}}
        return read_workload(
            manifest("Deployment", name, spec={"replicas": replicas, "template": template, "strategy": strategy})
        )

    def least(name: str) -> Any:
        selector = {"matchLabels": {"app": "omnimind", "component": name}}
        return read_budget(
            manifest("PodDisruptionBudget", name, "policy/v1", spec={"minAvailable": 1, "selector": selector})
        )

    workloads = [deployment("frontend", 1, 0), deployment("backend", 2, "100%"), workload("redis", 6)]
    problems = find_problems([least("frontend"), least("backend")], workloads)
    assert [(problem.code, problem.severity, problem.objects[0]) for problem in problems] == [
        ("budget_zero", "error", "PodDisruptionBudget shop/frontend"),
        ("rollout_below_budget", "error", "Deployment shop/backend"),
        ("unhealthy_policy", "warning", "PodDisruptionBudget shop/frontend"),
        ("unhealthy_policy", "warning", "PodDisruptionBudget shop/backend"),
        ("no_budget", "warning", "StatefulSet shop/redis"),
        ("single_replica", "warning", "Deployment shop/frontend"),
    ]
    assert problems[0].as_dict() == {
        "code": "budget_zero",
        "severity": "error",
        "message": "shop/frontend wants 1 healthy pods of 1 (minAvailable 1): no pod is ever let go",
        "objects": ["PodDisruptionBudget shop/frontend"],
    }
