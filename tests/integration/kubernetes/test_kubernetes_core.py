"""The modules of kubernetes.core, as the roll-out uses them: what they do to the double they do to a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import run
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import budget, policy, workload
from kubernetes_double import KubernetesDouble

MODULE = "kubernetes.core.k8s"


def play(cluster: Cluster, tmp_path: Path, *tasks: tuple[str, Object], check: bool = False) -> list[dict[str, Any]]:
    """The results of tasks, each a module with its arguments; none of them stops the play."""
    answers = tmp_path / "answers.json"
    steps: list[Object] = [
        {"name": f"Task {index}", module: arguments, "register": f"task{index}", "ignore_errors": True}
        for index, (module, arguments) in enumerate(tasks)
    ]
    told = "{{ [" + ", ".join(f"task{index}" for index in range(len(tasks))) + "] | to_json }}"
    copy = {"content": told, "dest": str(answers), "mode": "0600"}
    steps.append({"name": "Answers are kept", "ansible.builtin.copy": copy, "check_mode": False})
    playbook = tmp_path / "play.yml"
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    playbook.write_text(
        yaml.safe_dump(
            [{"hosts": "localhost", "gather_facts": False, "connection": "local", "vars": variables, "tasks": steps}]
        )
    )
    command = ["ansible-playbook", "-i", "localhost,", str(playbook), *(["--check"] if check else [])]
    # The client keeps what it has discovered in a file of everybody's directory.
    done = run(command, K8S_AUTH_KUBECONFIG=str(cluster.kubeconfig), TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(answers.read_text())


def here(manifest: Object, namespace: str) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


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
