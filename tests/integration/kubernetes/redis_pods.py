"""Pods of the double with a real redis-server behind each, which tells who has connected to it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from integration.kubernetes.manifests import workload
from integration.kubernetes.modules import run_module
from integration.servers import PASSWORD, Server, free_ports
from kubernetes_double import KubernetesDouble
from kubernetes_double.forwarding import SOURCE

NAMESPACE, SELECTOR = "default", "app=redis"
NETWORK = "127.86"
SIX = 6


class PodServer(Server):
    """The Redis of a pod. The tests' own questions go over a socket in its directory."""

    def __init__(self, directory: Path, host: str, port: int) -> None:
        super().__init__(directory, host, port)
        self.client_options = {"unix_socket_path": str(directory / "socket")}

    def command(self) -> list[str]:
        # Replicas and the bus are then told from all others by where they come from.
        own = {"unixsocket": self.directory / "socket", "loglevel": "verbose", "bind-source-addr": self.host}
        return [*super().command(), *(str(text) for name, value in own.items() for text in (f"--{name}", value))]

    def strangers(self) -> list[str]:
        """Hosts that have connected, but for other pods and the API's forwarding."""
        told = (self.directory / "log").read_text()
        hosts = re.findall(r"Accepted (?!connection)(\S+):\d+$", told, re.MULTILINE)
        return [host for host in hosts if host != SOURCE and not host.startswith(NETWORK + ".")]


class RedisPods:
    """The servers of the pods of a StatefulSet, by the names of the pods, and the modules under test bound to them.

    Use it as a context manager. The path of `directory` is short, as sockets want it.
    """

    def __init__(self, double: KubernetesDouble, directory: Path) -> None:
        self.double, self.directory = double, directory
        self.kubeconfig = double.kubeconfig(directory / "kubeconfig")
        (self.port,) = free_ports(1)
        self.servers: dict[str, PodServer] = {}

    def __enter__(self) -> RedisPods:
        return self

    def __exit__(self, *unused: object) -> None:
        for name in list(self.servers):
            self.kill(name)

    def options(self, **more: Any) -> dict[str, Any]:
        """Of both modules."""
        common = {"namespace": NAMESPACE, "label_selector": SELECTOR, "port": self.port, "redis_password": PASSWORD}
        return {"kubeconfig": str(self.kubeconfig), **common, "timeout": 20, "connect_timeout": 2, **more}

    def form(self, check: bool = False, **more: Any) -> dict[str, Any]:
        return run_module("k8s_redis_cluster", check=check, **self.options(**{"size": SIX, **more}))

    def formed(self, **more: Any) -> dict[str, Any]:
        """The answer of a run that must not fail."""
        answer = self.form(**more)
        assert not answer["failed"], answer["msg"]
        assert answer["cluster"]["healthy"] is True
        return answer

    def ask(self, **more: Any) -> dict[str, Any]:
        return run_module("k8s_redis_cluster_info", **self.options(**more))

    def make(self, replicas: int = SIX) -> None:
        """The StatefulSet and three nodes; nothing runs before `settle`."""
        self.double.add_nodes("a", "b", "c")
        made = workload("StatefulSet", "redis", replicas, podManagementPolicy="Parallel")
        self.double.create("StatefulSet", made, NAMESPACE)

    def settle(self) -> None:
        """All controllers have done their work, and every pod that runs has its server."""
        self.double.settle()
        started = []
        for pod in self.double.list("Pod", NAMESPACE):
            name, host = pod["metadata"]["name"], pod["status"].get("podIP")
            if host and name not in self.servers:
                self.servers[name] = self._server(name, host)
                self.servers[name].start()
                started.append(self.servers[name])
        for server in started:
            server.wait()

    def _server(self, name: str, host: str) -> PodServer:
        directory = self.directory / name
        if not directory.exists():
            return PodServer(directory, host, self.port)
        kept = directory.rename(self.directory / "kept")
        made = PodServer(directory, host, self.port)
        for file in kept.iterdir():
            if file.name not in ("socket", "log"):
                file.rename(directory / file.name)
        shutil.rmtree(kept)
        return made

    def kill(self, name: str) -> None:
        server = self.servers.pop(name)
        server.resume()
        server.kill()

    def renew(self, *names: str, keep: bool = True) -> None:
        """These pods go, and come back with other addresses; with `keep` on the same disks."""
        for name in names:
            self.kill(name)
            self.double.remove("Pod", name, NAMESPACE)
            if not keep:
                shutil.rmtree(self.directory / name)
        self.settle()

    def server_at(self, address: str) -> str:
        """Name of the pod at an address."""
        return next(name for name, server in self.servers.items() if server.address == address)

    def strangers(self) -> list[str]:
        return [host for server in self.servers.values() for host in server.strangers()]
