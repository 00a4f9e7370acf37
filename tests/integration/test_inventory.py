"""The live cluster as an inventory, read by Ansible's own commands."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import run
from integration.conftest import Cluster
from integration.servers import PASSWORD

MACHINES = """
redis:
  hosts:
    alpha: {redis_cluster_address: 127.0.0.1}
    beta: {ansible_host: 127.0.0.2}
    127.0.0.3:
"""
MACHINES_VARIABLES = f"""
ansible_connection: local
ansible_python_interpreter: {sys.executable}
greeting: "hello from {{{{ redis_machine | default('a machine') }}}}"
redis_cluster_zone: "{{{{ 'ab'[ansible_host is defined] }}}}"
"""


class Inventory:
    """A directory with a file for the plugin, with or without one for the machines."""

    def __init__(self, directory: Path, nodes: list[str], machines: bool = True, **options: Any) -> None:
        self.directory = directory / "inventory"
        (self.directory / "group_vars").mkdir(parents=True)
        if machines:
            (self.directory / "hosts.yml").write_text(MACHINES)
            (self.directory / "group_vars" / "redis.yml").write_text(MACHINES_VARIABLES)
        self.file = self.directory / "live.redis_cluster.yml"
        self.options = {"plugin": "omnimind.platform.redis_cluster", "nodes": nodes, **options}
        self.write()

    def write(self, **options: Any) -> None:
        self.options.update(options)
        self.file.write_text(yaml.safe_dump(self.options))

    def run(self, *command: str, **environment: str):
        surroundings = {"OMNIMIND_REDIS_PASSWORD": PASSWORD, **environment}
        return run([command[0], "-i", str(self.directory), *command[1:]], **surroundings)

    def list(self, *options: str, **environment: str) -> dict[str, Any]:
        done = self.run("ansible-inventory", "--list", *options, **environment)
        assert done.returncode == 0, done.stderr
        return {**json.loads(done.stdout, object_hook=plain), "warnings": " ".join(done.stderr.split())}

    def groups(self, *options: str) -> dict[str, set[str]]:
        found = self.list(*options)
        return {name: set(group["hosts"]) for name, group in found.items() if "hosts" in group}

    def error(self, **options: Any) -> str:
        """Why nothing comes of it with these options, in one line."""
        self.write(**options)
        done = self.run("ansible-inventory", "--list")
        assert json.loads(done.stdout)["_meta"]["hostvars"] == {}, "no hosts"
        return " ".join(done.stderr.split())


def plain(value: dict[str, Any]) -> Any:
    """A text as it is: ansible-inventory marks those that came from a server and are never templates."""
    return value.get("__ansible_unsafe", value)


def names(cluster: Cluster, role: str, machines: dict[str, str]) -> set[str]:
    """The names that the nodes of a role have by default."""
    found = cluster.check()["nodes"]
    return {f"{machines.get(node['host'], node['host'])}-{node['port']}" for node in found if node["role"] == role}


def test_groups_follow_the_roles(cluster: Cluster, tmp_path: Path) -> None:
    """Whoever is master is in the group of the masters, by whatever name its machine has."""
    inventory = Inventory(tmp_path, [cluster.servers[0].address])
    known = {"127.0.0.1": "alpha", "127.0.0.2": "beta"}
    groups = inventory.groups()
    assert groups["redis_masters"] == names(cluster, "master", known)
    assert groups["redis_replicas"] == names(cluster, "replica", known)
    assert groups["redis_cluster"] == groups["redis_masters"] | groups["redis_replicas"]
    master, replica = cluster.shard(0)
    assert {name.rpartition("-")[2] for name in groups["redis_shard_1"]} == {str(master.port), str(replica.port)}
    assert {name.rpartition("-")[0] for name in groups["redis_zone_b"]} == {"beta"}
    assert groups["redis"] == {"alpha", "beta", "127.0.0.3"}, "the machines are not touched"
    assert "redis_down" not in groups and "redis_lagging" not in groups

    replica.call("CLUSTER", "FAILOVER")
    cluster.wait_until_healthy()
    deadline = time.monotonic() + 10
    while replica.call("ROLE")[0] != "master":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    cluster.wait_until_healthy()
    after = inventory.groups()
    assert after["redis_masters"] == names(cluster, "master", known) != groups["redis_masters"]
    graph = inventory.run("ansible-inventory", "--graph", "redis_masters").stdout
    assert f"-{replica.port}" in graph and f"-{master.port}" not in graph


def test_a_command_runs_where_the_masters_are(cluster: Cluster, tmp_path: Path) -> None:
    """On the machine, with the variables of the machine, for each of its masters."""
    inventory = Inventory(tmp_path, [cluster.servers[0].address])
    command = "redis-cli -h {{ redis_host }} -p {{ redis_port }} role"
    done = inventory.run("ansible", "redis_masters", "-m", "command", "-a", command, REDISCLI_AUTH=PASSWORD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| CHANGED | rc=0 >>\nmaster") == 3
    name = f"alpha-{cluster.servers[0].port}"
    assert "hello from alpha" in inventory.run("ansible", name, "-m", "debug", "-a", "var=greeting").stdout


def test_machines_are_in_the_groups_of_all_their_nodes(cluster: Cluster, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, [cluster.servers[0].address], hosts="machines", groups={"mixed": "redis_roles | length > 1"})
    found = inventory.list()
    machines = {"alpha", "beta", "127.0.0.3"}
    assert set(found["_meta"]["hostvars"]) == machines
    assert set(found["redis_cluster"]["hosts"]) == machines
    alpha = found["_meta"]["hostvars"]["alpha"]
    ports = {server.port for server in cluster.servers if server.host == "127.0.0.1"}
    assert {node["port"] for node in alpha["redis_nodes"]} == ports
    assert alpha["redis_roles"] == ["master", "replica"] and "alpha" in found["mixed"]["hosts"]


def test_machines_that_no_other_source_has_are_their_addresses(cluster: Cluster, tmp_path: Path) -> None:
    zones = {"127.0.0.1": "eu-west", "127.0.0.2": "b"}
    options = {"zones": zones, "prefix": "cache_", "compose": {"me": "redis_role"}}
    inventory = Inventory(tmp_path, [cluster.servers[0].address], machines=False, **options)
    found = inventory.list()
    first = cluster.servers[0]
    values = found["_meta"]["hostvars"][f"127.0.0.1-{first.port}"]
    assert (values["ansible_host"], values["redis_port"], values["redis_zone"]) == ("127.0.0.1", first.port, "eu-west")
    assert values["me"] == values["redis_role"]
    assert f"127.0.0.1-{first.port}" in found["cache_zone_eu_west"]["hosts"]
    assert "redis_masters" not in found


def test_a_dead_node_is_in_the_group_of_the_dead_and_another_seed_answers(cluster: Cluster, tmp_path: Path) -> None:
    master = cluster.master(0)
    other = next(server for server in cluster.servers if server is not master)
    inventory = Inventory(tmp_path, [master.address, other.address], connect_timeout=1.0)
    inventory.write(keyed_groups=[{"key": "redis_problems", "prefix": "redis_problem"}])
    master.kill()
    found = inventory.list()
    (dead,) = found["redis_down"]["hosts"]
    assert dead.endswith(f"-{master.port}")
    assert dead in found["redis_problem_node_unreachable"]["hosts"]
    assert f"is not healthy: {master.address} does not answer" in found["warnings"]


def test_a_lagging_replica(cluster: Cluster, tmp_path: Path) -> None:
    replica = cluster.replica(0)
    replica.call("CONFIG", "SET", "masterauth", "wrong")
    replica.call("CLIENT", "KILL", "TYPE", "master")
    cluster.wait_for_problem("replica_link_down")
    groups = Inventory(tmp_path, [cluster.servers[0].address]).groups()
    assert {name.rpartition("-")[2] for name in groups["redis_lagging"]} == {str(replica.port)}


def test_the_cache_is_read_until_it_is_flushed(cluster: Cluster, tmp_path: Path) -> None:
    """And by refresh_inventory in the middle of a playbook."""
    inventory = Inventory(
        tmp_path, [cluster.servers[0].address],
        cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "cache"),
    )  # fmt: skip
    before = inventory.groups()
    assert PASSWORD not in "".join(file.read_text() for file in (tmp_path / "cache").iterdir())
    master, replica = cluster.shard(0)
    play = [
        {"hosts": "localhost", "gather_facts": False, "tasks": [
            {"ansible.builtin.debug": {"msg": "before {{ groups.redis_masters | sort | join(' ') }}"}},
            {"ansible.builtin.meta": "refresh_inventory"},
            {"ansible.builtin.debug": {"msg": "after {{ groups.redis_masters | sort | join(' ') }}"}},
        ]},
    ]  # fmt: skip
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    replica.call("CLUSTER", "FAILOVER")
    while replica.call("ROLE")[0] != "master":
        time.sleep(0.05)
    cluster.wait_until_healthy()
    assert inventory.groups() == before, "the cache"
    output = inventory.run("ansible-playbook", str(tmp_path / "play.yml")).stdout
    masters = {word: line.split() for line in output.splitlines() for word in ("before", "after") if f"{word} " in line}
    assert any(name.strip('"').endswith(f"-{master.port}") for name in masters["before"])
    assert any(name.strip('"').endswith(f"-{replica.port}") for name in masters["after"])
    assert inventory.groups()["redis_masters"] != before["redis_masters"], "the refreshed cache"


def test_the_password_may_be_a_template_and_a_wrong_one_says_so(cluster: Cluster, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, [cluster.servers[0].address], machines=False, password="{{ secret }}")
    assert inventory.groups("-e", json.dumps({"secret": PASSWORD}))["redis_masters"]
    seed = cluster.servers[0].address
    assert f"{seed} refuses the user name or password" in inventory.error(password="wrong")
    assert f"{seed} wants a password and none was given" in inventory.error(password="")


def test_a_file_that_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, ["127.0.0.1:1", "127.0.0.2:1"], machines=False)
    error = inventory.error()
    assert "No node tells of a Redis Cluster" in error, error
    assert "127.0.0.1:1 does not answer" in error and "127.0.0.2:1 does not answer" in error
    assert "nodes: '127.0.0.1' is not host:port" in inventory.error(nodes=["127.0.0.1"])
    assert "client_cert_file, client_key_file" in inventory.error(nodes=["127.0.0.1:1"], client_cert_file="/cert.pem")


def test_names_that_cannot_be_are_refused_before_a_host_is_added(cluster: Cluster, tmp_path: Path) -> None:
    inventory = Inventory(tmp_path, [cluster.servers[0].address], machines=False)
    assert "gives a node the name 127.0.0." in inventory.error(host_name="redis_machine")
    assert "host_name: 'no_such_variable' is no expression" in inventory.error(host_name="no_such_variable")
