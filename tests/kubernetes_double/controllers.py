"""What runs in a cluster beside the API server: one step of everything, when a test says so or all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import budgets, deleting, nodes, quotas, scheduling
from .api import Api
from .calls import Call, now
from .errors import ApiError
from .kinds import BY_KIND, KINDS
from .workloads import Workloads

Object = dict[str, Any]
_MOST_STEPS = 300
_PAUSE = 0.02  # seconds between steps that a test lets run


class Controllers:
    """Steps are small: a pod is placed in one, and runs and is ready in others, so a test can stop in between.

    Args:
        ready_after: steps from a pod's start until it is Ready.
        network: the first two bytes of every pod's address.
    """

    def __init__(self, api: Api, ready_after: int, network: str) -> None:
        self.api, self.store = api, api.store
        self.kubelets = nodes.Kubelets(api.store, ready_after, network)
        self.workloads = Workloads(api)

    def step(self) -> bool:
        """Let everything look once; whether anything was done."""
        with self.store.lock:
            before = self.store.version
            self._namespaces()
            deleting.collect(self.store)
            self.workloads.step()
            scheduling.schedule(self.store)
            self.kubelets.step()
            self._write_status("PodDisruptionBudget", lambda one: budgets.status(self.store, one, now()))
            self._write_status("ResourceQuota", lambda one: quotas.status(self.store, one))
            return self.store.version > before or self.kubelets.waiting

    def settle(self) -> int:
        """Step until nothing happens any more; return the number of steps."""
        for count in range(_MOST_STEPS):
            if not self.step():
                return count
        raise AssertionError(f"the controllers do not come to rest in {_MOST_STEPS} steps")

    @contextmanager
    def running(self) -> Iterator[None]:
        """All the time, in a thread, as in a real cluster."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(_PAUSE):
                self.step()

        thread = threading.Thread(target=run, name="controllers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _namespaces(self) -> None:
        """A namespace has an account and the cluster's certificate; one that goes takes all with it."""
        for namespace in self.store.view(BY_KIND["Namespace"]):
            name = namespace["metadata"]["name"]
            if namespace["metadata"].get("deletionTimestamp"):
                self._empty(namespace)
                continue
            for kind, inner in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")):
                if self.store.get(BY_KIND[kind], name, inner) is None:
                    body = {"metadata": {"name": inner}, **({"data": {"ca.crt": ""}} if kind == "ConfigMap" else {})}
                    try:
                        self.api.create(BY_KIND[kind], name, body, Call())
                    except ApiError:
                        continue  # a quota that is full; it is tried again

    def _empty(self, namespace: Object) -> None:
        name = namespace["metadata"]["name"]
        inside = [(kind, found) for kind in KINDS if kind.namespaced for found in self.store.view(kind, name)]
        for kind, found in inside:
            if not found["metadata"].get("deletionTimestamp"):
                deleting.delete(self.store, kind, found, deleting.Options(), dry_run=False)
        if not inside:
            self.store.remove(BY_KIND["Namespace"], namespace)

    def _write_status(self, name: str, status_of: Any) -> None:
        kind = BY_KIND[name]
        for found in self.store.view(kind):
            status = status_of(found)
            if status != found.get("status"):
                self.store.put(kind, {**found, "status": status})
