"""A Redis Cluster that runs on the hosts of cluster.yml."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import redis
from benchmarks.load import Load
from day_two.running import Running

INVENTORY = Path(__file__).with_name("cluster.yml")
TLS_PORT_OFFSET = 100  # the role's own
PATIENCE = 60.0  # seconds for what a playbook has left to settle by itself


class RunningCluster(Running):
    """Rolled out by the act ROLL_OUT.

    Args:
        environment, directory: as for Running.
    """

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        authority = str(directory / "authority")
        super().__init__(environment, directory, INVENTORY, "redis", redis_cluster_tls_authority=authority)

    @property
    def nodes(self) -> list[tuple[str, int]]:
        """Host and port of every node that the inventory has, of TLS where nodes have that."""
        offset = TLS_PORT_OFFSET if self._encryption else 0
        return [(host, port + offset) for host in self.addresses for port in self.variable("redis_cluster_ports")]

    @property
    def _encryption(self) -> dict[str, Any]:
        """What a client of redis-py needs for TLS; nothing where nodes have none."""
        authority = self._variables["redis_cluster_tls_authority"]
        is_on = self._variables.get("redis_cluster_tls", "off") != "off"
        return {"ssl": True, "ssl_ca_certs": f"{authority}/ca.crt"} if is_on else {}

    def load(self, rate: float = 1500.0) -> Load:
        """Writers that log in as the inventory says now, once the cluster is whole as it is seen from here."""
        self.wait_until_whole()
        return Load(self.nodes, self.variable("redis_cluster_password"), rate=rate, **self._encryption)

    def wait_until_whole(self) -> None:
        """Wait until every node says that all slots are served and that it knows all nodes and no other.

        The servers are asked in their own words. AssertionError when PATIENCE is over.
        """
        wanted = {"cluster_state:ok", "cluster_slots_ok:16384", f"cluster_known_nodes:{len(self.nodes)}"}
        deadline = time.monotonic() + PATIENCE
        while True:
            said = {node: self._ask(*node, "CLUSTER INFO") for node in self.nodes}
            if all(wanted <= lines for lines in said.values()):
                return
            assert time.monotonic() < deadline, said
            time.sleep(0.2)

    def wait_until_answering(self, host: str, port: int) -> None:
        """Wait until a node tells about its cluster; AssertionError when PATIENCE is over."""
        deadline = time.monotonic() + PATIENCE
        while not self._ask(host, port, "CLUSTER INFO") & {"cluster_state:ok", "cluster_state:fail"}:
            assert time.monotonic() < deadline, f"{host}:{port} does not answer"
            time.sleep(0.02)

    def empty(self) -> None:
        """Delete all keys of all nodes, which must be masters or follow one."""
        for host, port in self.nodes:
            if "role:master" in self._ask(host, port, "INFO replication"):
                said = self._ask(host, port, "FLUSHALL")
                assert said == {"OK"}, said

    def _ask(self, host: str, port: int, command: str) -> set[str]:
        """The words of a node's answer, or of what kept it from answering."""
        password = self.variable("redis_cluster_password")
        try:
            options = {"password": password, "socket_timeout": 2, "decode_responses": True, **self._encryption}
            with redis.Redis(host, port, **options) as client:
                client.response_callbacks.clear()
                return set(str(client.execute_command(*command.split())).split())
        except redis.RedisError as error:
            return {str(error)}
