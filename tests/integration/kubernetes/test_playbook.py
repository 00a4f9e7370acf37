"""The playbook `kubernetes` and those beside it, from an empty cluster to production and back.

The double has no containers. Those of Redis are real servers at the pods' addresses, see redis_kubelet.py.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmarks.load import Load
from integration.ansible_run import ROOT
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import policy, workload
from integration.kubernetes.modules import run_module
from integration.kubernetes.redis_kubelet import COMPONENT, RedisKubelet
from integration.kubernetes.role_plays import Played, play_playbook, play_role
from integration.kubernetes.schemas import VERSIONS, complaints
from integration.waiting import eventually
from kubernetes_double import READER_TOKEN, KubernetesDouble, containers
from kubernetes_double.kinds import KINDS
from kubernetes_double.pods import is_ready
from unit.kubernetes import second_opinion

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import Endpoint

NETWORK, NAMESPACE, NODES = "127.88", "omnimind", ("a", "b", "c")
INVENTORY = ROOT / "inventories" / "kubernetes"
PASSWORD = "correct horse/battery@staple"
SETTINGS = {
    "k8s_security_config_maps": {"settings": {"a.yml": "a: 1\n"}},
    # Everybody but those of the cluster, which is on loopback.
    "k8s_security_peers": {"pagers": {"cidrs": ["0.0.0.0/0"], "except": ["127.0.0.0/8"]}},
}
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SECRETS = {
    "vault_redis_password": PASSWORD,
    "vault_grafana_password": "planted-password",
    "vault_slack_url": "https://hooks.example.com/planted",
}
# What a roll-out into an empty cluster changes, in this order.
CHANGED = {
    "k8s_security": [
        "Namespace and its level of Pod Security are there",
        "Quota and limit range are there",
        "Configuration is there, by its content",
        "Policies are there, those that allow before the one that denies",
        "Budgets are there",
    ],
    "k8s_redis_cluster": [
        "Configuration is there, under the name of what is in it",
        "Passwords and users are there",
        "Services, budget and pods are there",
        "All nodes are one cluster",
    ],
    "k8s_backend": [
        "Configuration is there, under the name of what is in it",
        "Address and login of Redis are there",
        "Service, budget and pods are there",
    ],
    "k8s_monitoring": [
        "Configuration of Prometheus is there",
        "Configuration of Grafana is there",
        "Dashboards are there",
        "Secrets are there",
        "Workloads are as wanted",
    ],
}


@dataclass(frozen=True)
class Site:
    """A cluster, its machine room, and who plays."""

    cluster: Cluster
    double: KubernetesDouble
    kubelet: RedisKubelet
    tmp_path: Path

    def play(self, playbook: str | Path, *options: str, kubeconfig: Path | None = None, **variables: Any) -> Played:
        self.double.forget_log()
        given = self.tmp_path / "given.json"
        given.write_text(json.dumps({**SECRETS, **SETTINGS, **variables}))
        path = ROOT / "playbooks" / playbook
        return play_playbook(
            self.cluster, self.tmp_path, path, str(INVENTORY), "-e", f"@{given}", *options, kubeconfig=kubeconfig
        )

    def play_role(self, role: str, **variables: Any) -> Played:
        self.double.forget_log()
        return play_role(self.cluster, self.tmp_path, role, **variables)

    def versions(self) -> dict[str, str]:
        """Of everything in the namespace."""
        found = [one for kind in KINDS if kind.namespaced for one in self.double.list(kind.kind, NAMESPACE)]
        return {f"{one['kind']} {one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in found}

    def pods(self, component: str = "") -> list[dict[str, Any]]:
        found = self.double.list("Pod", NAMESPACE)
        return [one for one in found if not component or one["metadata"]["labels"].get(COMPONENT) == component]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Three nodes, a gateway and name servers, and nothing else."""
    with KubernetesDouble(network=NETWORK) as double, tempfile.TemporaryDirectory(prefix="redis") as directory:
        double.add_nodes(*NODES, zones=True)
        double.create("Namespace", {"metadata": {"name": "gateway-system"}})
        double.create("Deployment", workload("Deployment", "gateway"), "gateway-system")
        servers = workload("Deployment", "dns")
        servers["spec"]["template"]["metadata"]["labels"]["k8s-app"] = "kube-dns"
        double.create("Deployment", servers, "kube-system")
        cluster = Cluster(double.kubeconfig(tmp_path / "kubeconfig"), double, tmp_path / "discovery")
        with RedisKubelet(double, Path(directory)) as kubelet:
            yield Site(cluster, double, kubelet, tmp_path)


def test_from_an_empty_cluster_to_production_and_back(site: Site) -> None:
    """Foreseen, made, left alone; opened by hand, told and healed; emptied node by node; and taken away."""
    _rolled_out(site)
    _what_is_there(site)
    _refused(site)
    _opened_and_healed(site)
    _less_of_it(site)
    _drained(site)
    _taken_away(site)


def _rolled_out(site: Site) -> None:
    foreseen = site.play("kubernetes.yml", "--check", "--diff")
    assert foreseen.failure == "" and site.double.changes() == []
    made = site.play("kubernetes.yml", "--diff")
    assert made.failure == "", made.output
    assert made.done == foreseen.done
    assert made.changed == [f"omnimind.platform.{role} : {name}" for role, names in CHANGED.items() for name in names]
    for secret in ("battery", *SECRETS.values()):
        assert secret not in made.output + foreseen.output
    assert len(site.pods("redis")) == 6 and all(map(is_ready, site.pods()))
    form = made.tasks["omnimind.platform.k8s_redis_cluster : All nodes are one cluster"]["cluster"]
    assert form["healthy"] and sorted(one["role"] for one in form["nodes"]) == ["master"] * 3 + ["replica"] * 3
    former = site.versions()
    again = site.play("kubernetes.yml")
    assert (again.failure, again.changed) == ("", [])
    # What `apply` of kubernetes.core sends nevertheless is a patch with what the API has filled in itself left out.
    assert {one.split()[0] for one in site.double.changes()} <= {"PATCH"} and site.versions() == former


def _what_is_there(site: Site) -> None:
    objects = [one for kind in KINDS if kind.namespaced for one in site.double.list(kind.kind, NAMESPACE)]
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    applied = [one["metadata"].get("annotations", {}).get(APPLIED) for one in objects]
    assert [found for version in VERSIONS for found in complaints(filter(None, applied), version)] == []
    assert all(pod["spec"]["automountServiceAccountToken"] is False for pod in site.pods())
    public = json.dumps([one["data"] for one in objects if one["kind"] == "ConfigMap"])
    assert not [secret for secret in ("battery", *SECRETS.values()) if secret in public]

    def secret(name: str, key: str) -> str:
        return base64.b64decode(by_name["Secret", name]["data"][key]).decode()

    assert 'masterauth "correct horse' in secret("omnimind-redis", "secret.conf")
    address = "redis+cluster://:correct%20horse%2Fbattery%40staple@omnimind-redis-client:6379"
    assert secret("omnimind-backend", "cache-url") == address
    assert "api_url_file: /etc/alertmanager-secrets/slack_url" in secret("omnimind-alertmanager", "alertmanager.yml")
    assert secret("omnimind-alertmanager-files", "slack_url") == SECRETS["vault_slack_url"]
    pod = by_name["StatefulSet", "omnimind-prometheus"]["spec"]["template"]["spec"]
    kept = by_name["ConfigMap", pod["volumes"][0]["configMap"]["name"]]
    assert kept["immutable"] and {"prometheus.yml", "rules-redis.yml", "rules-slo.yml"} < set(kept["data"])


def _refused(site: Site) -> None:
    """Neither fewer pods of Redis, nor other volumes, nor a password that those which run do not take."""
    other = {"replicas": 0, "storage_size": "9Gi", "password": "new"}
    wrong = site.play_role("k8s_redis_cluster", **other).failure
    for name in ("shards: there are 6 pods", "storage_size: volumes are of 4Gi", "password: pods that run do not take"):
        assert f"k8s_redis_cluster_{name}" in wrong, name
    assert site.double.changes() == []


def _network(double: KubernetesDouble) -> containers.Reaches:
    """One that holds to the policies."""

    def reaches(source: dict[str, Any], host: str, port: int) -> tuple[str, int]:
        pods = {one["status"].get("podIP"): one for one in double.list("Pod", NAMESPACE)}
        ends = [
            Endpoint(one["metadata"]["name"], NAMESPACE, labels=one["metadata"]["labels"])
            for one in (source, pods[host])
        ]
        names: dict[str, dict[str, str]] = {NAMESPACE: {}}
        policies = double.list("NetworkPolicy", NAMESPACE)
        return (host, port) if second_opinion.allowed(policies, names, *ends, port, "TCP", 4) else ("127.0.0.1", 1)

    return reaches


def _less_of_it(site: Site) -> None:
    """A component that is not asked for any more goes, with all that was its own."""
    receivers = [{"name": "slack", "type": "slack", "api_url_file": "slack_url"}]
    secrets = {"slack_url": SECRETS["vault_slack_url"]}
    own = {"grafana": False, "receivers": receivers, "secrets": secrets}
    fewer = site.play_role("k8s_monitoring", **own)
    assert fewer.failure == "", fewer.output
    kinds = ("Deployment", "Service", "ConfigMap", "Secret")
    assert [name for kind in kinds for name in site.cluster.names(kind, NAMESPACE) if "grafana" in name] == []


def _opened_and_healed(site: Site) -> None:
    """What people do when something does not work."""
    site.cluster.patch("NetworkPolicy", NAMESPACE, "allow-backend", {"spec": {"egress": [{}]}})
    redis = {"podSelector": {"matchLabels": {COMPONENT: "redis"}}}
    site.cluster.create(policy("debug", ingress=[{}], **redis), NAMESPACE)
    site.cluster.patch("PodDisruptionBudget", NAMESPACE, "omnimind-frontend", {"spec": {"maxUnavailable": 5}})
    reader = site.double.kubeconfig(site.tmp_path / "reader", READER_TOKEN)
    told = site.play("kubernetes_audit.yml", kubeconfig=reader).failure.splitlines()
    assert site.double.changes() == []
    assert {"omnimind/allow-backend is edited", "omnimind/debug is extra"} <= set(told), told
    assert "PodDisruptionBudget omnimind/omnimind-frontend is edited" in told
    opened = [line for line in told if line.startswith("opened: ")]
    assert any("omnimind/omnimind-backend" in one and "allow-backend spec.egress[0]" in one for one in opened), opened
    assert any("omnimind/omnimind-redis" in one and "debug spec.ingress[0]" in one for one in opened), opened

    # The first role of the playbook alone: the others have nothing to do with it.
    (play,) = yaml.safe_load((ROOT / "playbooks" / "kubernetes.yml").read_text())
    first = site.tmp_path / "first.yml"
    first.write_text(yaml.safe_dump([{**play, "roles": play["roles"][:1]}]))
    site.double.controllers.kubelets.runs = lambda pod: containers.run(pod, _network(site.double))
    probes = [{"from": "backend", "to": "redis", "port": 6379}]
    probes += [{"from": "frontend", "to": "redis", "port": 6379, "allowed": False}]
    own = {"probes": probes, "probe_image": "example.invalid/python:3", "probe_seconds": 1, "probe_timeout": 0.5}
    healed = site.play(first, **{f"k8s_security_{name}": value for name, value in own.items()})
    assert [one["replaced"] for one in healed.done.values()] == [
        ["allow-backend"], ["PodDisruptionBudget omnimind-frontend"],
    ], healed.output  # fmt: skip
    tried = healed.tasks[f"omnimind.platform.k8s_security : {CHANGED['k8s_security'][3]}"]["probes"]
    assert [one["reached"] for one in tried] == [True] * 3 + [False] * 3, tried
    assert [{}] != site.cluster.read("NetworkPolicy", NAMESPACE, "allow-backend").body["spec"]["egress"]
    assert "debug" in site.cluster.names("NetworkPolicy", NAMESPACE), "what others made is told and not removed"
    site.cluster.delete("NetworkPolicy", NAMESPACE, "debug")


def _drained(site: Site) -> None:
    """Nobody who writes notices, and no shard is without two of its members."""
    former = {one["metadata"]["uid"] for one in site.pods("redis")}
    site.kubelet.forget()
    with Load(site.kubelet.addresses(), PASSWORD, rate=100, writers=2) as load:
        for node in NODES:
            drained = site.play("kubernetes_drain.yml", k8s_drain_nodes=[node])
            assert drained.failure == "", drained.output
            assert [one for one in site.pods() if one["spec"]["nodeName"] == node] == []
            assert all(map(is_ready, site.pods("redis")))
            assert run_module("k8s_drain", site.cluster, nodes=[node], state="uncordoned")["changed"]
        load.moved(site.kubelet.addresses())
        result = load.stop()
    print(result, dict(result.errors), "away at most:", sorted(site.kubelet.away))
    assert not former & {one["metadata"]["uid"] for one in site.pods("redis")}
    assert len(site.kubelet.away) == 1
    assert (result.lost, result.failed) == ([], [])
    assert result.longest_gap() < 10, "a master that nobody relieves is missed for 15 s"


def _taken_away(site: Site) -> None:
    data = {f"{role}_delete_data": True for role in ("k8s_redis_cluster", "k8s_monitoring")}
    gone = site.play("kubernetes_absent.yml", **data)
    assert gone.failure == "", gone.output
    last = "Labels of the namespace are gone, and it itself where nobody else has anything in it"
    told = gone.tasks[f"omnimind.platform.k8s_security : {last}"]
    assert told["removed"], told.get("kept")
    assert eventually(lambda: NAMESPACE not in site.cluster.names("Namespace")), "with all that is in it"
