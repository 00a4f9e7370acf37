"""Patches of four kinds, and who owns what after a server-side apply."""

from __future__ import annotations

import copy

from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import config_map, container, policy, service, workload


def test_json_patch(cluster: Cluster, namespace: str) -> None:
    cluster.create(config_map("a", {"x": "1", "y": "2"}), namespace)
    operations = [
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "replace", "path": "/data/x", "value": "9"},
        {"op": "remove", "path": "/data/y"},
        {"op": "add", "path": "/metadata/labels", "value": {"omnimind.test/a": "b"}},
        {"op": "copy", "from": "/data/x", "path": "/data/z"},
    ]
    found = cluster.patch("ConfigMap", namespace, "a", operations, "json").body
    assert (found["data"], found["metadata"]["labels"]) == ({"x": "9", "z": "9"}, {"omnimind.test/a": "b"})
    again = cluster.patch("ConfigMap", namespace, "a", operations, "json")
    assert again.status == 422, "the test in it fails now"
    assert cluster.patch("ConfigMap", namespace, "a", [{"op": "remove", "path": "/data/none"}], "json").status == 422


def test_merge_patch_replaces_lists_and_removes_with_null(cluster: Cluster, namespace: str) -> None:
    cluster.create(policy("a", ingress=[{"ports": [{"port": 80}]}], egress=[{}]), namespace)
    patch = {"spec": {"ingress": [{"ports": [{"port": 81}]}], "egress": None}}
    spec = cluster.patch("NetworkPolicy", namespace, "a", patch).body["spec"]
    assert spec["ingress"] == [{"ports": [{"port": 81, "protocol": "TCP"}]}]
    assert "egress" not in spec and spec["policyTypes"] == ["Ingress", "Egress"]


def test_a_strategic_patch_merges_lists_with_keys(cluster: Cluster, namespace: str) -> None:
    both = [container("web", env=[{"name": "A", "value": "1"}]), container("side")]
    cluster.create(workload("Deployment", "web", 0, {"containers": both}), namespace)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "2"}]}]}}}}
    found = cluster.patch("Deployment", namespace, "web", patch, "strategic-merge").body
    inner = {one["name"]: one for one in found["spec"]["template"]["spec"]["containers"]}
    assert set(inner) == {"web", "side"} and inner["web"]["image"] == "example.invalid/web:1"
    assert {one["name"]: one["value"] for one in inner["web"]["env"]} == {"A": "1", "B": "2"}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}
    found = cluster.patch("Deployment", namespace, "web", patch, "strategic-merge").body
    assert [one["name"] for one in found["spec"]["template"]["spec"]["containers"]] == ["web"]
    # The rules of a policy have no key: they are replaced.
    cluster.create(policy("a", ingress=[{"ports": [{"port": 80}]}]), namespace)
    found = cluster.patch("NetworkPolicy", namespace, "a", {"spec": {"ingress": [{}]}}, "strategic-merge").body
    assert found["spec"]["ingress"] == [{}]


def apply(cluster: Cluster, namespace: str, manifest: Object, manager: str, **query: object) -> tuple[int, Object]:
    answer = cluster.patch(
        manifest["kind"], namespace, manifest["metadata"]["name"], manifest, "apply", fieldManager=manager, **query
    )
    return answer.status, answer.body


def managers(found: Object) -> list[tuple[str, str]]:
    return sorted((one["manager"], one["operation"]) for one in found["metadata"]["managedFields"])


def test_apply_makes_what_is_not_there(cluster: Cluster, namespace: str) -> None:
    status, found = apply(cluster, namespace, policy("a", ingress=[{}]), "me")
    assert (status, managers(found)) == (201, [("me", "Apply")])
    owned = found["metadata"]["managedFields"][0]["fieldsV1"]
    assert owned["f:spec"] == {"f:ingress": {}, "f:podSelector": {}}
    status, again = apply(cluster, namespace, policy("a", ingress=[{}]), "me")
    assert status == 200
    assert again["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"], "nothing was changed"
    nobody = cluster.patch("NetworkPolicy", namespace, "b", policy("b"), "apply")
    assert nobody.status == 422 and "is required for apply patch" in nobody.message


def test_apply_takes_back_what_it_no_longer_says(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, config_map("a", {"x": "1", "y": "2"}), "me")
    cluster.patch("ConfigMap", namespace, "a", {"data": {"other": "3"}}, fieldManager="hand")
    status, found = apply(cluster, namespace, config_map("a", {"x": "1"}), "me")
    assert (status, found["data"]) == (200, {"x": "1", "other": "3"})
    assert managers(found) == [("hand", "Update"), ("me", "Apply")]


def test_apply_does_not_heal_what_it_never_said(cluster: Cluster, namespace: str) -> None:
    """A hole that was opened by hand stays, even when conflicts are forced: the trap that only a replacement avoids."""
    manifest = policy("a", podSelector={"matchLabels": {"app": "web"}}, policyTypes=["Ingress", "Egress"])
    apply(cluster, namespace, manifest, "me")
    cluster.patch("NetworkPolicy", namespace, "a", {"spec": {"egress": [{}]}}, fieldManager="hand")
    _status, found = apply(cluster, namespace, manifest, "me", force="true")
    assert found["spec"]["egress"] == [{}]
    assert "egress" not in cluster.replace(manifest, namespace).body["spec"]


def test_apply_disputes_what_another_has_set(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, config_map("a", {"x": "1"}), "me")
    status, refused = apply(cluster, namespace, config_map("a", {"x": "2"}), "you")
    assert (status, refused["reason"]) == (409, "Conflict")
    assert refused["message"] == 'Apply failed with 1 conflict: conflict with "me": .data.x'
    assert refused["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    status, shared = apply(cluster, namespace, config_map("a", {"x": "1"}), "you")
    assert (status, managers(shared)) == (200, [("me", "Apply"), ("you", "Apply")]), "the same is no dispute"
    status, forced = apply(cluster, namespace, config_map("a", {"x": "2"}), "you", force="true")
    assert (status, forced["data"]) == (200, {"x": "2"})


def test_apply_merges_lists_with_keys(cluster: Cluster, namespace: str) -> None:
    both = [{"name": "http", "port": 80}, {"name": "metrics", "port": 9100}]
    apply(cluster, namespace, service("web", ports=both[:1]), "me")
    status, found = apply(cluster, namespace, service("web", ports=both[1:]), "you")
    assert status == 200 and sorted(one["port"] for one in found["spec"]["ports"]) == [80, 9100]
    fewer = copy.deepcopy(service("web"))
    fewer["spec"].pop("ports")
    status, found = apply(cluster, namespace, fewer, "you")
    assert status == 200 and [one["port"] for one in found["spec"]["ports"]] == [80]


def test_apply_knows_the_fields(cluster: Cluster, namespace: str) -> None:
    """Whatever fieldValidation says, and with an error that is no 400."""
    status, refused = apply(cluster, namespace, policy("a", ingres=[]), "me")
    assert status == 500
    assert "failed to create typed patch object" in refused["message"]
    assert ".spec.ingres: field not declared in schema" in refused["message"]


def test_an_update_takes_ownership_of_what_it_changes(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, config_map("a", {"x": "1", "y": "1"}), "me")
    found = cluster.patch("ConfigMap", namespace, "a", {"data": {"x": "2"}}, fieldManager="hand").body
    by = {one["manager"]: one["fieldsV1"] for one in found["metadata"]["managedFields"]}
    assert by == {"me": {"f:data": {"f:y": {}}}, "hand": {"f:data": {"f:x": {}}}}
    status, refused = apply(cluster, namespace, config_map("a", {"x": "1", "y": "1"}), "me")
    assert status == 409 and 'conflict with "hand"' in refused["message"]


def test_replicas_through_scale(cluster: Cluster, namespace: str) -> None:
    cluster.create(workload("Deployment", "web", 0), namespace)
    path = cluster.path("Deployment", namespace, "web", "scale")
    scale = cluster.ask("get", path).body
    assert (scale["kind"], scale["spec"].get("replicas", 0)) == ("Scale", 0)
    patch = {"spec": {"replicas": 2}}
    changed = cluster.ask("patch", path, patch, "application/merge-patch+json", dryRun="All").body
    assert changed["spec"]["replicas"] == 2
    assert cluster.read("Deployment", namespace, "web").body["spec"]["replicas"] == 0
    cluster.ask("patch", path, patch, "application/merge-patch+json")
    assert cluster.read("Deployment", namespace, "web").body["spec"]["replicas"] == 2
