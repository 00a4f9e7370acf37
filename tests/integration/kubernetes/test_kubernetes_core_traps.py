"""Where the modules of kubernetes.core do less than they say, as was seen on a real cluster: why we have our own."""

from __future__ import annotations

from pathlib import Path

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import budget, policy, workload
from integration.kubernetes.playing import MODULE, here, play
from kubernetes_double import KubernetesDouble


def test_apply_and_force(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """A hole that was opened by hand is healed by a replacement alone."""
    manifest = here(policy("deny", policyTypes=["Ingress", "Egress"]), namespace)
    cluster.create(manifest, namespace)
    cluster.patch("NetworkPolicy", namespace, "deny", {"spec": {"egress": [{}]}})
    server_side = {"field_manager": "omnimind", "force_conflicts": True}
    merged, laid, replaced, annotated = play(
        cluster,
        tmp_path,
        (MODULE, {"definition": manifest}),
        (MODULE, {"definition": manifest, "apply": True, "server_side_apply": server_side}),
        (MODULE, {"definition": manifest, "force": True}),
        (MODULE, {"definition": manifest, "apply": True}),
    )
    assert merged["changed"] is False and merged["result"]["spec"]["egress"] == [{}]
    assert laid["changed"] is True and laid["result"]["spec"]["egress"] == [{}]
    assert replaced["changed"] is True and "egress" not in replaced["result"]["spec"]
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    assert annotated["changed"] is True and annotation in annotated["result"]["metadata"]["annotations"]


def test_its_drain_gives_up(cluster: Cluster, double: KubernetesDouble, namespace: str, tmp_path: Path) -> None:
    """The trap that was seen on a real cluster: the first refusal ends it, with a pod gone and the node cordoned."""
    double.add_nodes("a", "b")
    double.create("Deployment", workload("Deployment", "web", 4), namespace)
    double.create("PodDisruptionBudget", budget("web", minAvailable=3), namespace)
    double.settle()
    options = {"ignore_daemonsets": True, "wait_timeout": 5}
    (drained,) = play(
        cluster,
        tmp_path,
        ("kubernetes.core.k8s_drain", {"name": "a", "state": "drain", "delete_options": options}),
    )
    assert drained["failed"] is True and drained["changed"] is False
    assert "Cannot evict pod as it would violate the pod's disruption budget." in drained["msg"]
    evictions = [one.status for one in double.log if one.path.endswith("/eviction")]
    assert evictions == [201, 429]
    assert cluster.read("Node", "", "a").body["spec"]["unschedulable"] is True
