"""What is watched, out of an inventory."""

from __future__ import annotations

from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import targets
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.targets import Host, Inventory

DEFAULTS = {
    "monitoring_prometheus_port": 9090,
    "monitoring_alertmanager_port": 9093,
    "monitoring_alertmanager_cluster_port": 9094,
    "monitoring_node_exporter_port": 9100,
    "monitoring_grafana_port": 3000,
    "redis_cluster_ports": [7000, 7001],
    "redis_cluster_tls": "off",
    "redis_cluster_tls_port_offset": 100,
    "redis_cluster_leaving": False,
    "redis_sentinel_data_ports": [6379],
    "redis_sentinel_ports": [26379],
    "backend_ports": [8000],
    "backend_address": "127.0.0.1",
}


def site(**groups: list[Host]) -> Inventory:
    return Inventory(groups, DEFAULTS)


def host(name: str, **values: Any) -> Host:
    return Host(name, values)


def addresses(entries: list[dict[str, Any]]) -> list[str]:
    return [target for entry in entries for target in entry["targets"]]


def test_every_host_has_a_node_exporter_and_servers_are_where_they_belong() -> None:
    shared = host("both", monitoring_address="10.0.0.2")
    found = targets.jobs(site(monitoring=[host("m", ansible_host="10.0.0.1")], redis=[shared], backend=[shared], monitored=[host("x")]))
    assert addresses(found["node"]) == ["10.0.0.1:9100", "10.0.0.2:9100", "x:9100"]
    assert addresses(found["prometheus"]) == ["10.0.0.1:9090"]
    assert addresses(found["alertmanager"]) == ["10.0.0.1:9093"]
    assert found["node"][1] == {"targets": ["10.0.0.2:9100"], "labels": {"host": "both"}}


def test_components_of_a_host_are_its_own_choice() -> None:
    inventory = site(monitoring=[host("m", monitoring_components=["prometheus"]), host("n", monitoring_node_exporter_port=9999)])
    found = targets.jobs(inventory)
    assert addresses(found["node"]) == ["n:9999"]
    assert addresses(found["alertmanager"]) == ["n:9093"]


def test_what_a_host_runs_when_nobody_says_otherwise() -> None:
    assert "prometheus" in targets.components("m", ["m"])
    assert targets.components("x", ["m"]) == ["node_exporter", "gpu"]


def test_nodes_of_a_cluster() -> None:
    staying = host("r1", redis_cluster_address="10.0.0.3", redis_cluster_zone="a", redis_cluster_password="tiger")
    leaving = host("r2", redis_cluster_leaving=True)
    inventory = site(redis=[staying, leaving])
    entries = targets.jobs(inventory)["redis"]
    assert addresses(entries) == ["10.0.0.3:7000", "10.0.0.3:7001"]
    assert entries[0]["labels"] == {"host": "r1", "__redis_scheme": "redis", "zone": "a"}
    passwords = targets.redis_passwords(targets.redis_nodes(inventory))
    assert passwords == {"redis://10.0.0.3:7000": "tiger", "redis://10.0.0.3:7001": "tiger"}


def test_nodes_that_are_reached_through_tls_only() -> None:
    inventory = site(redis=[host("r", redis_cluster_ports=[7000], redis_cluster_tls="required")])
    (node,) = targets.redis_nodes(inventory)
    assert node.url == "rediss://r:7100"


def test_sentinels_have_a_password_of_their_own() -> None:
    inventory = site(redis_sentinel=[host("s", redis_sentinel_password="tiger", redis_sentinel_own_password="lion")])
    assert targets.redis_passwords(targets.redis_nodes(inventory)) == {"redis://s:6379": "tiger", "redis://s:26379": "lion"}


def test_with_a_user_data_nodes_only() -> None:
    inventory = site(redis_sentinel=[host("s", redis_sentinel_password="tiger")])
    nodes = targets.redis_nodes(inventory, "watcher", "lion")
    assert targets.redis_passwords(nodes) == {"redis://s:6379": "lion", "redis://watcher@s:6379": "lion"}


def test_backends_where_they_listen() -> None:
    everywhere = host("a", backend_address="0.0.0.0", ansible_host="10.0.0.4", backend_ports=[8000, 8001])
    found = targets.jobs(site(backend=[everywhere, host("b", backend_address="10.0.0.5")]))["omnimind_backend"]
    assert addresses(found) == ["10.0.0.4:8000", "10.0.0.4:8001", "10.0.0.5:8000"]


def test_a_backend_on_loopback_is_for_its_own_host_only() -> None:
    inventory = site(monitoring=[host("m")], backend=[host("b"), host("m")])
    (complaint,) = targets.unreachable(inventory, "m")
    assert complaint.startswith("127.0.0.1:8000 of b (job omnimind_backend) is on loopback")


def test_names_of_one_machine_are_the_same_to_it() -> None:
    here = {"monitoring_address": "127.0.0.1"}
    assert targets.unreachable(site(monitoring=[host("m", **here)], backend=[host("b", **here)]), "m") == []


def test_addresses_of_both_families() -> None:
    assert targets.joined("::1", 80) == "[::1]:80"
    assert targets.joined("10.0.0.1", 80) == "10.0.0.1:80"
