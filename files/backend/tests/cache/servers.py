"""Real redis-servers on loopback, single, in a cluster or watched by Sentinel; none outlives the tests."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis
from loopback import wait_until

PASSWORD = "correct horse / battery staple"
HOST = "127.0.0.1"
NODE_TIMEOUT = 1000  # milliseconds


class Server:
    """One process with a directory of its own."""

    def __init__(self, directory: Path, port: int, options: Sequence[str] = (), password: str = PASSWORD) -> None:
        self.directory, self.port, self.options, self.password = directory, port, list(options), password
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def command(self) -> list[str]:
        login = ["--requirepass", self.password, "--masterauth", self.password] if self.password else []
        return [
            binary("redis-server"), "--port", str(self.port), "--bind", HOST, "--dir", str(self.directory),
            "--save", "", "--appendonly", "no", "--logfile", "log",
            "--repl-diskless-sync-delay", "0", *login, *self.options,
        ]  # fmt: skip

    def start(self) -> Server:
        self.process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent
        )
        wait_until(self.answers, what=f"{self.address} answers")
        return self

    def answers(self) -> bool:
        try:
            return bool(self.call("PING"))
        except redis.RedisError:
            return False

    def client(self, **options: object) -> redis.Redis:
        login = {"password": self.password or None, "protocol": 2, "socket_timeout": 5, **options}
        return redis.Redis(host=HOST, port=self.port, **login)

    def call(self, *command: object) -> object:
        with self.client(decode_responses=True) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    @property
    def id(self) -> str:
        return str(self.call("CLUSTER", "MYID"))

    def info(self, section: str) -> dict[str, str]:
        lines = str(self.call("INFO", section)).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()  # Also when it is paused.
            self.process.wait()

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)


class SentinelServer(Server):
    """A Sentinel of the one master "main"."""

    def __init__(self, directory: Path, port: int, master: Server) -> None:
        super().__init__(directory, port, password="")
        (directory / "sentinel.conf").write_text(
            f"port {port}\nbind {HOST}\ndir {directory}\nlogfile log\nsentinel monitor main {HOST} {master.port} 2\n"
            f'sentinel auth-pass main "{PASSWORD}"\nsentinel down-after-milliseconds main {NODE_TIMEOUT}\n'
            "sentinel failover-timeout main 3000\n"
        )

    def command(self) -> list[str]:
        return [binary("redis-sentinel"), str(self.directory / "sentinel.conf")]


class Servers(list[Server]):
    """All are killed, and their files removed, at the end of the `with` block."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *unused: object) -> None:
        for server in self:
            server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def at(self, address: str) -> Server:
        return next(server for server in self if server.address == address)


class Cluster(Servers):
    """Three masters with one replica each."""

    def masters(self) -> list[Server]:
        return [server for server in self if server.answers() and server.info("replication")["role"] == "master"]

    def owner(self, key: bytes) -> Server:
        """Who serves the key, as a majority says."""
        slot = self[0].call("CLUSTER", "KEYSLOT", key) if self[0].answers() else self[1].call("CLUSTER", "KEYSLOT", key)
        views = [server.call("CLUSTER", "SLOTS") for server in self if server.answers()]
        owners = [row[2][1] for view in views for row in view if row[0] <= slot <= row[1]]
        return next(server for server in self if server.port == max(set(owners), key=owners.count))

    def settle(self) -> None:
        """Wait until every node is there, agrees with all others, and every replica is in step."""
        for server in self:
            if server.process is None or server.process.poll() is not None:
                server.start()
        try:
            wait_until(self._is_settled, 25, "the cluster settles")
        except AssertionError as error:
            views = [f"{server.address}:\n{server.call('CLUSTER', 'NODES')}" for server in self if server.answers()]
            raise AssertionError("\n".join([str(error), *views])) from None

    def _is_settled(self) -> bool:
        views = set()
        for server in self:
            if not server.answers() or "cluster_state:ok" not in str(server.call("CLUSTER", "INFO")):
                return False
            replication = server.info("replication")
            if replication["role"] == "slave" and replication["master_link_status"] != "up":
                return False
            rows = [line.split() for line in str(server.call("CLUSTER", "NODES")).splitlines()]
            if any("fail" in row[2] or row[7] != "connected" for row in rows):
                return False
            views.add(frozenset((row[0], row[3], tuple(row[8:])) for row in rows))
        return len(views) == 1 and sum(1 for row in next(iter(views)) if row[1] != "-") == 3


@contextmanager
def cluster(directory: Path) -> Iterator[Cluster]:
    """Form three masters with one replica each."""
    options = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT)]
    with Cluster(directory) as servers:
        for port in free_ports(6):
            servers.append(Server(directory / str(port), port, options))
            servers[-1].start()
        for number, (first, last) in enumerate(((0, 5460), (5461, 10922), (10923, 16383))):
            servers[number].call("CLUSTER", "ADDSLOTSRANGE", first, last)
            servers[number].call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in servers[1:]:
            server.call("CLUSTER", "MEET", HOST, servers[0].port)
        known = "cluster_known_nodes:6"
        wait_until(lambda: all(known in str(server.call("CLUSTER", "INFO")) for server in servers), what="all nodes meet")
        for master, replica in zip(servers[:3], servers[3:]):
            replica.call("CLUSTER", "REPLICATE", master.id)
        servers.settle()
        yield servers


@contextmanager
def watched(directory: Path) -> Iterator[Servers]:
    """A master, a replica and three Sentinels, in this order."""
    with Servers(directory) as servers:
        master_port, replica_port, *ports = free_ports(5)
        servers.append(Server(directory / "a", master_port).start())
        servers.append(Server(directory / "b", replica_port, ["--replicaof", f"{HOST} {master_port}"]).start())
        for port in ports:
            servers.append(SentinelServer(directory / str(port), port, servers[0]).start())
        wait_until(lambda: all(_knows_all(sentinel) for sentinel in servers[2:]), what="the Sentinels know all")
        yield servers


def _knows_all(sentinel: Server) -> bool:
    master = sentinel.call("SENTINEL", "MASTER", "main")
    told = dict(zip(master[::2], master[1::2]))
    return told["num-slaves"] == "1" and told["num-other-sentinels"] == "2"


def binary(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is missing: apt-get install redis-server redis-sentinel redis-tools"
    return path


def free_ports(count: int) -> list[int]:
    """Free now, with their cluster bus ports (10000 higher), below those that the kernel gives to clients."""
    found: list[int] = []
    for port in range(random.Random(os.getpid() + time.monotonic_ns()).randrange(11000, 20000), 22000):
        if _is_free(port) and _is_free(port + 10000):
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _die_with_parent() -> None:
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
