"""Budgets, by the arithmetic of the disruption controller and the rules of the Eviction API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.amounts import Amount
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.budgets import (
    Budget,
    Status,
    budget_status,
    judge_eviction,
    read_budget,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.description import describe_budgets
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.selectors import Selector

from unit.kubernetes.budgets.making import amount, budget, budget_manifest, controllers, manifest, pod, pods, workload

EVERYTHING = Selector()


@pytest.mark.parametrize(
    ("text", "total", "up", "down"),
    [
        ("0", 7, 0, 0), ("3", 7, 3, 3), ("9", 7, 9, 9), ("0%", 7, 0, 0), ("100%", 7, 7, 7),
        ("50%", 7, 4, 3), ("50%", 8, 4, 4), ("1%", 1, 1, 0), ("34%", 3, 2, 1), ("33%", 3, 1, 0),
        ("25%", 4, 1, 1), ("25%", 3, 1, 0), ("50%", 0, 0, 0), ("99%", 100, 99, 99), ("29%", 100, 29, 29),
    ],
)  # fmt: skip
def test_share_of_pods(text: str, total: int, up: int, down: int) -> None:
    assert (amount(text).up(total), amount(text).down(total)) == (up, down)


@pytest.mark.parametrize(
    ("least", "most", "replicas", "count", "unready", "expected"),
    [
        # minAvailable as a number: expected is what matches, and the replicas do not matter.
        ("1", "", 3, 3, 0, Status(3, 3, 1, 2)),
        ("3", "", 3, 3, 0, Status(3, 3, 3, 0)),
        ("2", "", 3, 3, 1, Status(3, 2, 2, 0)),
        ("2", "", 3, 3, 2, Status(3, 1, 2, 0)),
        ("0", "", 3, 3, 0, Status(3, 3, 0, 3)),
        ("2", "", 9, 3, 0, Status(3, 3, 2, 1)),
        ("4", "", 3, 3, 0, Status(3, 3, 4, 0)),
        ("1", "", 3, 0, 0, Status(0, 0, 1, 0)),
        # As a share: of the replicas, rounded up.
        ("50%", "", 7, 7, 0, Status(7, 7, 4, 3)),
        ("50%", "", 7, 5, 0, Status(7, 5, 4, 1)),
        ("90%", "", 5, 5, 0, Status(5, 5, 5, 0)),
        ("100%", "", 3, 3, 0, Status(3, 3, 3, 0)),
        ("0%", "", 3, 3, 0, Status(3, 3, 0, 3)),
        # maxUnavailable: of the replicas always, also rounded up.
        ("", "1", 3, 3, 0, Status(3, 3, 2, 1)),
        ("", "1", 3, 2, 0, Status(3, 2, 2, 0)),
        ("", "0", 3, 3, 0, Status(3, 3, 3, 0)),
        ("", "5", 3, 3, 0, Status(3, 3, 0, 3)),
        ("", "50%", 7, 7, 0, Status(7, 7, 3, 4)),
        ("", "30%", 1, 1, 0, Status(1, 1, 0, 1)),
        ("", "1%", 3, 3, 1, Status(3, 2, 2, 0)),
        # More pods than wanted, as in a roll-out with surge.
        ("", "1", 3, 5, 0, Status(3, 5, 2, 3)),
        # All pods are gone: nothing says how many there should be.
        ("", "1", 3, 0, 0, Status(0, 0, 0, 0)),
        # Neither: nothing is ever allowed.
        ("", "", 3, 3, 0, Status(0, 3, 0, 0)),
    ],
)  # fmt: skip
def test_status(least: str, most: str, replicas: int, count: int, unready: int, expected: Status) -> None:
    found = budget_status(
        budget(least=least, most=most), pods("web", count, unready), controllers(workload(replicas=replicas))
    )
    assert found == expected


def test_what_is_healthy() -> None:
    """Ready and not told to go; the phase does not matter."""
    some = [
        pod("web-0"),
        pod("web-1", terminating=True),
        pod("web-2", phase="Pending", ready=False),
        pod("web-3", phase="Succeeded", ready=False),
        pod("web-4", phase="Failed", ready=False, terminating=True),
        pod("other-0"),
        Pod("elsewhere", "web-0", labels={"app": "web"}),
    ]
    assert budget_status(budget(least="1"), some, controllers()) == Status(5, 1, 1, 0)


@pytest.mark.parametrize(
    ("selector", "count"), [(None, 0), (EVERYTHING, 3)], ids=["absent selects nothing", "empty selects all"]
)
def test_selector_that_is_absent_or_empty(selector: Selector | None, count: int) -> None:
    some = [*pods("web", 2), pod("other-0"), Pod("elsewhere", "web-0")]
    assert budget_status(budget(least="0", selector=selector), some, controllers()).expected == count


def test_replicas_of_every_controller_are_summed_once() -> None:
    wide = budget(most="1", selector=EVERYTHING)
    known = controllers(workload(replicas=5), workload("api", 2), workload("idle", 9))
    assert budget_status(wide, [*pods("web", 3), *pods("api", 1)], known) == Status(7, 4, 6, 0)


def test_replicas_are_the_deployments() -> None:
    """Old and new ReplicaSet of a roll-out are one controller."""
    deployment = Owner("Deployment", "web")
    sets = [
        workload(name, replicas, "ReplicaSet", owner=deployment, labels={"app": "web"})
        for name, replicas in (("web-old", 3), ("web-new", 2))
    ]
    some = [pod(f"web-{end}", owner=Owner("ReplicaSet", f"web-{age}")) for end, age in (("a", "old"), ("b", "new"))]
    one = budget(most="1")
    assert budget_status(one, some, controllers(workload(replicas=4, kind="Deployment"), *sets)).expected == 4
    assert budget_status(one, some, controllers(*sets)).expected == 5


@pytest.mark.parametrize("kind", ["DaemonSet", "Job"])
def test_controller_without_a_scale(kind: str) -> None:
    some = [pod("web-0", owner=Owner(kind, "web"))]
    known = controllers(workload(replicas=None, kind=kind))
    status = budget_status(budget(most="1"), some, known)
    assert (status.allowed, status.failure) == (
        0, f"nobody can say how many pods {kind} web, which made web-0, should have"
    )  # fmt: skip
    # A number needs nobody to say.
    assert budget_status(budget(least="0"), some, known) == Status(1, 1, 0, 1)


def test_pods_without_a_controller() -> None:
    """A share leaves them out of the whole, though they are healthy; a number counts them."""
    some = [pod("web-0"), pod("web-x", owner=None)]
    known = controllers(workload(replicas=1))
    assert budget_status(budget(most="1"), some, known) == Status(1, 2, 0, 2, "", ("web-x",))
    assert budget_status(budget(most="1"), some[1:], known) == Status(0, 1, 0, 0, "", ("web-x",))
    assert budget_status(budget(least="1"), some, known) == Status(2, 2, 1, 1)


# --- evictions ---------------------------------------------------------------------------------


def judge(which: Pod, some: list[Pod], *budgets: Budget, replicas: int = 3) -> tuple[int, str]:
    verdict = judge_eviction(which, budgets, some, controllers(workload(replicas=replicas)))
    return verdict.code, verdict.reason


@pytest.mark.parametrize(
    ("least", "unready", "which", "policy", "code"),
    [
        ("2", 0, 0, "IfHealthyBudget", 201),
        ("3", 0, 0, "IfHealthyBudget", 429),
        ("2", 1, 0, "IfHealthyBudget", 429),
        # One that is not Ready may go while enough others are ...
        ("2", 1, 2, "IfHealthyBudget", 201),
        ("1", 1, 2, "IfHealthyBudget", 201),
        # ... and not while too few are, unless that is always allowed.
        ("3", 1, 2, "IfHealthyBudget", 429),
        ("3", 1, 2, "AlwaysAllow", 201),
        ("1", 3, 2, "IfHealthyBudget", 429),
        ("1", 3, 2, "AlwaysAllow", 201),
        ("3", 1, 0, "AlwaysAllow", 429),
        # When none is desired, the one that is not Ready goes as the others do: as long as one is healthy.
        ("0", 1, 2, "IfHealthyBudget", 201),
        ("0", 3, 2, "IfHealthyBudget", 429),
        ("0", 3, 2, "AlwaysAllow", 201),
    ],
)
def test_eviction(least: str, unready: int, which: int, policy: str, code: int) -> None:
    some = pods("web", 3, unready)
    assert judge(some[which], some, budget(least=least, unhealthy=policy))[0] == code


@pytest.mark.parametrize(
    "state",
    [{"phase": "Pending"}, {"phase": "Succeeded"}, {"phase": "Failed"}, {"terminating": True}],
    ids=["pending", "succeeded", "failed", "terminating"],
)
def test_no_budget_is_asked_for_what_serves_nobody(state: dict[str, Any]) -> None:
    some = [*pods("web", 2), pod("web-2", ready=False, **state)]
    assert judge(some[2], some, budget(least="3"), budget(least="3", name="again", selector=EVERYTHING)) == (201, "")


def test_two_budgets_are_an_error_that_no_waiting_mends() -> None:
    some = pods("web", 3)
    verdict = judge_eviction(
        some[0], [budget(least="0"), budget("all", least="0", selector=EVERYTHING)], some, controllers()
    )
    assert (verdict.code, verdict.may_be_retried) == (500, False)
    assert verdict.reason == "shop/web and shop/all both select it, which no eviction can satisfy"


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        (budget(least="3"), "shop/web needs 3 healthy pods and has 3"),
        (budget(), "shop/web allows none: it has neither minAvailable nor maxUnavailable"),
        (
            budget(most="1", selector=EVERYTHING),
            "shop/web allows none: nobody can say how many pods Job task, which made task-0, should have",
        ),
    ],
)
def test_refusal_says_why(which: Budget, reason: str) -> None:
    some = [*pods("web", 3), pod("task-0", owner=Owner("Job", "task"))]
    assert judge(some[0], some, which) == (429, reason)


def test_a_pod_that_no_budget_selects_may_go() -> None:
    some = pods("web", 3)
    assert judge(some[0], some, budget("other", least="9"), budget(least="9", selector=None)) == (201, "")


@given(
    count=st.integers(0, 8),
    replicas=st.integers(0, 8),
    unready=st.integers(0, 8),
    number=st.integers(0, 9),
    share=st.integers(0, 100),
    form=st.sampled_from(["least", "most", "least%", "most%"]),
    always=st.booleans(),
)
def test_what_is_granted_leaves_enough(
    count: int, replicas: int, unready: int, number: int, share: int, form: str, always: bool
) -> None:
    """Evicted one after the other until nothing is granted any more."""
    bound = Amount(share, True) if form.endswith("%") else Amount(number)
    which = Budget(
        "shop", "web", EVERYTHING, bound if "least" in form else None, bound if "most" in form else None,
        "AlwaysAllow" if always else "IfHealthyBudget",
    )  # fmt: skip
    known = controllers(workload(replicas=replicas))
    some = pods("web", count, min(unready, count))
    for one in list(some):
        before = budget_status(which, some, known)
        if judge_eviction(one, [which], some, known).granted:
            some.remove(one)
            some.append(pod(one.name, ready=one.ready, terminating=True))
            after = budget_status(which, some, known)
            assert after.healthy == before.healthy - one.ready
            assert not one.ready or after.healthy >= after.desired
        assert before.desired <= max(before.expected, bound.number)


# --- reading -----------------------------------------------------------------------------------


def test_read() -> None:
    read = read_budget(
        budget_manifest(
            maxUnavailable="25%", minAvailable=None, selector={"matchLabels": {"app": "web"}},
            unhealthyPodEvictionPolicy="AlwaysAllow",
        )
    )  # fmt: skip
    assert read == budget(most="25%", unhealthy="AlwaysAllow")
    assert read.bound == "maxUnavailable 25%"
    assert read_budget(budget_manifest(minAvailable=2)) == budget(least="2", selector=None)
    assert read_budget(budget_manifest(minAvailable=0, selector={})).selector == EVERYTHING


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"minAvailable": 1, "maxUnavailable": 1}, "spec: it has minAvailable or maxUnavailable, not both"),
        ({"minavailable": 1}, "spec.minavailable: there is no such field; is it minAvailable?"),
        ({"minAvailable": "2"}, "spec.minAvailable: it is a number or a percentage such as 50%, not '2'; a number has"),
        ({"minAvailable": "half"}, "spec.minAvailable: it is a number or a percentage such as 50%, not 'half'"),
        ({"minAvailable": "-1%"}, "spec.minAvailable: it is a number or a percentage such as 50%, not '-1%'"),
        ({"maxUnavailable": "101%"}, "spec.maxUnavailable: it is at most 100%, not 101%"),
        ({"maxUnavailable": -1}, "spec.maxUnavailable: it is a number from 0 to 2147483647, not -1"),
        ({"maxUnavailable": True}, "spec.maxUnavailable: it is a number from 0 to 2147483647, not True"),
        ({"maxUnavailable": 1.5}, "spec.maxUnavailable: it is a number from 0 to 2147483647, not 1.5"),
        ({"maxUnavailable": 2**31}, "spec.maxUnavailable: it is a number from 0 to 2147483647, not 2147483648"),
        ({"selector": {"app": "web"}}, "spec.selector.app: there is no such field; there are matchLabels, matchExpr"),
        ({"unhealthyPodEvictionPolicy": "Never"}, "spec.unhealthyPodEvictionPolicy: it is IfHealthyBudget or Always"),
    ],
)
def test_refused_by_the_path_of_the_field(spec: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_budget(budget_manifest(**spec))
    assert refused.value.message.startswith(f"PodDisruptionBudget shop/web: {complaint}")


@pytest.mark.parametrize(
    ("whole", "complaint"),
    [
        (None, "PodDisruptionBudget: it is a mapping, not None"),
        (manifest("Pod", "web"), "PodDisruptionBudget.kind: it is PodDisruptionBudget, not 'Pod'"),
        (
            manifest("PodDisruptionBudget", "web", "policy/v1beta1"),
            "PodDisruptionBudget shop/web: apiVersion: it is policy/v1, not 'policy/v1beta1'",
        ),
        ({**budget_manifest(), "sepc": {}}, "PodDisruptionBudget shop/web.sepc: there is no such field; is it spec?"),
        (manifest("PodDisruptionBudget", ""), "PodDisruptionBudget: metadata.name: it is a name, not ''"),
    ],
)
def test_what_is_no_budget_is_refused(whole: Any, complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_budget(whole)
    assert refused.value.message == complaint


# --- plain data ----------------------------------------------------------------------------------


def test_described() -> None:
    known = [workload(replicas=2)]
    assert describe_budgets([budget(most="1"), budget("idle", least="1", selector=None)], pods("web", 2, 1), known) == [
        {
            "namespace": "shop",
            "name": "web",
            "bound": "maxUnavailable 1",
            "selector": "app=web",
            "unhealthy_pod_eviction_policy": "IfHealthyBudget",
            "pods": ["web-0", "web-1"],
            "blocks": True,
            "expected": 2,
            "healthy": 1,
            "desired": 1,
            "allowed": 0,
            "failure": "",
            "uncontrolled": [],
        },
        {
            "namespace": "shop",
            "name": "idle",
            "bound": "minAvailable 1",
            "selector": "nothing",
            "unhealthy_pod_eviction_policy": "IfHealthyBudget",
            "pods": [],
            "blocks": False,
            "expected": 0,
            "healthy": 0,
            "desired": 1,
            "allowed": 0,
            "failure": "",
            "uncontrolled": [],
        },
    ]
