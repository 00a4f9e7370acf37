"""Bad input and unfit hosts for master, replicas and Sentinels: each complaint begins with the variable at fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.core import nodes, preflight

from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling import versions
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.preflight import complaints

FIT = preflight.HostState(listening=frozenset({22}), own_ports=frozenset(), free_mb=5000, is_root=True)
GOOD: dict[str, Any] = {
    "data_ports": [6379],
    "ports": [26379],
    "password": "secret",
    "own_password": "words may be 'quoted' here",
    "monitor": "cache",
    "quorum": 0,
    "data_directory": "/var/lib/cache",
    "min_free_mb": 256,
}


def found(hosts: int = 3, sentinels: int = 3, host: Any = FIT, address: str = "10.0.0.{}", **variables: Any) -> list[str]:
    data = nodes.parse_nodes([f"{address.format(n)}:6379" for n in range(1, hosts + 1)])
    watching = nodes.parse_nodes([f"{address.format(n)}:26379" for n in range(1, sentinels + 1)])
    return complaints({**GOOD, **variables}, data, watching, host, host)


def test_good_input_on_a_fit_host() -> None:
    assert found() == []
    assert found(quorum=3) == []
    assert found(data_ports=[]) == [], "a host with a Sentinel only"
    assert found(host=replace(FIT, listening=frozenset({6379}), own_ports=frozenset({6379}))) == []


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"data_ports": [0]}, "data_ports: 0 is not within 1 and 65535"),
        ({"ports": [65536]}, "ports: 65536 is not within 1 and 65535"),
        ({"ports": [6379]}, "ports: 6379 is given twice"),
        ({"data_ports": [6379, 6379]}, "ports: 6379 is given twice"),
        ({"data_ports": [], "ports": []}, "ports: it is empty like data_ports"),
        ({"password": ""}, "password: it is empty"),
        ({"password": "two words"}, "password: it has a blank or a quote in it"),
        ({"password": "a\nb"}, "password: it contains a line break"),
        ({"own_password": "a\nb"}, "own_password: it contains a line break"),
        ({"sentinels": 2}, "ports: the group has 2 Sentinels, 3 are needed"),
        ({"hosts": 1}, "data_ports: the group has 1 data nodes"),
        ({"quorum": 4}, "quorum: 4 is not within 1 and 3"),
        ({"quorum": -1}, "quorum: -1 is not within 1 and 3"),
        ({"monitor": "two words"}, "monitor: 'two words' is no name"),
        ({"monitor": ""}, "monitor: '' is no name"),
        ({"address": "127.0.0.{}"}, "address: 127.0.0.1 is loopback"),
        ({"host": replace(FIT, is_root=False)}, "ansible_become: tasks of this role need root"),
        ({"host": replace(FIT, listening=frozenset({26379}))}, "ports: 26379 is taken by another program"),
        ({"host": replace(FIT, listening=frozenset({6379}))}, "data_ports: 6379 is taken by another program"),
        ({"host": replace(FIT, free_mb=1)}, "data_directory: /var/lib/cache has 1 MB free, min_free_mb asks for 256"),
    ],
)
def test_one_fault_is_one_complaint_that_names_its_variable(variables: dict[str, Any], beginning: str) -> None:
    (complaint,) = found(**variables)
    assert complaint.startswith(beginning)


def test_a_password_that_running_servers_do_not_take() -> None:
    refusing = replace(FIT, refusing_ports=frozenset({1}))
    names = [text.split(":")[0] for text in found(host=refusing)]
    assert names == ["password", "own_password"]


def test_a_downgrade_is_told_once() -> None:
    old, new = versions.parse_version("redis", "8.0.2"), versions.parse_version("redis", "7.0.15")
    (complaint,) = found(host=replace(FIT, running={6379: old}, target=new))
    assert complaint.startswith("version: redis 8.0.2 cannot be replaced by redis 7.0.15")


def test_one_host_may_have_all_of_it_on_loopback() -> None:
    data = nodes.parse_nodes(["127.0.0.1:6379", "127.0.0.1:6380"])
    sentinels = nodes.parse_nodes([f"127.0.0.1:{port}" for port in (26379, 26380, 26381)])
    variables = {**GOOD, "data_ports": [6379, 6380], "ports": [26379, 26380, 26381]}
    assert complaints(variables, data, sentinels, FIT, FIT) == []
