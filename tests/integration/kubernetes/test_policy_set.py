"""k8s_network_policy_set, as an API answers it."""

from __future__ import annotations

from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import policy
from integration.kubernetes.modules import run_module
from kubernetes_double import KubernetesDouble

MODULE = "k8s_network_policy_set"
LABEL = "omnimind.platform/policy-set"
WEB = {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 80}]}]}
API = {"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{"ports": [{"port": 8000}]}]}
DENY = {"policyTypes": ["Ingress", "Egress"]}
SET = [policy("web", **WEB), policy("api", **API), policy("deny", **DENY)]
NOWHERE = {"wanted": "by nobody"}


def give(cluster: Cluster, namespace: str, policies: list[Object] = SET, **options: Any) -> dict[str, Any]:
    return run_module(MODULE, cluster, namespace=namespace, policies=policies, **options)


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
    options = {"policies": SET, **BAD[message]}
    refused = run_module(MODULE, cluster, namespace=namespace, **options)
    assert refused["failed"] and message.replace("none", namespace) in refused["msg"], refused["msg"]
    assert double.changes() == []


def test_a_namespace_that_is_not_there(cluster: Cluster) -> None:
    refused = give(cluster, "omnimind-nowhere")
    assert refused["failed"] and refused["msg"].startswith("namespace: there is no 'omnimind-nowhere'")
    assert give(cluster, "omnimind-nowhere", check=True)["created"] == ["web", "api", "deny"]


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
