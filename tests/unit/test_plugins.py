"""Filters, tests and lookups, as playbooks call them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError, AnsibleFilterError
from unit.core import (
    description,
    filter_packages,
    filter_redis,
    filter_redis_sentinel,
    redis_nodes,
    test_platform,
    unknown_variables,
)
from unit.model import complete

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.omnimind.platform.plugins"
CLUSTER = description.describe(complete().survey())

APT = """\
Reading package lists...
Building dependency tree...
The following additional packages will be installed:
  libjemalloc2 redis-tools
Suggested packages:
  ruby-redis
The following NEW packages will be installed:
  libjemalloc2 liblzf1
  redis-server redis-tools
0 upgraded, 4 newly installed, 0 to remove and 3 not upgraded.
"""


def test_new_packages_are_those_that_apt_installs() -> None:
    assert filter_packages.apt_new_packages(APT) == ["libjemalloc2", "liblzf1", "redis-server", "redis-tools"]


def test_new_packages_are_those_of_files_too() -> None:
    more = "Selecting previously unselected package grafana.\nSelecting previously unselected package liblzf1:amd64.\n"
    assert filter_packages.apt_new_packages(APT + more)[-2:] == ["redis-tools", "grafana"]
    assert filter_packages.apt_new_packages(more) == ["grafana", "liblzf1"]


@pytest.mark.parametrize(
    "output", ["", "0 upgraded, 0 newly installed, 0 to remove.\n", APT.replace("NEW", "HELD")]
)
def test_no_new_package(output: str) -> None:
    assert filter_packages.apt_new_packages(output) == []


def test_the_shard_of_a_key() -> None:
    shard = filter_redis.redis_shard_of("foo", CLUSTER)  # slot 12182
    assert (shard["master"], shard["slots"]) == ("10.0.0.3:7000", "10922-16383")


def test_a_key_that_no_shard_has() -> None:
    with pytest.raises(AnsibleFilterError, match="no shard owns slot 12182 of the key 'foo'"):
        filter_redis.redis_shard_of("foo", {**CLUSTER, "shards": CLUSTER["shards"][:2]})


def test_arguments_of_nodes() -> None:
    settings = filter_redis.redis_node_settings([7000, "7001"], "/srv/redis", {7001: {"port": 17, "bus_port": 18}})
    assert settings["7000"] == {"port": "7000", "cluster-port": "17000", "dir": "/srv/redis/7000"}
    announced = {7000: {"port": 17, "tls_port": 18}}
    (secure,) = filter_redis.redis_node_settings([7000], "/srv/redis", announced, "required", "100").values()
    assert (secure["port"], secure["tls-port"], secure["cluster-announce-tls-port"]) == ("0", "7100", "18")
    assert filter_redis.redis_node_arguments(settings) == {
        "7000": "--port 7000 --cluster-port 17000 --dir /srv/redis/7000",
        "7001": "--port 7001 --cluster-port 17001 --dir /srv/redis/7001 "
        "--cluster-announce-port 17 --cluster-announce-bus-port 18",
    }


def test_arguments_of_servers_that_write_their_own_file() -> None:
    found = filter_redis_sentinel.redis_own_file_arguments([26379], "/srv/x", "own.conf", "/etc/x.conf", sentinel=True)
    words = found["26379"].split()
    assert words[:2] == ["/srv/x/26379/own.conf", "--sentinel"]
    assert words[-2:] == ["--include", "/etc/x.conf"], "what is read last counts"
    assert filter_redis_sentinel.redis_own_files([1, 2], "/srv/x", "f") == ["/srv/x/1/f", "/srv/x/2/f"]


@pytest.mark.parametrize("answer", [CLUSTER, {"changed": True, "cluster": CLUSTER}])
def test_answers_of_both_modules_are_healthy(answer: dict[str, Any]) -> None:
    assert test_platform.healthy(answer) is True


def test_an_unhealthy_answer_and_one_that_is_none() -> None:
    assert test_platform.healthy({"healthy": False}) is False
    for other in ({}, {"changed": False}, "healthy"):
        with pytest.raises(AnsibleFilterError, match="not an answer"):
            test_platform.healthy(other)


@pytest.mark.parametrize(
    ("text", "numeric"), [("10.0.0.1", True), ("fd00::1", True), ("node1", False), ("", False)]
)
def test_numeric_addresses(text: str, numeric: bool) -> None:
    assert test_platform.is_ip_address(text) is numeric


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (
            "filter",
            {
                name: function
                for path in (ROOT / "plugins" / "filter").glob("*.py")
                for name, function in import_module(f"{PLUGINS}.filter.{path.stem}").FilterModule().filters().items()
            },
        ),
        ("test", test_platform.TestModule().tests()),
    ],
)
def test_every_plugin_is_documented_under_its_name(folder: str, names: dict[str, Any]) -> None:
    documented = {
        yaml.safe_load(path.read_text())["DOCUMENTATION"]["name"]: path.stem
        for path in (ROOT / "plugins" / folder).glob("*.yml")
    }
    assert documented == {name: name for name in names}


# --- lookups -------------------------------------------------------------------------------------


def lookup(plugin: Any, *terms: str, variables: dict[str, Any], **options: Any) -> Any:
    """What the loader does for a plugin, and no more: its documentation says which options it has."""
    name = plugin.__name__.rpartition(".")[2]
    constants.config.initialize_plugin_configuration_definitions(
        "lookup", name, yaml.safe_load(plugin.DOCUMENTATION)["options"]
    )
    found = plugin.LookupModule()
    found._load_name = name
    return found.run(list(terms), variables, **options)


INVENTORY = {
    "groups": {"redis": ["b", "a"], "empty": []},
    "hostvars": {
        "a": {"redis_cluster_address": "10.0.0.1", "ansible_host": "203.0.113.1", "redis_cluster_zone": "z"},
        "b": {"ansible_host": "10.0.0.2", "redis_cluster_ports": [7005]},
        "c": {},
    },
}


@pytest.fixture
def defaults(tmp_path: Path) -> str:
    file = tmp_path / "main.yml"
    file.write_text("redis_cluster_ports: [7000, 7001]\n")
    return str(file)


def test_nodes_of_a_group(defaults: str) -> None:
    assert lookup(redis_nodes, "redis", variables=INVENTORY, defaults=defaults) == [
        [
            {"host": "10.0.0.2", "port": 7005, "zone": ""},
            {"host": "10.0.0.1", "port": 7000, "zone": "z"},
            {"host": "10.0.0.1", "port": 7001, "zone": "z"},
        ]
    ]


def test_nodes_of_one_host(defaults: str) -> None:
    found = lookup(redis_nodes, "redis", variables=INVENTORY, defaults=defaults, hosts=["b"])
    assert found == [[{"host": "10.0.0.2", "port": 7005, "zone": ""}]]


def test_nodes_by_their_tls_ports(defaults: str) -> None:
    found = lookup(redis_nodes, "redis", variables=INVENTORY, defaults=defaults, hosts=["b"], port_offset="100")
    assert found == [[{"host": "10.0.0.2", "port": 7105, "zone": ""}]]


def test_hosts_that_leave_are_looked_up_apart(tmp_path: Path) -> None:
    defaults = tmp_path / "main.yml"
    defaults.write_text("redis_cluster_ports: [7000]\n", encoding="utf-8")
    hostvars = {"a": {}, "b": {"redis_cluster_leaving": True}, "c": {"redis_cluster_leaving": "false"}}
    variables = {"groups": {"redis": list(hostvars)}, "hostvars": hostvars}

    def hosts(**options: Any) -> list[str]:
        found = lookup(redis_nodes, "redis", variables=variables, defaults=str(defaults), **options)
        return [node["host"] for node in found[0]]

    assert hosts() == ["a", "c"]
    assert hosts(leaving=True) == ["b"]
    assert hosts(hosts=["b"]) == ["b"]


@pytest.mark.parametrize("group", ["empty", "missing"])
def test_a_group_without_hosts_is_an_error(group: str, defaults: str) -> None:
    with pytest.raises(
        AnsibleError, match=f"redis_cluster_group: the inventory has no host in a group '{group}'"
    ):
        lookup(redis_nodes, group, variables=INVENTORY, defaults=defaults)


def test_unknown_variables_come_with_the_most_similar_known_one() -> None:
    variables = {"redis_cluster_prots": [7000], "redis_cluster_ports": [7000], "other_prots": 1}
    assert lookup(unknown_variables, str(ROOT / "roles" / "redis_cluster"), variables=variables) == [
        "redis_cluster_prots is no variable of this role, did you mean redis_cluster_ports?",
    ]


def test_variables_of_a_role_with_a_longer_name_are_its_own(tmp_path: Path) -> None:
    for role in ("shop", "shop_window"):
        (tmp_path / role / "meta").mkdir(parents=True)
        (tmp_path / role / "meta" / "argument_specs.yml").write_text("argument_specs: {main: {options: {shop_size: {}}}}")
    variables = {"shop_size": 1, "shop_seize": 1, "shop_window_size": 1}
    assert lookup(unknown_variables, str(tmp_path / "shop"), variables=variables) == [
        "shop_seize is no variable of this role, did you mean shop_size?",
    ]
