"""The double as tests use it."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from .access import Access, Account
from .api import Api
from .calls import Call
from .controllers import Controllers
from .deleting import Options
from .kinds import BY_KIND
from .nodes import node
from .requests import Logged
from .schemas import Schemas
from .server import Server
from .store import Store

Object = dict[str, Any]
ADMIN_TOKEN, READER_TOKEN = "admin-of-the-double", "reader-of-the-double"
_FIRST = ("default", "kube-system", "kube-public", "kube-node-lease")


class KubernetesDouble:
    """A cluster without containers. Use it as a context manager.

    Args:
        version: of Kubernetes, whose fields are known.
        ready_after: steps from a pod's start until it is Ready.
        network: the first two bytes of every pod's address; with 127 a test can let servers listen there, which a
            forwarded port then leads to.
        encryption: the server's side of TLS; without it the API is served in plain.
    """

    def __init__(
        self,
        version: str = "1.36",
        ready_after: int = 1,
        network: str = "10.244",
        encryption: ssl.SSLContext | None = None,
    ) -> None:
        accounts = {ADMIN_TOKEN: Account("admin"), READER_TOKEN: Account("reader", reads_only=True)}
        self.access = Access(accounts)
        self.api = Api(Store(), Schemas(version))
        self.store = self.api.store
        self.controllers = Controllers(self.api, ready_after, network)
        for name in _FIRST:
            self.create("Namespace", {"metadata": {"name": name}})
        self.settle()
        self._server = Server(self.api, self.access, version, encryption)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="api", daemon=True)

    def __enter__(self) -> KubernetesDouble:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{self._server.scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def log(self) -> list[Logged]:
        """Every request that was answered, oldest first."""
        return list(self._server.log)

    def changes(self) -> list[str]:
        """Requests that were sent to change something, such as `POST /api/v1/namespaces`."""
        return [f"{one.method} {one.path}" for one in self.log if one.changes]

    def forget_log(self) -> None:
        self._server.log.clear()

    def kubeconfig(self, path: Path, token: str = ADMIN_TOKEN) -> Path:
        """Write a file that leads here; return its path."""
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "double", "cluster": {"server": self.url}}],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": "double", "context": {"cluster": "double", "user": "user", "namespace": "default"}}],
            "current-context": "double",
        }
        path.write_text(json.dumps(configuration), encoding="utf-8")
        path.chmod(0o600)
        return path

    def step(self) -> bool:
        """One step of the controllers; whether anything was done."""
        return self.controllers.step()

    def settle(self) -> int:
        """Step until nothing happens any more."""
        return self.controllers.settle()

    def running(self) -> AbstractContextManager[None]:
        """The controllers work all the time inside of this."""
        return self.controllers.running()

    def hold(self, *pods: str) -> None:
        """These pods are not Ready from the next step on, whatever their namespace."""
        self.controllers.kubelets.held.update(pods)

    def release(self, *pods: str) -> None:
        self.controllers.kubelets.held.difference_update(pods)

    def deny(self, verb: str, resource: str) -> None:
        """Nobody may do this any more; "*" is any verb, or any resource."""
        self.access.denied.add((verb, resource))

    def add_nodes(self, *names: str, zones: bool = False, **allocatable: str) -> None:
        """Nodes that are ready; with zones each is in one of its own."""
        for name in names:
            labels = {"topology.kubernetes.io/zone": f"zone-{name}"} if zones else {}
            self.create("Node", node(name, labels, **allocatable))

    def create(self, kind: str, manifest: Object, namespace: str = "") -> Object:
        """Make an object past HTTP, the log and access, but by all other rules."""
        return self.api.create(BY_KIND[kind], namespace, manifest, Call(manager="test", validation="Strict"))

    def remove(self, kind: str, name: str, namespace: str = "") -> None:
        """Let an object go, as a user who deletes it."""
        self.api.delete(BY_KIND[kind], namespace, name, Options(), Call(manager="test"))

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        return self.store.get(BY_KIND[kind], namespace, name)

    def list(self, kind: str, namespace: str = "") -> list[Object]:
        return self.store.list(BY_KIND[kind], namespace)
