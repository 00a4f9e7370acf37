"""A Redis Cluster of pods that is damaged, and whose pods go and come back, through both modules."""

from __future__ import annotations

from typing import Any

import pytest
from integration.kubernetes.redis_pods import RedisPods


@pytest.fixture
def formed(pods: RedisPods) -> RedisPods:
    """Six pods that are one healthy cluster."""
    pods.settle()
    pods.formed()
    return pods


def codes(answer: dict[str, Any]) -> set[str]:
    return {one["code"] for one in answer["problems"]}


def test_what_is_damaged_is_told(formed: RedisPods) -> None:
    first = formed.ask()["shards"][0]
    server = formed.servers[formed.server_at(first["master"])]
    server.call("CLUSTER", "DELSLOTS", 0)
    damaged = formed.ask()
    assert (damaged["failed"], damaged["healthy"], damaged["state"]) == (False, False, "fail")
    assert {"slots_disputed", "slots_uncovered", "views_differ"} & codes(damaged)
    server.call("CLUSTER", "ADDSLOTS", 0)
    formed.kill(formed.server_at(first["replicas"][0]))
    killed = formed.ask(wait_for="reachable", timeout=0.5)
    assert killed["failed"] is True and f"{first['replicas'][0]} does not answer" in killed["msg"]
    assert "node_unreachable" in codes(killed)
    assert formed.ask(wait_for="covered")["failed"] is False


@pytest.mark.parametrize("which", ["replica", "master", "all"])
def test_pods_that_come_back_elsewhere_are_the_same_nodes(formed: RedisPods, which: str) -> None:
    first = formed.ask()["shards"][0]
    before = {server.id: name for name, server in formed.servers.items()}
    addresses = {"replica": first["replicas"], "master": [first["master"]], "all": []}[which]
    formed.renew(*([formed.server_at(address) for address in addresses] or formed.servers))
    again = formed.formed()
    assert len(again["cluster"]["nodes"]) == 6
    assert {server.id: name for name, server in formed.servers.items()} == before
    assert formed.formed()["changed"] is False
    assert formed.strangers() == []


def test_a_pod_that_comes_back_without_its_disk_is_another_node(formed: RedisPods) -> None:
    name = formed.server_at(formed.ask()["shards"][0]["replicas"][0])
    former = formed.servers[name].id
    formed.renew(name, keep=False)
    again = formed.formed()
    assert len(again["cluster"]["nodes"]) == 6 and former not in {one["id"] for one in again["cluster"]["nodes"]}
    assert {"action": "join", "node": formed.servers[name].address} in again["plan"]
    assert formed.formed()["changed"] is False
