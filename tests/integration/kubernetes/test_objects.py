"""What a cluster does with objects: made, read, chosen, changed, removed, watched."""

from __future__ import annotations

import json
import threading
import time

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import config_map, pod, policy, service, workload
from kubernetes import client, watch


def own(names: list[str]) -> list[str]:
    """Without the certificates that clusters put into every namespace."""
    return [name for name in names if not name.endswith("ca.crt")]


def test_the_version_and_the_kinds_are_told(cluster: Cluster) -> None:
    assert cluster.ask("get", "/version").body["gitVersion"].startswith("v")
    for kind in ("NetworkPolicy", "PodDisruptionBudget", "StatefulSet", "Namespace"):
        found = cluster.resource(kind)
        assert (found.kind, found.namespaced) == (kind, kind != "Namespace")
    groups = {group["name"] for group in cluster.ask("get", "/apis").body["groups"]}
    assert {"apps", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"} <= groups
    assert cluster.ask("get", "/apis/omnimind.invalid/v1").status == 404


def test_a_namespace_has_its_name_as_a_label(cluster: Cluster, namespace: str) -> None:
    found = cluster.read("Namespace", "", namespace).body
    assert found["metadata"]["labels"]["kubernetes.io/metadata.name"] == namespace
    assert found["status"]["phase"] == "Active"


def test_what_is_made_is_given_an_identity(cluster: Cluster, namespace: str) -> None:
    made = cluster.create(policy("deny"), namespace)
    assert made.status == 201
    metadata = made.body["metadata"]
    assert metadata["uid"] and metadata["creationTimestamp"].endswith("Z") and metadata["generation"] == 1
    assert int(metadata["resourceVersion"]) > 0
    assert cluster.read("NetworkPolicy", namespace, "deny").body == made.body
    again = cluster.create(policy("deny"), namespace)
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")
    assert again.message == 'networkpolicies.networking.k8s.io "deny" already exists'


def test_a_name_can_be_generated(cluster: Cluster, namespace: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "one-"}}
    names = {cluster.create(manifest, namespace).body["metadata"]["name"] for _attempt in range(3)}
    assert len(names) == 3 and all(name.startswith("one-") and len(name) == 9 for name in names)


def test_what_is_not_there(cluster: Cluster, namespace: str) -> None:
    answer = cluster.read("NetworkPolicy", namespace, "none")
    assert (answer.status, answer.body["reason"]) == (404, "NotFound")
    assert answer.message == 'networkpolicies.networking.k8s.io "none" not found'
    nowhere = cluster.create(config_map("a"), "omnimind-no-such")
    assert (nowhere.status, nowhere.message) == (404, 'namespaces "omnimind-no-such" not found')
    assert cluster.list("ConfigMap", "omnimind-no-such") == []


def test_a_list_says_what_it_is(cluster: Cluster, namespace: str) -> None:
    cluster.create(policy("deny"), namespace)
    found = cluster.ask("get", cluster.path("NetworkPolicy", namespace)).body
    assert (found["kind"], found["apiVersion"]) == ("NetworkPolicyList", "networking.k8s.io/v1")
    assert int(found["metadata"]["resourceVersion"]) > 0
    assert "kind" not in found["items"][0]
    assert namespace in {one["metadata"]["namespace"] for one in cluster.list("NetworkPolicy")}


def test_labels_and_fields_choose(cluster: Cluster, namespace: str) -> None:
    for name, labels in (("a", {"app": "web", "tier": "front"}), ("b", {"app": "web"}), ("c", {"app": "redis"})):
        cluster.create(config_map(name, labels=labels), namespace)

    def chosen(labels: str) -> list[str]:
        return own(cluster.names("ConfigMap", namespace, labelSelector=labels))

    assert chosen("app=web") == ["a", "b"]
    assert chosen("app==web,tier!=front") == ["b"]
    assert chosen("app in (web, redis),!tier") == ["b", "c"]
    assert chosen("app notin (web)") == ["c"]
    assert chosen("tier") == ["a"]
    assert cluster.names("ConfigMap", namespace, fieldSelector="metadata.name=c") == ["c"]
    for name in ("placed", "free"):
        cluster.create(pod(name), namespace)
    assert cluster.names("Pod", namespace, fieldSelector="spec.nodeName=") == ["free", "placed"]
    assert cluster.names("Pod", namespace, fieldSelector="spec.nodeName=elsewhere") == []
    refused = cluster.ask("get", cluster.path("Pod", namespace), fieldSelector="spec.color=red")
    assert refused.status == 400 and "field label not supported: spec.color" in refused.message
    assert cluster.ask("get", cluster.path("Pod", namespace), labelSelector="a=b=c").status == 400


def test_a_list_comes_in_pages(cluster: Cluster, namespace: str) -> None:
    for index in range(5):
        cluster.create(config_map(f"page-{index}", labels={"page": "yes"}), namespace)
    path, names, following = cluster.path("ConfigMap", namespace), [], ""
    for _page in range(5):
        more = {"continue": following} if following else {}
        found = cluster.ask("get", path, limit=2, labelSelector="page=yes", **more).body
        names += [one["metadata"]["name"] for one in found["items"]]
        following = found["metadata"].get("continue", "")
        if not following:
            break
    assert names == [f"page-{index}" for index in range(5)]


def test_who_changes_an_old_version_is_told(cluster: Cluster, namespace: str) -> None:
    old = cluster.create(config_map("a", {"x": "1"}), namespace).body
    new = cluster.replace({**old, "data": {"x": "2"}}, namespace).body
    assert int(new["metadata"]["resourceVersion"]) > int(old["metadata"]["resourceVersion"])
    refused = cluster.replace({**old, "data": {"x": "3"}}, namespace)
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version" in refused.message
    assert cluster.replace(config_map("a", {"x": "4"}), namespace).status == 200, "no version: whatever is there"
    kept = cluster.read("ConfigMap", namespace, "a").body
    assert kept["data"] == {"x": "4"} and kept["metadata"]["uid"] == old["metadata"]["uid"]


def test_a_generation_counts_what_is_wanted(cluster: Cluster, namespace: str) -> None:
    made = cluster.create(policy("deny"), namespace).body
    labelled = cluster.patch("NetworkPolicy", namespace, "deny", {"metadata": {"labels": {"a": "b"}}}).body
    assert labelled["metadata"]["generation"] == 1
    changed = cluster.patch("NetworkPolicy", namespace, "deny", {"spec": {"policyTypes": ["Egress"]}}).body
    assert changed["metadata"]["generation"] == 2
    same = cluster.patch("NetworkPolicy", namespace, "deny", {"spec": {"policyTypes": ["Egress"]}}).body
    assert same["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"], "nothing was changed"
    assert int(made["metadata"]["resourceVersion"]) < int(changed["metadata"]["resourceVersion"])


def test_what_is_silent_is_filled_in(cluster: Cluster, namespace: str) -> None:
    spec = {"egress": [{"ports": [{"port": 53}]}], "ingress": []}
    found = cluster.create(policy("some", **spec), namespace).body["spec"]
    assert found["policyTypes"] == ["Ingress", "Egress"]
    assert found["egress"] == [{"ports": [{"port": 53, "protocol": "TCP"}]}]
    assert "ingress" not in found, "an empty list is as good as none"
    strategy = cluster.create(workload("Deployment", "web", 0), namespace).body["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    address = cluster.create(service("web"), namespace).body["spec"]
    assert address["clusterIP"].count(".") == 3 and address["ports"][0]["targetPort"] == 80
    assert cluster.create(service("none", clusterIP="None"), namespace).body["spec"]["clusterIP"] == "None"


def test_quantities_are_written_one_way(cluster: Cluster, namespace: str) -> None:
    resources = {"requests": {"cpu": 0.5, "memory": "1024Mi"}, "limits": {"cpu": "1000m", "memory": "1.5Gi"}}
    spec = {"containers": [{"name": "web", "image": "example.invalid/web:1", "resources": resources}]}
    made = cluster.create(pod("a", **spec), namespace).body["spec"]["containers"][0]["resources"]
    assert made == {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1536Mi"}}


def test_some_things_may_not_change(cluster: Cluster, namespace: str) -> None:
    cluster.create(config_map("sealed", immutable=True), namespace)
    answer = cluster.patch("ConfigMap", namespace, "sealed", {"data": {"a": "2"}})
    assert answer.status == 422
    assert answer.message == (
        'ConfigMap "sealed" is invalid: data: Forbidden: field is immutable when `immutable` is set'
    )
    assert cluster.patch("ConfigMap", namespace, "sealed", {"metadata": {"labels": {"a": "b"}}}).status == 200
    cluster.create(workload("StatefulSet", "redis", 0), namespace)
    answer = cluster.patch("StatefulSet", namespace, "redis", {"spec": {"serviceName": "other"}})
    assert answer.status == 422 and "updates to statefulset spec for fields other than" in answer.message
    assert cluster.patch("StatefulSet", namespace, "redis", {"spec": {"minReadySeconds": 3}}).status == 200
    cluster.create(workload("Deployment", "web", 0), namespace)
    selector = {"spec": {"selector": {"matchLabels": {"app": "web", "more": "x"}}}}
    template = {"spec": {"template": {"metadata": {"labels": {"more": "x"}}}}}
    answer = cluster.patch("Deployment", namespace, "web", {"spec": {**selector["spec"], **template["spec"]}})
    assert answer.status == 422 and "field is immutable" in answer.message


def test_a_status_is_not_for_everybody(cluster: Cluster, namespace: str) -> None:
    made = cluster.create({**workload("Deployment", "web", 0), "status": {"replicas": 9}}, namespace).body
    assert made.get("status", {}).get("replicas", 0) == 0
    made["status"] = {"replicas": 9}
    made["metadata"].pop("resourceVersion")
    assert cluster.replace(made, namespace).body.get("status", {}).get("replicas", 0) == 0


def test_a_rehearsal_changes_nothing(cluster: Cluster, namespace: str) -> None:
    tried = cluster.create(config_map("a"), namespace, dryRun="All")
    assert tried.status == 201 and tried.body["metadata"]["uid"]
    assert cluster.read("ConfigMap", namespace, "a").status == 404
    made = cluster.create(config_map("a"), namespace).body
    assert cluster.replace(config_map("a", {"x": "y"}), namespace, dryRun="All").body["data"] == {"x": "y"}
    assert cluster.patch("ConfigMap", namespace, "a", {"data": {"b": "2"}}, dryRun="All").body["data"] == {
        "a": "1",
        "b": "2",
    }
    applied = config_map("a", {"a": "9"})
    answer = cluster.patch("ConfigMap", namespace, "a", applied, "apply", dryRun="All", fieldManager="me", force=True)
    assert answer.body["data"] == {"a": "9"}
    assert cluster.delete("ConfigMap", namespace, "a", dryRun="All").status == 200
    assert (
        cluster.delete(
            "ConfigMap", namespace, "a", {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}
        ).status
        == 200
    )
    assert cluster.read("ConfigMap", namespace, "a").body == made
    assert cluster.create(config_map("b"), namespace, dryRun="Some").status in (400, 422)


def test_things_go(cluster: Cluster, namespace: str) -> None:
    made = cluster.create(config_map("a"), namespace).body
    wrong = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "another"}}
    assert cluster.delete("ConfigMap", namespace, "a", wrong).status == 409
    right = {**wrong, "preconditions": {"uid": made["metadata"]["uid"]}}
    gone = cluster.delete("ConfigMap", namespace, "a", right)
    assert (gone.status, gone.body["status"]) == (200, "Success")
    assert cluster.delete("ConfigMap", namespace, "a").status == 404
    for name in ("b", "c"):
        cluster.create(config_map(name, labels={"go": "yes"}), namespace)
    cluster.create(config_map("d"), namespace)
    cluster.ask("delete", cluster.path("ConfigMap", namespace), labelSelector="go=yes")
    assert own(cluster.names("ConfigMap", namespace)) == ["d"]


def test_options_in_the_body_of_a_deletion_outweigh_the_query(cluster: Cluster, namespace: str) -> None:
    """A rehearsal that says so in the query alone is none when there is a body."""
    options = {"kind": "DeleteOptions", "apiVersion": "v1"}
    for name, body in (("a", None), ("b", {**options, "dryRun": ["All"]}), ("c", options)):
        cluster.create(config_map(name), namespace)
        assert cluster.delete("ConfigMap", namespace, name, body, dryRun="All").status == 200
    assert own(cluster.names("ConfigMap", namespace)) == ["a", "b"]


def test_a_finalizer_keeps_what_is_to_go(cluster: Cluster, namespace: str) -> None:
    manifest = config_map("kept")
    manifest["metadata"]["finalizers"] = ["omnimind.test/kept"]
    cluster.create(manifest, namespace)
    cluster.delete("ConfigMap", namespace, "kept")
    assert cluster.read("ConfigMap", namespace, "kept").body["metadata"]["deletionTimestamp"]
    cluster.patch("ConfigMap", namespace, "kept", {"metadata": {"finalizers": None}})
    assert cluster.read("ConfigMap", namespace, "kept").status == 404


def test_a_pod_that_no_node_has_goes_at_once(cluster: Cluster, namespace: str) -> None:
    cluster.create(pod("a"), namespace)
    assert cluster.delete("Pod", namespace, "a").status == 200
    assert cluster.read("Pod", namespace, "a").status == 404


def test_who_watches_is_told(cluster: Cluster, namespace: str) -> None:
    cluster.create(config_map("before", labels={"seen": "yes"}), namespace)
    version = cluster.ask("get", cluster.path("ConfigMap", namespace)).body["metadata"]["resourceVersion"]

    def act() -> None:
        time.sleep(0.2)
        cluster.create(config_map("a", labels={"seen": "yes"}), namespace)
        cluster.create(config_map("unseen"), namespace)
        cluster.patch("ConfigMap", namespace, "a", {"data": {"a": "2"}})
        cluster.patch("ConfigMap", namespace, "a", {"metadata": {"labels": {"seen": None}}})
        cluster.delete("ConfigMap", namespace, "before")

    thread = threading.Thread(target=act)
    thread.start()
    stream = watch.Watch().stream(
        client.CoreV1Api(cluster.api).list_namespaced_config_map,
        namespace,
        label_selector="seen=yes",
        resource_version=version,
        timeout_seconds=10,
    )
    told = []
    for event in stream:
        told.append((event["type"], event["object"].metadata.name))
        if len(told) == 4:
            break
    thread.join()
    assert told == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a"), ("DELETED", "before")]


def test_a_watch_ends_when_it_is_to(cluster: Cluster, namespace: str) -> None:
    cluster.create(config_map("a"), namespace)
    begun = time.monotonic()
    path = cluster.path("ConfigMap", namespace)
    response = cluster.client.request(
        "get", path, query_params=[("watch", "true"), ("timeoutSeconds", "1")], serialize=False
    )
    events = [json.loads(line) for line in response.data.decode().splitlines()]
    assert ("ADDED", "a") in [(event["type"], event["object"]["metadata"]["name"]) for event in events]
    assert 0.5 < time.monotonic() - begun < 9
