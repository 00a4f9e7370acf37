"""The client of our modules: what it sends, what it refuses to send, and how it explains what went wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.cluster import REAL, Cluster
from integration.kubernetes.manifests import budget, config_map, pod, policy, workload
from integration.waiting import eventually
from kubernetes_double import ADMIN_TOKEN, READER_TOKEN, KubernetesDouble

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.connection import Connection
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import (
    ApiRefusal,
    ClusterUnreachable,
    NotRehearsed,
)

ROOT = Path(__file__).resolve().parents[3]
MODULE = """
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS, REQUIRED_TOGETHER, cluster_opened)

arguments = {**CONNECTION_ARGUMENTS, "manifest": {"type": "dict"}}
module = AnsibleModule(argument_spec=arguments, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
with cluster_opened(module) as cluster:
    made = cluster.create(module.params["manifest"]) if module.params["manifest"] else {}
    module.exit_json(changed=bool(made), made=made, host=cluster.host)
"""


def here(manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return Client(Connection(kubeconfig=str(cluster.kubeconfig)))


def test_objects_come_and_go(client: Client, namespace: str) -> None:
    assert client.reach().startswith("v")
    assert client.get("NetworkPolicy", "web", namespace) is None
    made = client.create(here(policy("web", ingress=[{}]), namespace))
    assert made == client.get("NetworkPolicy", "web", namespace)
    changed = client.patch("NetworkPolicy", "web", {"spec": {"egress": [{}]}}, namespace)
    assert changed["spec"]["egress"] == [{}]
    replaced = client.replace(here(policy("web"), namespace))
    assert replaced["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    found = client.list("NetworkPolicy", namespace)
    assert [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in found] == [
        ("networking.k8s.io/v1", "NetworkPolicy", "web")
    ]
    with pytest.raises(ApiRefusal, match="cannot be removed") as refused:
        client.delete("NetworkPolicy", "web", namespace, uid="another")
    assert refused.value.status == 409
    assert client.delete("NetworkPolicy", "web", namespace, uid=made["metadata"]["uid"]) is True
    assert client.delete("NetworkPolicy", "web", namespace) is False


def test_a_long_list_comes_whole(client: Client, cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    for index in range(1101):
        double.create("ConfigMap", config_map(f"item-{index:04}", labels={"part": "yes"}), namespace)
    double.forget_log()
    found = client.list("ConfigMap", namespace, label_selector="part=yes")
    assert [one["metadata"]["name"] for one in found] == [f"item-{index:04}" for index in range(1101)]
    assert len(double.log) == 3, "in pages"
    assert len(client.list("ConfigMap", namespace, field_selector="metadata.name=item-0007")) == 1


def test_a_misspelt_field_is_refused(client: Client, cluster: Cluster, namespace: str) -> None:
    bad = here(policy("web", podSelectorr={}), namespace)
    with pytest.raises(ApiRefusal) as refused:
        client.create(bad)
    assert refused.value.message == (
        f'NetworkPolicy {namespace}/web cannot be created: NetworkPolicy in version "v1" cannot be handled as a '
        'NetworkPolicy: strict decoding error: unknown field "spec.podSelectorr"'
    )
    client.create(here(policy("web"), namespace))
    with pytest.raises(ApiRefusal, match="unknown field"):
        client.replace(bad)
    with pytest.raises(ApiRefusal, match="unknown field"):
        client.patch("NetworkPolicy", "web", {"spec": {"ingres": []}}, namespace)
    assert client.get("NetworkPolicy", "web", namespace)["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_a_refusal_has_its_causes(client: Client, namespace: str) -> None:
    with pytest.raises(ApiRefusal) as refused:
        client.create(here(policy("web", ingress=[{"ports": [{"port": 70000}]}]), namespace))
    assert (refused.value.status, refused.value.reason) == (422, "Invalid")
    assert refused.value.causes[0]["field"] == "spec.ingress[0].ports[0].port"
    assert refused.value.details == {"status": 422, "reason": "Invalid"}


def test_an_old_version_is_not_replaced(client: Client, namespace: str) -> None:
    old = client.create(here(config_map("a"), namespace))
    client.replace({**old, "data": {"a": "2"}})
    with pytest.raises(ApiRefusal, match="the object has been modified") as refused:
        client.replace({**old, "data": {"a": "3"}})
    assert refused.value.status == 409


def test_evictions(client: Client, cluster: Cluster, double: KubernetesDouble, namespace: str) -> None:
    double.add_nodes("a")
    client.create(here(workload("Deployment", "web", 2), namespace))
    double.settle()
    first, second = client.list("Pod", namespace, field_selector="spec.nodeName=a")
    name, uid = first["metadata"]["name"], first["metadata"]["uid"]
    assert client.evict("none", namespace) is False
    with pytest.raises(ApiRefusal) as refused:
        client.evict(name, namespace, uid="another")
    assert refused.value.status == 409
    client.create(here(budget("web", minAvailable=1), namespace))
    double.settle()
    assert client.evict(name, namespace, uid=uid, dry_run=True) is True
    assert client.evict(name, namespace, uid=uid, grace_period=0) is True
    assert client.get("Pod", name, namespace) is None
    with pytest.raises(ApiRefusal) as refused:
        client.evict(second["metadata"]["name"], namespace)
    assert refused.value.status == 429
    assert refused.value.causes[0]["reason"] == "DisruptionBudget"


def test_who_only_reads_sends_nothing_else(cluster: Cluster, namespace: str) -> None:
    cluster.create(policy("there"), namespace)
    cluster.create(pod("there"), namespace)
    if cluster.double:
        cluster.double.forget_log()
    reading = Client(Connection(kubeconfig=str(cluster.kubeconfig)), read_only=True)
    reading.reach()
    assert reading.create(here(policy("new"), namespace))["metadata"]["uid"]
    reading.replace(here(policy("there", ingress=[{}]), namespace))
    reading.patch("NetworkPolicy", "there", {"spec": {"ingress": [{}]}}, namespace)
    assert reading.delete("NetworkPolicy", "there", namespace) and reading.evict("there", namespace)
    with pytest.raises(NotRehearsed, match="DELETE /api/v1/pods"):
        reading._sender.send("DELETE", "/api/v1/pods", "no")  # what all methods go through
    if cluster.double:
        assert cluster.double.changes() == [] and len(cluster.double.log) == 6
    assert cluster.names("NetworkPolicy", namespace) == ["there"] and cluster.names("Pod", namespace) == ["there"]
    assert "ingress" not in cluster.read("NetworkPolicy", namespace, "there").body["spec"]


def test_what_the_api_warns_of_is_handed_on(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    labels = {"pod-security.kubernetes.io/warn": "restricted"}
    cluster.patch("Namespace", "", namespace, {"metadata": {"labels": labels}})
    told: list[str] = []
    client = Client(Connection(kubeconfig=str(cluster.kubeconfig)), warn=told.append)
    manifest = here(workload("Deployment", "web", 0), namespace)
    assert eventually(lambda: bool(client.create(manifest, dry_run=True) and told))
    client.create(manifest, dry_run=True)
    words = 'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false'
    assert len(told) == 1 and told[0].startswith(words)
    answer = run_module(tmp_path, {"manifest": manifest, "kubeconfig": str(cluster.kubeconfig)})
    assert answer["changed"] is True and words in str(answer["warnings"])


def test_what_is_written_has_its_author(client: Client, namespace: str) -> None:
    made = client.create(here(policy("web"), namespace))
    assert [one["manager"] for one in made["metadata"]["managedFields"]] == ["omnimind.platform"]


def test_options_lead_to_a_cluster(double: KubernetesDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert Client(Connection(host=double.url + "/", api_key=ADMIN_TOKEN)).reach() == "v1.36.0"
    elsewhere = double.kubeconfig(tmp_path / "config", "nobody's")
    assert Client(Connection(kubeconfig=str(elsewhere), api_key=ADMIN_TOKEN)).reach() == "v1.36.0"
    assert Client(Connection(kubeconfig=str(elsewhere), context="double", api_key=ADMIN_TOKEN)).host == double.url
    with pytest.raises(ClusterUnreachable, match="no way to a cluster in .* name none .*Check kubeconfig and context"):
        Client(Connection(kubeconfig=str(elsewhere), context="none"))
    with pytest.raises(ClusterUnreachable, match="no way to a cluster in /nowhere: .*kubeconfig and context"):
        Client(Connection())
    monkeypatch.setenv("KUBECONFIG", str(double.kubeconfig(tmp_path / "own")))
    assert Client(Connection()).reach() == "v1.36.0"
    broken = tmp_path / "broken"
    broken.write_text("{")
    with pytest.raises(ClusterUnreachable, match=f"no way to a cluster in {broken}"):
        Client(Connection(kubeconfig=str(broken)))


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ClusterUnreachable) as refused:
            Client(Connection(host=host, api_key="any")).reach()
    assert refused.value.message.startswith(f"the cluster at {host} cannot be reached: ")
    assert "Connection refused" in refused.value.message
    assert refused.value.message.endswith(
        "Check host, kubeconfig and context, proxy, and for TLS ca_cert and validate_certs"
    )


def test_somebody_else_is_there(double: KubernetesDouble) -> None:
    with pytest.raises(
        ClusterUnreachable, match="cannot be reached: .*SSL.*Check .* for TLS ca_cert and validate_certs"
    ):
        Client(Connection(host=double.url.replace("http:", "https:"), api_key=ADMIN_TOKEN)).reach()
    with pytest.raises(ClusterUnreachable, match="lets nobody in: .* HTTP 404"):
        Client(Connection(host=f"{double.url}/elsewhere", api_key=ADMIN_TOKEN)).reach()
    with pytest.raises(ClusterUnreachable, match="is no Kubernetes. Check host"):
        Client(Connection(host=f"{double.url}/healthz?", api_key=ADMIN_TOKEN)).reach()


def test_somebody_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ClusterUnreachable, match="timed out"):
            Client(Connection(host=host, api_key="any", timeout=0.3)).reach()


def test_wrong_and_weak_credentials(double: KubernetesDouble) -> None:
    with pytest.raises(ClusterUnreachable, match="does not know these credentials .401.. Check api_key"):
        Client(Connection(host=double.url, api_key="nobody's")).reach()
    with pytest.raises(ClusterUnreachable, match="does not know these credentials"):
        Client(Connection(host=double.url, username="a", password="b")).reach()
    reader = Client(Connection(host=double.url, api_key=READER_TOKEN))
    reader.reach()
    with pytest.raises(
        ApiRefusal, match='NetworkPolicy default/a cannot be created: .* User "reader" cannot create'
    ) as refused:
        reader.create(here(policy("a"), "default"))
    assert refused.value.status == 403


def run_module(tmp_path: Path, arguments: dict[str, Any], **environment: str) -> dict[str, Any]:
    """The answer of a module that does nothing but open a cluster, and make an object if it is given one."""
    file, given = tmp_path / "module.py", tmp_path / "arguments.json"
    file.write_text(MODULE)
    given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("K8S_", "KUBE"))}
    path = os.pathsep.join(
        [*([environment.pop("first")] if "first" in environment else []), str(ROOT / ".cache" / "collections")]
    )
    command = [sys.executable, str(file), str(given)]
    done = subprocess.run(
        command, env={**surroundings, "PYTHONPATH": path, **environment}, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout)


def test_a_module_takes_options_and_the_environment(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    if cluster.double:
        cluster.double.forget_log()
    manifest = here(policy("web"), namespace)
    rehearsed = run_module(
        tmp_path, {"manifest": manifest, "_ansible_check_mode": True}, K8S_AUTH_KUBECONFIG=str(cluster.kubeconfig)
    )
    assert rehearsed["changed"] is True and cluster.names("NetworkPolicy", namespace) == []
    if cluster.double:
        assert cluster.double.changes() == []
    made = run_module(tmp_path, {"manifest": manifest, "kubeconfig": str(cluster.kubeconfig)})
    assert made["made"]["metadata"]["name"] == "web" and cluster.names("NetworkPolicy", namespace) == ["web"]
    again = run_module(tmp_path, {"manifest": manifest, "kubeconfig": str(cluster.kubeconfig)})
    assert again["failed"] is True and again["reason"] == "AlreadyExists"


def test_a_module_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "without" / "kubernetes").mkdir(parents=True)
    (tmp_path / "without" / "kubernetes" / "__init__.py").write_text("raise ImportError('not here')\n")
    answer = run_module(tmp_path, {"host": "http://127.0.0.1:1"}, first=str(tmp_path / "without"))
    assert answer["failed"] is True and "Failed to import the required Python library (kubernetes)" in answer["msg"]
    answer = run_module(tmp_path, {"host": "http://127.0.0.1:1"}, K8S_AUTH_API_KEY="secret-of-the-test")
    assert answer["msg"].startswith("the cluster at http://127.0.0.1:1 cannot be reached")
    assert "secret-of-the-test" not in json.dumps(answer)


@pytest.mark.skipif(bool(REAL), reason="a proxy that leads to the double leads nowhere else")
def test_a_proxy_is_used(double: KubernetesDouble) -> None:
    """What a proxy is asked for arrives with a whole URL; the double answers that as a proxy would."""
    client = Client(Connection(host="http://kubernetes.invalid", api_key=ADMIN_TOKEN, proxy=double.url))
    assert client.reach() == "v1.36.0"
    with pytest.raises(ClusterUnreachable):
        Client(
            Connection(host="http://kubernetes.invalid", api_key=ADMIN_TOKEN, proxy=double.url, no_proxy=".invalid")
        ).reach()
