"""The modules of kubernetes.core, as the roll-out uses them: what they do to the double they do to a cluster."""

from __future__ import annotations

from pathlib import Path

from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import policy, workload
from integration.kubernetes.playing import MODULE, here, play


def test_present_changed_and_absent(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    first = here(policy("web", ingress=[{"ports": [{"port": 80}]}]), namespace)
    second = here(policy("web", ingress=[{"ports": [{"port": 81}]}]), namespace)
    sized = here(workload("Deployment", "web", 0, revisionHistoryLimit=3), namespace)
    info = {"api_version": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": namespace}
    answers = play(
        cluster,
        tmp_path,
        (MODULE, {"definition": first}),
        (MODULE, {"definition": first}),
        (MODULE, {"definition": second}),
        ("kubernetes.core.k8s_info", info),
        (MODULE, {"definition": sized}),
        (MODULE, {"definition": sized}),
        (MODULE, {"state": "absent", "name": "web", **info}),
    )
    assert [one.get("changed") for one in answers] == [True, False, True, False, True, False, True], answers
    found = answers[3]["resources"]
    assert [one["metadata"]["name"] for one in found] == ["web"] and found[0]["kind"] == "NetworkPolicy"
    assert found[0]["spec"]["ingress"] == [{"ports": [{"port": 81, "protocol": "TCP"}]}]
    assert cluster.names("NetworkPolicy", namespace) == []


def test_rehearsed_and_misspelt(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """In check mode the server is asked; a field that is misspelt is no more to the module than a warning."""
    if cluster.double:
        cluster.double.forget_log()
    bad, misspelt = policy("bad", policyTypes=["Inbound"]), here(policy("misspelt", podSelectorr={}), namespace)
    strict = {"definition": misspelt, "validate": {"fail_on_error": True, "strict": True}}
    good, wrong, refused, warned = play(
        cluster,
        tmp_path,
        (MODULE, {"definition": here(policy("web"), namespace)}),
        (MODULE, {"definition": here(bad, namespace)}),
        (MODULE, strict),
        (MODULE, {"definition": misspelt}),
        check=True,
    )
    assert good["changed"] is True and cluster.names("NetworkPolicy", namespace) == []
    assert wrong["failed"] is True and "supported values" in wrong["msg"]
    assert refused["failed"] is True
    assert warned["changed"] is True and 'unknown field "spec.podSelectorr"' in str(warned["warnings"])
    if cluster.double:
        assert cluster.double.changes() == []
        assert any(one.rehearses for one in cluster.double.log)
