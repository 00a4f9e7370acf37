"""k8s_network_policy_set, as an API answers it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import policy, workload
from integration.kubernetes.modules import run_module
from integration.waiting import eventually
from kubernetes_double import KubernetesDouble, containers
from unit.kubernetes import second_opinion

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import Endpoint

MODULE = "k8s_network_policy_set"
LABEL = "omnimind.platform/policy-set"
WEB = {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 80}]}]}
API = {"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{"ports": [{"port": 8000}]}]}
DENY = {"policyTypes": ["Ingress", "Egress"]}
SET = (policy("web", **WEB), policy("api", **API), policy("deny", **DENY))
NOWHERE = {"omnimind.test/none": "such"}


def give(cluster: Cluster, namespace: str, policies: Sequence[Object] = SET, **options: Any) -> dict[str, Any]:
    return run_module(MODULE, cluster, namespace=namespace, policies=list(policies), **options)


def there(cluster: Cluster, namespace: str) -> dict[str, Object]:
    listed = cluster.ask("GET", f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies").body["items"]
    return {one["metadata"]["name"]: one for one in listed}


def talking(cluster: Cluster, namespace: str) -> None:
    """Two pods; no node takes them, and they have an address nevertheless as far as policies are concerned."""
    for app in ("web", "api"):
        spec = {"nodeSelector": NOWHERE, "containers": [{"name": app, "image": "example.invalid/web:1"}]}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": app, "labels": {"app": app}}, "spec": spec}
        assert cluster.create(manifest, namespace).status == 201


def test_first_in_check_mode_then_really_then_nothing_more(cluster: Cluster, namespace: str) -> None:
    told = give(cluster, namespace, check=True)
    assert told["changed"] and not there(cluster, namespace), told
    done = give(cluster, namespace)
    assert {**done, "invocation": 0} == {**told, "invocation": 0}
    assert done["steps"] == ["create web", "create api", "create deny"] and done["created"] == ["web", "api", "deny"]
    assert {one["metadata"]["labels"][LABEL] for one in there(cluster, namespace).values()} == {"platform"}
    again = give(cluster, namespace)
    assert not again["changed"] and again["diff"] == {"before": {}, "after": {}}


def test_a_hole_made_by_hand_is_closed_and_named(cluster: Cluster, namespace: str) -> None:
    talking(cluster, namespace)
    give(cluster, namespace)
    hole = {"spec": {"egress": [{}]}}
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/deny"
    assert cluster.ask("PATCH", path, hole, "application/merge-patch+json").status == 200
    healed = give(cluster, namespace)
    assert healed["replaced"] == ["deny"]
    assert any(one["ports"] == "80" and f"{namespace}/web" in one["destinations"] for one in healed["closed"]), healed
    assert "egress" not in there(cluster, namespace)["deny"]["spec"]


def test_what_left_the_set_goes_and_what_others_made_stays(cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace)
    cluster.create(policy("theirs", **WEB), namespace)
    give(cluster, namespace, [policy("else", **API)], name="another")
    changed = give(cluster, namespace, [SET[0], SET[2]])
    assert changed["removed"] == ["api"] and changed["steps"] == ["remove api"]
    assert set(there(cluster, namespace)) == {"web", "deny", "theirs", "else"}
    gone = run_module(MODULE, cluster, namespace=namespace, state="absent")
    assert gone["steps"] == ["remove deny", "remove web"], "nothing is cut meanwhile"
    assert set(there(cluster, namespace)) == {"theirs", "else"}
    assert not run_module(MODULE, cluster, namespace=namespace, state="absent")["changed"]


def test_a_policy_of_others_is_taken_over_only_when_asked(cluster: Cluster, namespace: str) -> None:
    cluster.create(policy("web", **API), namespace)
    refused = give(cluster, namespace)
    assert refused["failed"] and "policies: there is a web already, of no set" in refused["msg"]
    assert set(there(cluster, namespace)) == {"web"}
    assert give(cluster, namespace, adopt=True)["replaced"] == ["web"]


BAD: dict[str, dict[str, Any]] = {
    "policies[0]: NetworkPolicy none/web: spec.ingres: there is no such field": {
        "policies": [policy("web", ingres=[])]
    },
    "name: 'A b' is no name": {"name": "A b"},
    "expected: 1 are not as expected:\nflows[0]: ": {
        "expected": [{"from": {"labels": {"app": "api"}}, "to": {"labels": {"app": "web"}}, "port": 80}]
    },
    "flows[0].from: there is no": {"expected": [{"from": "nobody", "to": "web", "port": 80}]},
}


@pytest.mark.parametrize("message", BAD)
def test_nothing_is_changed_by_what_is_refused(
    double: KubernetesDouble, cluster: Cluster, namespace: str, message: str
) -> None:
    talking(cluster, namespace)
    double.forget_log()
    options = {"policies": list(SET), **BAD[message]}
    refused = run_module(MODULE, cluster, namespace=namespace, **options)
    assert refused["failed"] and message.replace("none", namespace) in refused["msg"], refused["msg"]
    assert double.changes() == []


def test_a_namespace_that_is_not_there(cluster: Cluster) -> None:
    refused = give(cluster, "omnimind-nowhere")
    assert refused["failed"] and refused["msg"].startswith("namespace: there is no 'omnimind-nowhere'")
    assert give(cluster, "omnimind-nowhere", check=True)["created"] == ["web", "api", "deny"]
    gone = run_module(MODULE, cluster, namespace="omnimind-nowhere", state="absent")
    assert (gone["failed"], gone["changed"], gone["steps"]) == (False, False, []), gone


def test_who_may_not_is_told_before_the_first_change(
    double: KubernetesDouble, cluster: Cluster, namespace: str
) -> None:
    give(cluster, namespace, [SET[0]])
    double.deny("delete", "networkpolicies")
    refused = give(cluster, namespace, [SET[1]])
    assert refused["failed"] and "NetworkPolicy" in refused["msg"] and "cannot be removed" in refused["msg"]
    assert set(there(cluster, namespace)) == {"web"}


def test_what_was_there_is_back_when_a_step_fails(cluster: Cluster, namespace: str) -> None:
    """Each of two fits into the quota, which is all that a rehearsal can ask."""
    give(cluster, namespace, [SET[0]])
    quota = {
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
        "spec": {"hard": {"count/networkpolicies.networking.k8s.io": "2"}},
    }  # fmt: skip
    assert cluster.create(quota, namespace).status == 201
    before = there(cluster, namespace)["web"]["spec"]
    refused = give(cluster, namespace, [policy("web", **API), SET[1], SET[2]])
    assert refused["failed"] and refused["restored"] is True, refused
    assert refused["msg"].endswith("The former policies are back")
    found = there(cluster, namespace)
    assert set(found) == {"web"} and found["web"]["spec"] == before


# --- probes --------------------------------------------------------------------------------------

COMPONENTS = {app: {"labels": {"app": app}} for app in ("web", "api", "other")}
FLOWS = (
    {"from": "web", "to": "api", "port": 8000},
    {"from": "other", "to": "api", "port": 8000, "allowed": False},
)
FROM_WEB = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 8000}]}
TO_API = {"to": [{"podSelector": {"matchLabels": {"app": "api"}}}]}
PROVED = [
    policy("web", podSelector={"matchLabels": {"app": "web"}}, egress=[TO_API], policyTypes=["Ingress", "Egress"]),
    policy("api", podSelector={"matchLabels": {"app": "api"}}, ingress=[FROM_WEB], policyTypes=["Ingress", "Egress"]),
    policy("deny", **DENY),
]


@pytest.fixture
def listening(double: KubernetesDouble, namespace: str) -> Iterator[str]:
    """A Deployment `api` whose pods are led to a port of this machine, by a network that holds to the policies."""
    double.add_nodes("one")
    double.create("Deployment", workload("Deployment", "api", 2), namespace)
    double.settle()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))

        def reaches(source: Object, host: str, port: int) -> tuple[str, int]:
            pods = {one["status"].get("podIP"): one for one in double.list("Pod", namespace)}
            ends = [
                Endpoint(one["metadata"]["name"], namespace, labels=one["metadata"]["labels"])
                for one in (source, pods[host])
            ]
            policies = double.list("NetworkPolicy", namespace)
            names = {namespace: {}}
            open_ = port == 8000 and second_opinion.allowed(policies, names, *ends, port, "TCP", 4)
            return (server if open_ else closed).getsockname()

        double.controllers.kubelets.runs = lambda pod: containers.run(pod, reaches)
        with double.running():
            yield namespace


def probed(
    cluster: Cluster, namespace: str, policies: list[Object], flows: Sequence[Object] = FLOWS, **options: Any
) -> Any:
    how = {"components": COMPONENTS, "probe_image": "example.invalid/python:3", "probe_seconds": 1, **options}
    return give(cluster, namespace, policies, probes=list(flows), **how)


def test_what_is_tried_is_as_expected(double: KubernetesDouble, cluster: Cluster, listening: str) -> None:
    assert probed(cluster, listening, PROVED, check=True)["probes"] == []
    assert len(double.list("Pod", listening)) == 2 and not double.list("NetworkPolicy", listening)
    done = probed(cluster, listening, PROVED)
    assert [(one["source"], one["reached"]) for one in done["probes"]] == [
        ("web", True), ("web", True), ("other", False), ("other", False),
    ]  # fmt: skip
    assert eventually(lambda: len(double.list("Pod", listening)) == 2), "what tried is gone"


@pytest.mark.parametrize(
    "left_out, complaint", [(0, "shall connect, and does not"), (2, "shall not connect, and does")]
)
def test_the_former_set_is_back_when_it_is_not(cluster: Cluster, listening: str, left_out: int, complaint: str) -> None:
    """Without a policy of its own web may send nothing; without the one that denies all others may send everything."""
    former = policy("former", podSelector={"matchLabels": {"app": "nobody"}})
    give(cluster, listening, [former])
    wrong = [one for number, one in enumerate(PROVED) if number != left_out]
    if left_out == 2:
        wrong[1] = policy("api", podSelector={"matchLabels": {"app": "api"}}, ingress=[{}], policyTypes=["Ingress"])
    refused = probed(cluster, listening, wrong)
    assert refused["failed"] and complaint in refused["msg"] and refused["restored"] is True, refused
    assert any(one["reached"] != one["expected"] for one in refused["probes"])
    assert set(there(cluster, listening)) == {"former"}
    assert eventually(lambda: len(cluster.ask("GET", f"/api/v1/namespaces/{listening}/pods").body["items"]) == 2)


BAD_PROBES: dict[str, dict[str, Any]] = {
    "probe_image: it is missing": {"probe_image": None},
    "probe_seconds: it is a number of seconds, above 0": {"probe_seconds": 0},
    "probes[0].from: there is no component 'we'; is it web?": {"flows": [{"from": "we", "to": "api", "port": 1}]},
    "probes[0]: it has one of to and host": {"flows": [{"from": "web", "port": 1}]},
    "probes[0].port: it is the number of one port, not 'http'": {
        "flows": [{"from": "web", "to": "api", "port": "http"}]
    },
    "probes[0].to: no pod of web is Ready": {"flows": [{"from": "api", "to": "web", "port": 80}]},
    "probes[0]: nobody else shall reach api at TCP 8000": {"flows": [FLOWS[1]]},
}


@pytest.mark.parametrize("message", BAD_PROBES)
def test_probes_that_prove_nothing_are_refused(cluster: Cluster, listening: str, message: str) -> None:
    refused = probed(cluster, listening, PROVED, **BAD_PROBES[message])
    assert refused["failed"] and refused["msg"].startswith(message), refused["msg"]
    assert not there(cluster, listening)


def test_an_image_without_python_is_told(double: KubernetesDouble, cluster: Cluster, listening: str) -> None:
    double.controllers.kubelets.runs = lambda pod: (127, "")
    refused = probed(cluster, listening, PROVED)
    assert "ended without an answer. Has probe_image, which is example.invalid/python:3, a python3?" in refused["msg"]
    assert refused["restored"] is True and not there(cluster, listening)
