"""The cluster of each test, and a namespace of its own in it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.kubernetes.cluster import REAL, Cluster
from integration.kubernetes.redis_pods import NETWORK, RedisPods
from integration.waiting import eventually
from kubernetes_double import KubernetesDouble


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    """The real cluster where K8S_AUTH_KUBECONFIG leads to one, else a double that nothing has been done to."""
    if REAL:
        yield Cluster(Path(REAL), None, tmp_path / "discovery")
        return
    request.node.user_properties.append(
        ("not_shown", "real Kubernetes: SKIPPED, only the double was asked. Set K8S_AUTH_KUBECONFIG to ask a cluster.")
    )
    with KubernetesDouble() as double:
        yield Cluster(double.kubeconfig(tmp_path / "kubeconfig"), double, tmp_path / "discovery")


@pytest.fixture
def double(cluster: Cluster) -> KubernetesDouble:
    """The double, for what cannot be asked of a cluster that belongs to others."""
    if cluster.double is None:
        pytest.skip("only a double can make nodes, pods that are Ready without a container, and accounts")
    return cluster.double


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace with a random name, which goes at the end."""
    name = f"omnimind-test-{secrets.token_hex(4)}"
    made = cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    assert made.status == 201, made.body
    if cluster.double is None:
        _wait_for_account(cluster, name)
    yield name
    cluster.delete("Namespace", "", name)


@pytest.fixture
def running(double: KubernetesDouble, namespace: str) -> Iterator[KubernetesDouble]:
    """The double, where controllers work for that namespace, on three nodes."""
    double.add_nodes("a", "b", "c", zones=True)
    with double.running():
        yield double


def _wait_for_account(cluster: Cluster, namespace: str) -> None:
    """No pod is taken before its account is there. Where no controller makes it, as of an API server alone, we do."""
    if not eventually(lambda: cluster.read("ServiceAccount", namespace, "default").status == 200):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        cluster.create(account, namespace)


@pytest.fixture
def pods() -> Iterator[RedisPods]:
    """Nothing yet but what makes six pods with Redis on three nodes, in a double of their own."""
    with KubernetesDouble(network=NETWORK) as double, tempfile.TemporaryDirectory(prefix="pods") as directory:
        with RedisPods(double, Path(directory)) as pods:
            pods.make()
            yield pods
