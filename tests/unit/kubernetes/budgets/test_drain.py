"""Drains: how they go about it, and that the rehearsal says what a drain step by step then does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.budgets import Verdict, read_budget
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.drain import (
    Rehearsal,
    rehearse_drain,
    work_off,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.eligibility import (
    Permissions,
    select_pods,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.nodes import Node, read_node
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.placement import (
    HOSTNAME,
    Apart,
    Placement,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod, read_pod
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.workloads import read_workload
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.world import Cluster, World
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.selectors import Selector
from unit.kubernetes.budgets import stepwise
from unit.kubernetes.budgets.layouts import layout
from unit.kubernetes.budgets.making import budget, pod, selecting, workload

NODES = tuple(Node(f"n{number}") for number in range(3))
EVERYTHING_GOES = Permissions(lose_local_data=True, lose_bare_pods=True)
ALONE = Placement(apart=(Apart(HOSTNAME, selecting(app="web"), ("shop",)),))


def rehearse(places: str, *budgets: Any, drained: str = "0", replicas: int = 0, **more: Any) -> Rehearsal:
    """Of pods web-0, web-1 ..., each on the node whose number stands in its place."""
    some = tuple(pod(f"web-{number}", node=f"n{place}", **more) for number, place in enumerate(places))
    known = (workload(replicas=replicas or len(places)),)
    return rehearse_drain(Cluster(NODES, some, budgets, known), [f"n{number}" for number in drained])


def order(rehearsal: Rehearsal) -> list[tuple[int, str]]:
    return [(move.attempt.round, move.attempt.pod.name) for move in rehearsal.moves]


# --- which pods --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "permissions", "fate"),
    [
        ({}, Permissions(), "evicted"),
        ({"ready": False}, Permissions(), "evicted"),
        ({"phase": "Pending", "ready": False}, Permissions(), "evicted"),
        ({"terminating": True}, Permissions(), "going"),
        ({"owner": None}, Permissions(), "no_controller"),
        ({"owner": None}, Permissions(lose_bare_pods=True), "evicted"),
        ({"owner": None, "phase": "Succeeded"}, Permissions(), "evicted"),
        ({"owner": None, "terminating": True}, Permissions(), "going"),
        ({"owner": None, "mirror": True}, Permissions(), "left"),
        ({"local_storage": True}, Permissions(), "local_storage"),
        ({"local_storage": True}, Permissions(lose_local_data=True), "evicted"),
        ({"local_storage": True, "phase": "Failed"}, Permissions(), "evicted"),
        ({"owner": Owner("DaemonSet", "agent")}, Permissions(), "left"),
        ({"owner": Owner("DaemonSet", "agent"), "local_storage": True}, Permissions(), "left"),
        ({"owner": Owner("DaemonSet", "agent")}, Permissions(leave_daemon_sets=False), "daemon_set"),
        ({"owner": Owner("DaemonSet", "agent"), "phase": "Failed"}, Permissions(), "evicted"),
        ({"owner": Owner("Node", "n0"), "mirror": True}, Permissions(leave_daemon_sets=False), "left"),
        ({"node": "n1"}, Permissions(), "elsewhere"),
    ],
)
def test_fate_of_a_pod(state: dict[str, Any], permissions: Permissions, fate: str) -> None:
    one = pod("web-0", **{"node": "n0", **state})
    found = select_pods("n0", [one], permissions)
    fates = [name for name in ("evicted", "going", "left") if one in getattr(found, name)]
    assert [*fates, *(blocker.code for blocker in found.refused)] == ([] if fate == "elsewhere" else [fate])


def test_nothing_is_done_while_one_pod_must_not_be_touched() -> None:
    some = (pod("web-0", node="n0"), pod("web-1", node="n0", owner=None, local_storage=True), pod("web-2", node="n1"))
    found = rehearse_drain(Cluster(NODES, some), ["n1", "n0"])
    assert (found.moves, found.drained, found.pods) == ((), (), some)
    assert [blocker.as_dict() for blocker in found.blockers] == [
        {
            "code": "no_controller",
            "pod": "shop/web-1",
            "node": "n0",
            "message": "shop/web-1 has no controller: nobody would make it anew",
            "remedy": "delete it, or allow that such pods are lost",
            "budgets": [],
        },
        {
            "code": "local_storage",
            "pod": "shop/web-1",
            "node": "n0",
            "message": "shop/web-1 has an emptyDir, whose content would be lost",
            "remedy": "save what is in it, then allow that local data is lost",
            "budgets": [],
        },
    ]


# --- in which order ----------------------------------------------------------------------------


def test_without_a_budget_all_go_at_once_in_the_apis_order() -> None:
    some = tuple(pod(name, node="n0") for name in ("web-10", "web-2", "api-1"))
    known = (workload(replicas=2), workload("api", 1))
    found = rehearse_drain(Cluster(NODES, some, workloads=known), ["n0"])
    assert order(found) == [(1, "api-1"), (1, "web-10"), (1, "web-2")]
    assert [(one.name, one.node, one.ready) for one in found.pods] == [
        ("api-1", "n1", True), ("web-10", "n2", True), ("web-2", "n1", True)
    ]  # fmt: skip


def test_one_round_for_each_pod_that_may_be_missing() -> None:
    found = rehearse("00001", budget(most="2"))
    assert order(found) == [(1, "web-0"), (1, "web-1"), (2, "web-2"), (2, "web-3")]
    assert (found.rounds, found.blockers, found.drained) == (2, (), ("n0",))
    assert [(one.round, one.pod.name) for one in found.refusals] == [(1, "web-2"), (1, "web-3")]
    assert found.refusals[0].verdict.reason == "shop/web needs 3 healthy pods and has 3"
    assert [move.after for move in found.moves] == [(), (), *[("shop/web-0", "shop/web-1")] * 2]


def test_nodes_are_drained_one_after_the_other_and_take_nothing() -> None:
    found = rehearse("0011", budget(most="1"), drained="10")
    assert order(found) == [(1, "web-2"), (2, "web-3"), (3, "web-0"), (4, "web-1")]
    assert found.drained == ("n1", "n0")
    assert {one.node for one in found.pods} == {"n2"}


def test_it_stops_at_the_first_node_that_stays() -> None:
    found = rehearse("0012", budget(least="4"), drained="01")
    assert (found.drained, {blocker.node for blocker in found.blockers}) == ((), {"n0"})


def test_no_such_node() -> None:
    with pytest.raises(KubernetesFailure) as refused:
        rehearse("0", drained="7")
    assert refused.value.message == "nodes: there is no 'n7'; there are n0, n1, n2"


# --- what stops it -----------------------------------------------------------------------------


def blockers(rehearsal: Rehearsal) -> list[tuple[str, str, str]]:
    return [(blocker.code, blocker.message, blocker.remedy) for blocker in rehearsal.blockers]


def test_budget_of_zero() -> None:
    found = rehearse("012", budget(least="3"))
    assert blockers(found) == [
        (
            "budget_zero",
            "shop/web-0 stays: shop/web needs 3 healthy pods and has 3, and there are never more (minAvailable 3 of 3)",
            "add a replica, or let shop/web want fewer",
        )
    ]
    assert (found.rounds, len(found.refusals)) == (0, 1)


def test_two_budgets() -> None:
    found = rehearse("01", budget(least="0"), budget("all", least="0", selector=Selector()))
    assert blockers(found) == [
        (
            "two_budgets",
            "shop/web-0 stays: shop/web and shop/all both select it, which no eviction can satisfy",
            "change the selectors of shop/web and shop/all so that only one selects it",
        )
    ]


def test_no_node_left() -> None:
    """The first may go, but its successor must be alone on a node, and none is free: so the second may not."""
    some = tuple(pod(f"web-{number}", node=f"n{number}", placement=ALONE) for number in range(3))
    cluster = Cluster(NODES, some, (budget(most="1"),), (workload(),))
    found = rehearse_drain(cluster, ["n0", "n1"])
    assert order(found) == [(1, "web-0")]
    assert found.drained == ("n0",)
    reason = "n0 is cordoned; n1 is cordoned; n2 has shop/web-2, which it must not be beside"
    assert blockers(found) == [
        (
            "no_node_left",
            f"shop/web-1 stays: shop/web needs 2 healthy pods and has 2; no node takes shop/web-0: {reason}",
            "add a node that takes shop/web-0, or uncordon one",
        )
    ]
    assert found.as_dict()["homeless"] == [{"pod": "shop/web-0", "reason": reason}]


def test_pod_that_is_not_ready() -> None:
    some = (pod("web-0", node="n0"), pod("web-1", node="n1", ready=False))
    (blocker,) = rehearse_drain(Cluster(NODES, some, (budget(most="1"),), (workload(replicas=2),)), ["n0"]).blockers
    assert (blocker.code, blocker.remedy) == ("not_ready", "see why shop/web-1 is not Ready")
    assert blocker.message == "shop/web-0 stays: shop/web needs 1 healthy pods and has 1; shop/web-1 is not Ready"
    (blocker,) = rehearse_drain(Cluster(NODES, some, (budget(least="2"),), (workload(replicas=3),)), ["n1"]).blockers
    assert blocker.code == "budget_zero"
    more = (*some, pod("web-2", node="n2", ready=False))
    (blocker,) = rehearse_drain(Cluster(NODES, more, (budget(least="2"),), (workload(),)), ["n1"]).blockers
    assert blocker.remedy == (
        "see why shop/web-1, shop/web-2 is not Ready; "
        "unhealthyPodEvictionPolicy AlwaysAllow of shop/web would let it go"
    )


def test_missing_replicas() -> None:
    (blocker,) = rehearse("01", budget(most="1"), replicas=3).blockers
    assert (blocker.code, blocker.remedy) == ("replicas_missing", "see why its controller makes no more pods")


@pytest.mark.parametrize(
    ("which", "code"),
    [(budget(), "budget_without_bound"), (budget(most="1", selector=Selector()), "scale_unknown")],
)
def test_budget_that_allows_nothing(which: Any, code: str) -> None:
    some = (pod("web-0", node="n0"), pod("task-0", node="n1", owner=Owner("Job", "task")))
    assert [one.code for one in rehearse_drain(Cluster(NODES, some, (which,), (workload(),)), ["n0"]).blockers] == [
        code
    ]


# --- what becomes of pods ----------------------------------------------------------------------


def test_successors() -> None:
    some = (
        pod("web-0", node="n0"),
        pod("bare-0", node="n0", owner=None),
        pod("done-0", node="n0", phase="Succeeded", ready=False, owner=Owner("Job", "done")),
        pod("many-0", node="n0", owner=Owner("ReplicaSet", "many")),
        pod("many-1", node="n1", owner=Owner("ReplicaSet", "many")),
        pod("sick-0", node="n0", ready=False, owner=Owner("ReplicaSet", "sick")),
    )
    known = (workload(replicas=1), workload("many", 1, "ReplicaSet"), workload("sick", 1, "ReplicaSet"))
    found = rehearse_drain(Cluster(NODES, some, workloads=known), ["n0"], EVERYTHING_GOES)
    assert [(one.name, one.ready) for one in found.pods] == [("many-1", True), ("sick~1", False), ("web-0", True)]
    # One of many was more than wanted: it is not made anew either.
    assert found.as_dict()["lost"] == ["shop/bare-0", "shop/many-0"]


def test_a_stateful_set_makes_its_pods_in_order() -> None:
    """web-0 finds no node, so web-1, for which there is one, is not made; in parallel it is."""
    stuck = Placement(node_labels={"disk": "fast"})
    some = (pod("web-0", node="n0", placement=stuck), pod("web-1", node="n0"), pod("web-2", node="n1"))
    found = rehearse_drain(Cluster(NODES, some, workloads=(workload(ordered=True),)), ["n0"])
    assert [one.name for one in found.pods] == ["web-0", "web-2"]
    assert [one["reason"].split(";")[0] for one in found.as_dict()["homeless"]] == [
        "n0 is cordoned", "StatefulSet web makes it only when shop/web-0 is Ready"
    ]  # fmt: skip
    parallel = rehearse_drain(Cluster(NODES, some, workloads=(workload(),)), ["n0"])
    assert [(one.name, one.node) for one in parallel.pods] == [("web-0", ""), ("web-1", "n2"), ("web-2", "n1")]


def test_pods_that_come_back_in_order_are_all_awaited() -> None:
    some = tuple(pod(f"web-{number}", node="n0") for number in (2, 10, 1))
    found = rehearse_drain(Cluster(NODES, some, workloads=(workload(ordered=True),)), ["n0"])
    assert order(found) == [(1, "web-1"), (1, "web-10"), (1, "web-2")]
    assert all(one.ready for one in found.pods)


def test_what_goes_already_makes_room() -> None:
    """A pod that terminates is waited for; its successor counts from the next round on."""
    some = (pod("web-0", node="n0"), pod("web-1", node="n1", terminating=True), pod("web-2", node="n2"))
    found = rehearse_drain(Cluster(NODES, some, (budget(most="1"),), (workload(),)), ["n0"])
    assert order(found) == [(2, "web-0")]
    assert found.moves[0].after == ("shop/web-1",)


# --- the loop that the real drain shares -------------------------------------------------------


def test_loop_ends_when_waiting_is_over() -> None:
    asked: list[str] = []
    settled: list[int] = []

    def evict(one: Pod) -> Verdict:
        asked.append(one.name)
        return Verdict({"web-0": 201, "web-1": 429, "web-2": 500}[one.name])

    def settle(number: int) -> bool:
        settled.append(number)
        return number < 9

    attempts = work_off([pod(f"web-{number}") for number in range(3)], evict, settle, first_round=7)
    assert asked == ["web-0", "web-1", "web-2", "web-1", "web-1"]
    assert settled == [7, 8, 9]
    assert [attempt.round for attempt in attempts] == [7, 7, 7, 8, 9]


def test_loop_waits_for_what_goes_even_when_there_is_nothing_to_evict() -> None:
    settled: list[int] = []
    assert work_off([], lambda _: Verdict(201), lambda number: not settled.append(number)) == []
    assert settled == [1]


# --- against a drain step by step --------------------------------------------------------------


def read(things: dict[str, list[Any]]) -> Cluster:
    return Cluster(
        tuple(map(read_node, things["nodes"])),
        tuple(map(read_pod, things["pods"])),
        tuple(map(read_budget, things["budgets"])),
        tuple(map(read_workload, things["workloads"])),
    )


def drained_nodes(seed: int) -> list[str]:
    return random.Random(seed).choice([["n0"], ["n1"], ["n2"], ["n1", "n0"]])


def rehearsed_census(pods: tuple[Pod, ...]) -> Counter[Any]:
    """By namespace, owner, node, phase and readiness: a successor's name is its controller's to make up."""
    return Counter((one.namespace, str(one.owner), one.node, one.phase, one.ready) for one in pods)


def stepped_census(pods: list[dict[str, Any]]) -> Counter[Any]:
    return Counter(
        (
            one["metadata"]["namespace"],
            " ".join(stepwise.owner_of(one) or ["None"]),
            one["spec"].get("nodeName", ""),
            one["status"]["phase"],
            stepwise.is_ready(one),
        )
        for one in pods
    )


@pytest.mark.parametrize("patient", [True, False], ids=["patient", "every second"])
@pytest.mark.parametrize("seed", range(20))
def test_rehearsal_is_what_a_drain_step_by_step_does(seed: int, patient: bool) -> None:
    """Who tries every second gets the same, but where a StatefulSet brings its pods back one after the other."""
    things, nodes = layout(seed, ordered=patient), drained_nodes(seed)
    rehearsed = rehearse_drain(read(things), nodes, EVERYTHING_GOES)
    stepped = stepwise.drain(deepcopy(things), nodes, patient)
    assert [move.attempt.pod.key for move in rehearsed.moves] == stepped["order"]
    stuck = {blocker.pod: 500 if blocker.code == "two_budgets" else 429 for blocker in rehearsed.blockers}
    assert stuck == {"/".join(key): code for key, code in stepped["stuck"].items()}
    assert list(rehearsed.drained) == stepped["drained"]
    assert rehearsed_census(rehearsed.pods) == stepped_census(stepped["pods"])


def test_layouts_are_of_every_kind() -> None:
    """What is compared above is worth comparing: rounds, blockers of every kind that layouts make, what waits."""
    found = [rehearse_drain(read(layout(seed)), drained_nodes(seed), EVERYTHING_GOES) for seed in range(20)]
    codes = {blocker.code for one in found for blocker in one.blockers}
    assert sum(not one.blockers for one in found) >= 5
    assert {"budget_zero", "not_ready"} <= codes, codes
    assert sum(one.rounds >= 2 for one in found) >= 5
    assert any(one.homeless for one in found)
    assert any(one.lost for one in found)


# --- what always holds -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100, 200))
def test_laws(seed: int) -> None:
    things, nodes = read(layout(seed)), drained_nodes(seed)
    rehearsed = rehearse_drain(things, nodes, EVERYTHING_GOES)
    assert rehearsed == rehearse_drain(things, nodes, EVERYTHING_GOES)
    budgets_hold(World(things, nodes), rehearsed)
    nothing_is_lost(things, rehearsed)
    for name in rehearsed.drained:
        assert [one for one in rehearsed.pods if one.node == name and one not in rehearsed.left] == []


def budgets_hold(world: World, rehearsed: Rehearsal) -> None:
    """Told again, step by step: no eviction of a pod that was Ready leaves fewer than its budget wants."""
    number = 1
    for move in rehearsed.moves:
        while number < move.attempt.round:
            world.settle()
            number += 1
        one = next(one for one in world.pods if one.key == move.attempt.pod.key)
        assert world.evict(one).granted
        for which in world.budgets:
            if one.healthy and one.phase == "Running" and which.selects(one):
                status = world.status(which)
                assert status.healthy >= status.desired


def nothing_is_lost(things: Cluster, rehearsed: Rehearsal) -> None:
    """Each pod that ran runs still, waits, or is named as lost; nothing has come from nowhere."""
    waiting = {one.successor.key: one.successor for one in rehearsed.homeless if one.successor}
    before = Counter(owned(one for one in things.pods if one.active))
    going = Counter(owned(one for one in things.pods if one.terminating))
    lost = Counter(owned(rehearsed.lost))
    after = Counter(owned({**waiting, **{one.key: one for one in rehearsed.pods if one.active}}.values()))
    assert before - lost <= after <= before + going - lost


def owned(pods: Iterable[Pod]) -> list[tuple[str, Owner]]:
    return [(one.namespace, one.owner) for one in pods if one.owner]
