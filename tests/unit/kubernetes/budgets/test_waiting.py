"""What a drain waits for after evictions, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.metadata import Owner
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.nodes import Node
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.placement import Placement
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.workloads import Workload
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.world import Cluster
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.waiting import Awaited
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.observing import Observation
from unit.kubernetes.budgets.making import pod, workload

NODES = (Node("a", cordoned=True), Node("b"))
NOWHERE = Placement(node_labels={"disk": "none"})
FEWER = ["StatefulSet shop/web has 2 pods that are Ready, of 3"]


def seen(pods: Iterable[Pod], *workloads: Workload) -> Observation:
    """Each pod has its name and its node for a uid: a successor is another object."""
    some = tuple(pods)
    cluster = Cluster(NODES, some, (), workloads or (workload(),))
    return Observation(cluster, {one.key: f"{one.name}@{one.node}" for one in some})


def three(*states: dict[str, Any]) -> list[Pod]:
    """web-0 to web-2 on the node a, unless a state says otherwise."""
    return [pod(f"web-{number}", **{"node": "a", **state}) for number, state in enumerate(states)]


def after(before: list[Pod], now: list[Pod], *workloads: Workload) -> list[str]:
    """What is missing when the first of these was evicted."""
    awaited = Awaited()
    awaited.expect(before[0], seen(before, *workloads))
    return awaited.missing(seen(now, *workloads))


def test_a_pod_is_gone_and_another_is_ready() -> None:
    before = three({}, {}, {})
    assert after(before, three({"terminating": True}, {}, {})) == ["shop/web-0 on a is still going", *FEWER]
    assert after(before, before[1:]) == FEWER, "none is made yet"
    assert after(before, three({"node": "b", "ready": False}, {}, {})) == FEWER
    assert after(before, three({"node": "b"}, {}, {})) == []


def test_what_was_not_evicted_is_not_waited_for() -> None:
    awaited, before = Awaited(), three({}, {}, {})
    awaited.expect(before[0], seen(before))
    awaited.forget(before[0], seen(before))
    assert awaited.missing(seen(before)) == []


def test_what_nobody_makes_is_only_waited_for_until_it_is_gone() -> None:
    for owner in (None, Owner("Job", "web")):
        before = three({"owner": owner}, {}, {})
        assert after(before, before) == ["shop/web-0 on a is still going"]
        assert after(before, before[1:]) == []


def test_a_successor_that_no_node_takes() -> None:
    stuck = {"node": "", "ready": False, "phase": "Pending", "placement": NOWHERE}
    before = three({}, {}, {})
    assert after(before, three(stuck, {}, {})) == []
    assert after(before, three({**stuck, "placement": Placement()}, {}, {})) == FEWER, "the scheduler is slow"
    # One that was stuck already stands for none that is missing.
    assert after(three({}, {}, stuck), three({"ready": False}, {}, stuck)) != []
    assert after(three({}, {}, stuck), three({"node": "b"}, {}, stuck)) == []


def test_what_was_not_ready_need_not_be() -> None:
    before = three({"ready": False}, {}, {})
    assert after(before, before[1:]) == FEWER, "but it must be there"
    assert after(before, three({"node": "b", "ready": False}, {}, {})) == []
    assert after(before, three({"node": "b", "ready": False}, {}, {"ready": False})) != [], "another has failed"


def test_a_stateful_set_that_goes_by_order() -> None:
    ordered = workload(ordered=True)
    before = three({}, {"ready": False}, {})
    awaited = Awaited()
    for one in (before[0], before[2]):
        awaited.expect(one, seen(before, ordered))
    again = three({"node": "b"}, {"ready": False})
    assert awaited.missing(seen(again, ordered)) == [], "web-2 is not made while web-1 is not Ready"
    assert awaited.missing(seen(again, workload())) != []
    assert awaited.missing(seen(again[1:], ordered)) != [], "web-0 is"


def test_fewer_are_wanted_meanwhile() -> None:
    before = three({}, {}, {})
    awaited = Awaited()
    awaited.expect(before[0], seen(before))
    assert awaited.missing(seen(before[1:], workload(replicas=2))) == []
    assert awaited.missing(seen([], workload("other"))) == [], "none at all"


def test_a_controller_of_an_unknown_kind() -> None:
    before = [pod(f"web-{number}", node="a", owner=Owner("Rollout", "web")) for number in range(2)]
    assert after(before, before[1:]) == ["Rollout shop/web has 1 pods that are Ready, of 2"]
    assert after(before, [before[1], pod("web-9", node="b", owner=Owner("Rollout", "web"))]) == []
