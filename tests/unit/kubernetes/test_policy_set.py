"""How a namespace gets from one set of policies to another, judged by the second opinion after every step."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from unit.kubernetes import random_policies, second_opinion
from unit.kubernetes.talking import CLUSTER, manifest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import Cluster
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.flows import OWN_LABEL
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policy_set import (
    CREATE,
    REMOVE,
    Object,
    Plan,
    find_cuts,
    intended,
    plan_steps,
    read_set,
)

DENY = {"policyTypes": ["Ingress", "Egress"]}
TO_WEB = {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 80}]}]}
TO_API = {"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{"ports": [{"port": 8000}]}]}
EVERYTHING = {"podSelector": {}, "ingress": [{}]}


def a_set(**specs: Any) -> dict[str, Object]:
    return read_set("web", "shop", [manifest(spec, name) for name, spec in specs.items()])


def states(live: dict[str, Object], plan: Plan) -> Iterator[dict[str, Object]]:
    """What is there after each step, as an API would have it."""
    now = dict(live)
    for step in plan.steps:
        assert (step.name in now) == (step.action != CREATE), "the API would refuse it"
        if step.action == REMOVE:
            del now[step.name]
        else:
            now[step.name] = step.manifest
        yield dict(now)


def cuts(live: dict[str, Object], after: dict[str, Object]) -> list[str]:
    return [str(cut) for cut in find_cuts(live, plan_steps(live, after).steps, CLUSTER)]


def actions(plan: Plan) -> list[str]:
    return [f"{step.action} {step.name}" for step in plan.steps]


# --- any set to any other ------------------------------------------------------------------------


def halves(policies: dict[str, Object], cluster: Cluster, told: set[tuple[str, str]]) -> set[tuple[Any, ...]]:
    """What ends of flows allow, but for pods and directions of which it is told that they are cut."""
    allowed = set()
    for pod in cluster.endpoints:
        for other in cluster.endpoints if pod.policed and pod.namespace == "one" else ():
            for kind in ("Egress", "Ingress"):
                for port, protocol in random_policies.PORTS if (str(pod), kind.lower()) not in told else ():
                    to = other if kind == "Egress" else pod
                    for ip in (4, 6):
                        asked = (kind, pod, other, to, port, protocol, ip)
                        if second_opinion.side([*policies.values()], cluster.namespaces, *asked):
                            allowed.add((kind, str(pod), str(other), port, protocol, ip))
    return allowed


def random_set(random: Random) -> dict[str, Object]:
    names = random.sample(["a", "b", "c", "d", "e"], random.randrange(6))
    return read_set("s", "one", [random_policies.policy(random, name, "one") for name in names])


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_cut_and_nothing_is_opened_on_the_way(seed: int) -> None:
    random = Random(seed)
    cluster = random_policies.cluster(random, 8)
    live, after = random_set(random), random_set(random)
    told = {(pod, cut.direction) for cut in find_cuts(live, plan_steps(live, after).steps, cluster) for pod in cut.pods}
    first, last = halves(live, cluster, told), halves(after, cluster, told)
    found = list(states(live, plan_steps(live, after)))
    for state in found:
        allowed = halves(state, cluster, told)
        assert first & last <= allowed
        assert allowed <= first | last
    assert (found[-1] if found else live).keys() == after.keys()
    assert {n: m["spec"] for n, m in (found[-1] if found else live).items()} == {n: m["spec"] for n, m in after.items()}
    assert not plan_steps(after, after).steps


# --- the order -----------------------------------------------------------------------------------


def test_what_denies_is_made_last_and_removed_first() -> None:
    policies = a_set(deny=DENY, web=TO_WEB, api=TO_API)
    assert actions(plan_steps({}, policies)) == ["create web", "create api", "create deny"]
    assert actions(plan_steps(policies, {})) == ["remove deny", "remove web", "remove api"]


def test_what_moves_from_one_to_another_is_allowed_twice_for_a_while() -> None:
    both = {**TO_WEB, "ingress": [{"ports": [{"port": 80}]}, {"ports": [{"port": 81}]}]}
    plan = plan_steps(a_set(one=both, two=TO_WEB, deny=DENY), a_set(one=TO_WEB, two=both, deny=DENY))
    assert actions(plan) == [
        "create one.next", "create two.next", "replace one", "replace two", "remove one.next", "remove two.next",
    ]  # fmt: skip
    assert plan.created == plan.removed == () and plan.replaced == ("one", "two")
    assert all(
        step.manifest["metadata"]["labels"] == {OWN_LABEL: "web"} for step in plan.steps
    ), "a next run removes it"


def test_one_alone_is_replaced_at_once() -> None:
    plan = plan_steps(a_set(one=TO_WEB, deny=DENY), a_set(one=TO_API, deny=DENY))
    assert actions(plan) == ["replace one"]


def test_two_that_isolate_a_pod_together_are_told() -> None:
    again = {**TO_WEB, "ingress": [{"ports": [{"port": 81}]}]}
    (told,) = cuts({}, a_set(one=TO_WEB, two=again))
    assert told == "until one and two are all made, ingress of shop/web is cut that only one of them allows"
    assert not cuts(a_set(deny=DENY), a_set(deny=DENY, one=TO_WEB, two=again)), "it is isolated already"
    (told,) = cuts(a_set(one=TO_WEB, two=again), {})
    assert told == "until one and two are all removed, ingress of shop/web is cut that only one of them allows"


# --- what is intended ----------------------------------------------------------------------------


def test_what_the_api_fills_in_is_no_change() -> None:
    live = a_set(web=TO_WEB)
    live["web"] = {**live["web"], "spec": {**TO_WEB, "policyTypes": ["Ingress"]}, "status": {}}
    live["web"]["spec"]["ingress"] = [{"ports": [{"port": 80, "protocol": "TCP"}]}]
    assert not plan_steps(live, intended(live, a_set(web=TO_WEB), "web")).steps


def test_notes_of_others_stay_and_a_hole_goes() -> None:
    live = a_set(web={**TO_WEB, "egress": [{}], "policyTypes": ["Ingress", "Egress"]})
    live["web"]["metadata"] |= {"annotations": {"by": "hand"}, "resourceVersion": "7", "managedFields": [{}]}
    live["web"]["metadata"]["labels"] = {**live["web"]["metadata"]["labels"], "team": "a"}
    (step,) = plan_steps(live, intended(live, a_set(web=TO_WEB), "web")).steps
    assert step.manifest["spec"] == TO_WEB
    assert step.manifest["metadata"] == {
        "name": "web", "namespace": "shop", "resourceVersion": "7",
        "labels": {OWN_LABEL: "web", "team": "a"}, "annotations": {"by": "hand"},
    }  # fmt: skip


def test_others_are_left_alone() -> None:
    theirs = manifest(EVERYTHING, "debug")
    live = {**a_set(old=TO_WEB), "debug": theirs, "other": manifest(DENY, "other")}
    live["other"]["metadata"]["labels"] = {OWN_LABEL: "another"}
    plan = plan_steps(live, intended(live, a_set(web=TO_WEB), "web"))
    assert actions(plan) == ["create web", "remove old"]


@pytest.mark.parametrize("owner", ["", "another"])
def test_a_name_that_is_taken_is_refused_unless_it_is_adopted(owner: str) -> None:
    live = {"web": manifest(EVERYTHING, "web")}
    live["web"]["metadata"] |= {"labels": {OWN_LABEL: owner}} if owner else {}
    with pytest.raises(ManifestError, match=f"policies: there is a web already, of {'the' if owner else 'no'} set"):
        intended(live, a_set(web=TO_WEB), "web")
    plan = plan_steps(live, intended(live, a_set(web=TO_WEB), "web", adopt=True))
    assert actions(plan) == ["replace web"] and plan.steps[0].manifest["metadata"]["labels"] == {OWN_LABEL: "web"}


BAD = {
    "name: ": ("Web", "shop", []),
    "namespace: ": ("web", "a.b", []),
    "policies: it is a list": ("web", "shop", {}),
    "policies[0]: NetworkPolicy.kindd: there is no such field": ("web", "shop", [{"kindd": "NetworkPolicy"}]),
    "policies[1]: NetworkPolicy shop/b: spec.ingres: ": ("web", "shop", [manifest({}), manifest({"ingres": []}, "b")]),
    "policies[0]: store/rule is not in the namespace shop": ("web", "shop", [manifest({}, "rule", "store")]),
    "policies[1]: shop/rule is there twice": ("web", "shop", [manifest({}), manifest({})]),
    f"policies[0]: its label {OWN_LABEL} says that it is of the set 'x'": (
        "web", "shop", [{**manifest({}), "metadata": {"name": "rule", "labels": {OWN_LABEL: "x"}}}]
    ),
}  # fmt: skip


@pytest.mark.parametrize("complaint", BAD)
def test_bad_sets_are_refused(complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_set(*BAD[complaint])
    assert refused.value.message.startswith(complaint)
