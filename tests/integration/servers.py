"""Real redis-server processes on loopback, each in a directory of its own."""
from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import redis

PASSWORD = "correct horse battery staple"


class Server:
    """One redis-server in cluster mode. It may be killed, paused and started again."""

    password = PASSWORD

    def __init__(self, directory: Path, host: str, port: int, options: Sequence[str] = ()) -> None:
        self.directory, self.host, self.port, self.options = directory, host, port, list(options)
        self.process: subprocess.Popen[bytes] | None = None
        self.client_options: dict[str, object] = {}  # how its tests log in, where that is not by its port in plain
        directory.mkdir(parents=True)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def command(self) -> list[str]:
        settings = {
            "port": self.port, "bind": self.host, "dir": self.directory, "save": "", "appendonly": "no",
            "cluster-enabled": "yes", "cluster-node-timeout": 2000, "requirepass": PASSWORD,
            "masterauth": PASSWORD, "cluster-announce-ip": self.host, "enable-debug-command": "yes", "logfile": self.directory / "log",
        }  # fmt: skip
        return ["redis-server", *(str(t) for k, v in settings.items() for t in (f"--{k}", v)), *self.options]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, preexec_fn=die_with_parent
        )

    def wait(self, seconds: float = 10) -> None:
        """Wait until it answers, loaded and all."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with self.client() as client:
                    client.ping()
                    return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def client(self) -> redis.Redis:
        options = {"host": self.host, "port": self.port, "password": self.password, **self.client_options}
        return redis.Redis(decode_responses=True, socket_timeout=5, **options)

    def call(self, *command: object) -> object:
        with self.client() as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def setting(self, name: str) -> str:
        """The running value of a setting, whatever form the protocol gives the answer."""
        answer = self.call("CONFIG", "GET", name)
        return answer[name] if isinstance(answer, dict) else answer[1]

    @property
    def id(self) -> str:
        return str(self.call("CLUSTER", "MYID"))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)


class Servers(list[Server]):
    """Servers that are all stopped, and their files removed, at the end of a `with` block."""

    def __init__(self, directory: Path, hosts: Sequence[str], options: Sequence[str] = ()) -> None:
        self.directory = directory
        ports = free_ports(len(hosts))
        super().__init__(Server(directory / str(port), host, port, options) for host, port in zip(hosts, ports))

    def __enter__(self) -> Servers:
        for server in self:
            server.start()
        for server in self:
            server.wait()
        return self

    def __exit__(self, *unused: object) -> None:
        for server in self:
            if server.process and server.process.poll() is None:
                server.resume()
                server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def addresses(self) -> list[str]:
        return [server.address for server in self]

    def by_address(self, address: str) -> Server:
        return next(server for server in self if server.address == address)


def die_with_parent() -> None:
    """Ask the kernel to kill the server when the tests are killed, so that it never outlives them."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """Ports that are free now on every loopback address, with their cluster bus ports (10000 higher).

    They lie below the range from which the kernel takes the ports of outgoing connections.
    """
    found: list[int] = []
    start = random.Random(os.getpid() + time.monotonic_ns()).randrange(11000, 20000)
    for port in range(start, 22000):
        if is_free(port) and is_free(port + 10000):
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} free ports from {start} on")


def is_free(port: int, host: str = "0.0.0.0") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
