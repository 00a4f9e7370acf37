"""Which pod an address of Redis leads to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.k8s_redis.pods import Pods
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Gone
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address, ListedNode


class OneCluster:
    """Stands where the client of Kubernetes stands; a forwarded port is only told."""

    def __init__(self, **addresses: str) -> None:
        self.addresses = addresses

    def list(self, kind: str, namespace: str, label_selector: str) -> list[dict[str, Any]]:
        return [
            {
                "metadata": {"name": name},
                "spec": {"nodeName": f"on-{name}"},
                "status": {"phase": "Running", "podIP": ip},
            }
            for name, ip in self.addresses.items()
        ]

    def forward(self, name: str, namespace: str, port: int, timeout: float) -> Any:
        return name, namespace, port


def pods(**addresses: str) -> Pods:
    return Pods(OneCluster(**addresses), "shop", "app=redis")  # type: ignore[arg-type]


def test_a_node_of_redis_is_a_pod_and_its_zone_is_where_that_runs() -> None:
    found = pods(a="10.0.0.1", b="fd00:0:0:1::7")
    assert found.look() == []
    assert found.nodes == [
        ListedNode(Address("10.0.0.1", 6379), "on-a"),
        ListedNode(Address("fd00:0:0:1::7", 6379), "on-b"),
    ]
    for spelling in ("fd00:0:0:1::7", "fd00:0000:0000:0001:0000:0000:0000:0007"):
        assert found.dial(Address(spelling, 7000)) == ("b", "shop", 7000)
        assert found.name(spelling) == "b"


def test_nobody_is_where_no_pod_is() -> None:
    found = pods(a="10.0.0.1")
    with pytest.raises(Gone):
        found.dial(Address("10.0.0.1", 6379))
    found.look()
    with pytest.raises(Gone, match="no running pod with app=redis has"):
        found.dial(Address("10.0.0.2", 6379))


def test_no_pod_at_all_is_never_enough() -> None:
    assert pods().look() == [{"node": "", "reason": "0 of 1 pods are there"}]
