"""The modules k8s_redis_cluster and k8s_redis_cluster_info, with a real Redis behind every pod of the double."""

from __future__ import annotations

import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from integration.encryption import Certificates
from integration.kubernetes.redis_pods import NETWORK, RedisPods
from kubernetes_double import READER_TOKEN, KubernetesDouble

NAMES = [f"redis-{index}" for index in range(6)]


def test_six_pods_are_formed_and_then_left_alone(
    pods: RedisPods, record_property: Callable[[str, object], None]
) -> None:
    pods.settle()
    planned = pods.form(check=True, anti_affinity="required")
    assert planned["changed"] is True and planned["missing"] == []
    assert [one["action"] for one in planned["plan"]].count("own") == 3
    assert all(len(server.call("CLUSTER", "NODES").splitlines()) == 1 for server in pods.servers.values())
    began = time.monotonic()
    formed = pods.formed(anti_affinity="required")
    whole = time.monotonic() - began
    assert formed["changed"] is True and formed["plan"] == planned["plan"]
    assert formed["cluster"]["problems"] == []
    again = pods.formed()
    assert (again["changed"], again["plan"]) == (False, [])
    assert pods.form(check=True)["changed"] is False
    found = pods.ask(size=6, wait_for="healthy")
    assert found["healthy"] is True and len(found["shards"]) == 3
    assert [one["name"] for one in found["pods"]] == NAMES
    places = {one["address"]: one["zone"] for one in found["nodes"]}
    assert all(places[shard["master"]] != places[shard["replicas"][0]] for shard in found["shards"])
    assert sorted(one["pod"] for one in found["nodes"]) == NAMES
    assert pods.double.changes() == []
    figures = f"formed in {formed['elapsed_ms']:.0f} ms ({whole:.1f} s in all), checked in {found['elapsed_ms']:.0f} ms"
    record_property("measured", f"Redis Cluster of 6 pods through the API: {figures}")


def test_no_connection_goes_to_a_pod_itself(pods: RedisPods) -> None:
    """The servers tell who connected to them; the pods' own addresses would lead there as well."""
    pods.settle()
    pods.formed()
    assert pods.strangers() == []
    forwards = [one for one in pods.double.log if one.path.endswith("/portforward")]
    assert {one.status for one in forwards} == {101}
    assert {one.path.split("/")[-2] for one in forwards} == set(NAMES)
    server = pods.servers["redis-0"]
    server.client_options = {}
    server.wait()
    assert pods.strangers() != []


def test_pods_are_waited_for(pods: RedisPods) -> None:
    """They need not become Ready."""
    pods.double.hold(*NAMES)
    over = threading.Event()

    def come() -> None:
        time.sleep(1)
        pods.settle()
        over.wait()  # servers end with the thread that started them

    coming = threading.Thread(target=come)
    coming.start()
    try:
        pods.formed()
    finally:
        over.set()
        coming.join()


def test_missing_pods_are_named_with_their_reasons(pods: RedisPods) -> None:
    nothing = pods.form(check=True)
    assert (nothing["failed"], nothing["changed"], nothing["plan"]) == (False, True, [])
    assert nothing["msg"].endswith("are there and answer: 0 of 6 pods are there")
    assert "6 pods with app=redis are one cluster" in nothing["diff"]["after"]
    for node in "abc":
        pods.double.cordon(node)
    pods.settle()
    refused = pods.form(timeout=0.5)
    assert refused["failed"] is True and refused["msg"].startswith("Refused, nothing was changed. redis-0: has no node")
    assert {one["node"]: one["reason"] for one in refused["refusals"]} == dict.fromkeys(
        NAMES, "has no node: Unschedulable: 0/3 nodes are available."
    )
    planned = pods.form(check=True)
    assert planned["changed"] is True and planned["missing"] == refused["refusals"]
    found = pods.ask(size=6)
    assert (found["failed"], found["healthy"], found["problems"][0]["code"]) == (False, False, "pod_missing")
    assert "redis-5 has no node" in pods.ask(wait_for="reachable", timeout=0.3)["msg"]


def test_no_more_and_no_fewer_pods_than_expected(pods: RedisPods) -> None:
    pods.settle()
    refused = pods.form(size=7, timeout=0.5)
    assert refused["msg"] == "Refused, nothing was changed. 6 of 7 pods are there"
    assert "6 pods are there, and 3 are expected" in pods.form(size=3, timeout=0.5)["msg"]
    pods.kill("redis-2")
    (refusal,) = pods.form(timeout=0.5)["refusals"]
    assert refusal["node"].startswith("redis-2 (") and "Connection refused" in refusal["reason"]
    assert pods.form(check=True)["missing"] == [refusal]


def test_who_may_not_is_told_before_anything_is_done(pods: RedisPods, tmp_path: Path) -> None:
    pods.settle()
    reader, stranger = (str(pods.double.kubeconfig(tmp_path / token, token)) for token in (READER_TOKEN, "nobody"))
    for ask in (pods.form, pods.ask):
        refused = ask(kubeconfig=reader)
        assert refused["failed"] is True and refused["status"] == 403
        assert 'cannot create resource "pods/portforward"' in refused["msg"] and "Check what" in refused["msg"]
        assert "does not know these credentials" in ask(kubeconfig=stranger)["msg"]
        assert "cannot be reached" in ask(host="http://127.0.0.1:9")["msg"]
        assert "refuses the user name or password" in str(ask(redis_password="wrong"))
    pods.double.deny("list", "pods")
    assert "pods cannot be listed" in pods.form()["msg"]
    assert all(len(server.call("CLUSTER", "NODES").splitlines()) == 1 for server in pods.servers.values())


def test_the_api_may_be_encrypted(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    files = certificates.issue("api")
    encryption = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    encryption.load_cert_chain(files["tls-cert-file"], files["tls-key-file"])
    with KubernetesDouble(network=NETWORK, encryption=encryption) as double:
        with tempfile.TemporaryDirectory(prefix="pods") as directory, RedisPods(double, Path(directory)) as pods:
            pods.make(3)
            pods.settle()
            pods.formed(size=3, replicas=0, ca_cert=str(certificates.ca))
            assert "CERTIFICATE_VERIFY_FAILED" in pods.form(size=3)["msg"]
            assert pods.ask(replicas=0, validate_certs=False)["healthy"] is True
