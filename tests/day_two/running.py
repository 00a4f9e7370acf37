"""A cluster that runs on a site, and what its inventory has come to say."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import redis
import yaml
from benchmarks.load import Load
from day_two.acts import Act
from hosts.site import Played, Site

INVENTORY = Path(__file__).with_name("inventory.yml")
TLS_PORT_OFFSET = 100  # the role's own
PATIENCE = 60.0  # seconds for what a playbook has left to settle by itself


class Running:
    """The cluster of tests/day_two/inventory.yml. A context manager: rolled out inside, gone afterwards.

    Args:
        environment: leads to the engine that runs the hosts, from engine_with_images.
        directory: where the changes to the inventory are kept.
    """

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self._changes = directory / "changes.json"
        self._hosts: dict[str, Mapping[str, Any]] = {}
        self._variables: dict[str, Any] = {"redis_cluster_tls_authority": str(directory / "authority")}
        self._given = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
        self._write()
        self.site = Site(environment, INVENTORY, self._changes)

    def __enter__(self) -> Running:
        self.site.__enter__()
        try:
            self.site.play("redis")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        self.site.__exit__()

    def change(self, act: Act) -> None:
        """Enter into the inventory what the act changes there."""
        self._hosts |= act.hosts
        self._variables |= act.variables
        self._write()

    def perform(self, act: Act) -> Played:
        """Carry an act out; RuntimeError when its playbook fails."""
        self.change(act)
        return self.site.play(act.playbook, *act.options)

    def kill(self, act: Act, task: int | str) -> str:
        """Carry an act out into the middle of a task, told by number or by the beginning of its name, and return that
        name; empty when the act came to its end before."""
        self.change(act)
        return self.site.play_until(task, act.playbook, *act.options)

    @property
    def nodes(self) -> list[tuple[str, int]]:
        """Host and port of every node that the inventory has, of TLS where nodes have that."""
        machines = {**self._given["redis"]["hosts"], **self._given["spare"]["hosts"]}
        members = {**self._given["redis"]["hosts"], **self._hosts}
        staying = [host for host in members if not self._hosts.get(host, {}).get("redis_cluster_leaving")]
        offset = TLS_PORT_OFFSET if self._encryption else 0
        ports = self._variable("redis_cluster_ports")
        return [(machines[host]["host_address"], port + offset) for host in staying for port in ports]

    @property
    def _encryption(self) -> dict[str, Any]:
        """What a client of redis-py needs for TLS; nothing where nodes have none."""
        authority = self._variables["redis_cluster_tls_authority"]
        is_on = self._variables.get("redis_cluster_tls", "off") != "off"
        return {"ssl": True, "ssl_ca_certs": f"{authority}/ca.crt"} if is_on else {}

    def container(self, address: str) -> str:
        """The name of the container that is a host, by the host's address."""
        hosts = [values for part in ("redis", "spare") for values in self._given[part]["hosts"].values()]
        return next(values["ansible_host"] for values in hosts if values["host_address"] == address)

    def load(self, rate: float = 1500.0) -> Load:
        """Writers that log in as the inventory says now."""
        return Load(self.nodes, self._variable("redis_cluster_password"), rate=rate, **self._encryption)

    def wait_until_whole(self) -> None:
        """Wait until every node says that all slots are served and that it knows all nodes and no other.

        The servers are asked in their own words. AssertionError when PATIENCE is over.
        """
        wanted = {"cluster_state:ok", "cluster_slots_ok:16384", f"cluster_known_nodes:{len(self.nodes)}"}
        deadline = time.monotonic() + PATIENCE
        while True:
            said = {node: self._cluster_info(*node) for node in self.nodes}
            if all(wanted <= lines for lines in said.values()):
                return
            assert time.monotonic() < deadline, said
            time.sleep(0.2)

    def wait_until_answering(self, host: str, port: int) -> None:
        """Wait until a node tells about its cluster; AssertionError when PATIENCE is over."""
        deadline = time.monotonic() + PATIENCE
        while not self._cluster_info(host, port) & {"cluster_state:ok", "cluster_state:fail"}:
            assert time.monotonic() < deadline, f"{host}:{port} does not answer"
            time.sleep(0.02)

    def _cluster_info(self, host: str, port: int) -> set[str]:
        password = self._variable("redis_cluster_password")
        try:
            options = {"password": password, "socket_timeout": 2, "decode_responses": True, **self._encryption}
            with redis.Redis(host, port, **options) as client:
                client.response_callbacks.clear()
                return set(str(client.execute_command("CLUSTER INFO")).split())
        except redis.RedisError as error:
            return {str(error)}

    def _variable(self, name: str) -> Any:
        given = {**self._given["all"]["vars"], **self._given["redis"]["vars"]}
        return {**given, **self._variables}[name]

    def _write(self) -> None:
        changes = {"redis": {"hosts": self._hosts, "vars": self._variables}}
        self._changes.write_text(json.dumps(changes), encoding="utf-8")
