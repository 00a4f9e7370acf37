"""A master, its replicas and their Sentinels as real processes on loopback, set up as the role sets them up: the
daemon's own file first, what is ours included last."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from integration.servers import Server, free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address, parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.group import group_opened
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.health import check_groups
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.monitors import Monitor
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.problems import Expectation

NAME = "cache"
PASSWORD = "correct#horse:battery$staple"
SENTINEL_PASSWORD = "for Sentinels only"


class Node(Server):
    """A data node; the server may write to its own file."""

    settings = f'requirepass "{PASSWORD}"\nmasterauth "{PASSWORD}"\nsave ""\nrepl-diskless-sync-delay 0\nhz 50\n'
    program: tuple[str, ...] = ()
    password = PASSWORD

    def __init__(self, directory: Path, host: str, port: int, options: Sequence[str] = ()) -> None:
        super().__init__(directory, host, port, options)
        self.file, self.ours = directory / "own.conf", directory / "ours.conf"
        self.file.touch()
        self.ours.write_text(f"bind {host}\nlogfile {directory}/log\n{self.settings}{self.announcement}\n")

    @property
    def announcement(self) -> str:
        return f"replica-announce-ip {self.host}"

    def command(self) -> list[str]:
        place = ["--port", str(self.port), "--dir", str(self.directory)]
        return ["redis-server", str(self.file), *self.program, *place, "--include", str(self.ours), *self.options]

    @property
    def role(self) -> tuple[str, int]:
        """What it says it is: ("master", 0), or ("slave", the port of its master)."""
        answer = self.call("ROLE")
        return (answer[0], answer[2]) if answer[0] == "slave" else (answer[0], 0)


class Sentinel(Node):
    settings = f'requirepass "{SENTINEL_PASSWORD}"\n'
    program = ("--sentinel",)
    password = SENTINEL_PASSWORD

    @property
    def announcement(self) -> str:
        return f"sentinel announce-ip {self.host}"

    def told(self) -> int:
        """The port of the master that it tells clients of."""
        return int(self.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])


class Topology(ExitStack):
    """Three nodes and three Sentinels, one of each on three loopback addresses, and the product's functions on them."""

    def __init__(self, directory: Path, down_after: int = 1000) -> None:
        super().__init__()
        ports = free_ports(6)
        hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
        self.down_after = down_after
        self.nodes = [Node(directory / f"node-{port}", host, port) for host, port in zip(hosts, ports)]
        self.sentinels = [Sentinel(directory / f"sentinel-{port}", host, port) for host, port in zip(hosts, ports[3:])]

    def __enter__(self) -> Topology:
        for server in (*self.nodes, *self.sentinels):
            self.callback(self._end, server)
            server.start()
        for server in (*self.nodes, *self.sentinels):
            server.wait()
        addresses = [Address(s.host, s.port) for s in self.sentinels]
        logins = Login(password=SENTINEL_PASSWORD, timeout=1.0), Login(password=PASSWORD, timeout=1.0)
        self.group = self.enter_context(group_opened(addresses, *logins))
        return self

    @staticmethod
    def _end(server: Server) -> None:
        if server.process and server.process.poll() is None:
            server.resume()
            server.kill()

    @property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(node.address for node in parse_nodes([server.address for server in self.nodes]))

    def monitor(self, **changes: object) -> Monitor:
        options = {"down-after-milliseconds": str(self.down_after), "failover-timeout": "10000"}
        values = {"nodes": self.addresses, "settings": options, "auth_password": PASSWORD, **changes}
        return Monitor(NAME, **values)

    def converge(self, seconds: float = 30, options: dict | None = None, **changes: object) -> dict:
        return converge(self.group, [self.monitor(**changes)], {}, time.monotonic() + seconds, **(options or {}))

    def check(self, wait: bool = False, seconds: float = 30, replicas: int = 2) -> dict:
        expected = Expectation(replicas=replicas)
        return check_groups(self.group, self.addresses, [NAME], expected, wait, time.monotonic() + seconds)

    def problems(self) -> dict[str, dict]:
        """The problems found now, by code."""
        return {problem["code"]: problem for problem in self.check()["problems"]}

    def wait_for_problem(self, code: str, seconds: float = 15) -> dict:
        deadline = time.monotonic() + seconds
        while True:
            found = self.problems()
            if code in found:
                return found[code]
            assert time.monotonic() < deadline, f"no {code}, but {found}"
            time.sleep(0.05)

    def by_port(self, port: int) -> Node:
        return next(node for node in self.nodes if node.port == port)

    @property
    def master(self) -> Node:
        """The node that the first Sentinel that answers tells clients of."""
        return self.by_port(self.sentinels[0].told())

    @property
    def replicas(self) -> list[Node]:
        return [node for node in self.nodes if node is not self.master]
