"""Pods of Redis in the double that are real: servers with the configuration of a roll-out, its probes and its hooks."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from integration.servers import die_with_parent
from kubernetes_double import KubernetesDouble
from kubernetes_double.pods import is_going

Object = dict[str, Any]
COMPONENT = "app.kubernetes.io/component"
_PAUSE = 0.2  # seconds between two looks at everything
_HASTE = 1.0  # seconds between two probes of a pod that is not ready: tests wait for it


class Container:
    """The only one of a pod. Where volumes are mounted are directories; that of a claim outlives the pod."""

    def __init__(self, double: KubernetesDouble, pod: Object, directory: Path) -> None:
        self.name, self.host = pod["metadata"]["name"], pod["status"]["podIP"]
        (self.spec,) = pod["spec"]["containers"]
        volumes = {one["name"]: one for one in pod["spec"]["volumes"]}
        self.mounts = {
            mount["mountPath"]: self._volume(double, pod, volumes[mount["name"]], directory)
            for mount in self.spec["volumeMounts"]
        }
        for path in self.mounts.values():
            for file in path.iterdir() if path.name == pod["metadata"]["uid"] else ():
                file.write_text(self._here(file.read_text()))
        fields = {"status.podIP": self.host}
        own = {
            one["name"]: one["value"] if "value" in one else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in self.spec["env"]
        }
        self.environment = {"PATH": os.environ["PATH"], "REDIS_HOST": self.host, **own}
        # All pods are on one machine here: each keeps to its own address.
        alone = ["--bind", self.host, "--bind-source-addr", self.host]
        command = [re.sub(r"\$\((\w+)\)", lambda name: own[name[1]], self._here(part)) for part in self.spec["command"]]
        self.process = subprocess.Popen(
            [*command, *alone], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, preexec_fn=die_with_parent
        )
        self.ready, self.failures, self.due = False, 0, time.monotonic()
        self.probing: Future[bool] | None = None
        self.ending: Future[None] | None = None

    def _volume(self, double: KubernetesDouble, pod: Object, volume: Object, directory: Path) -> Path:
        if "persistentVolumeClaim" in volume:
            claim = directory / volume["persistentVolumeClaim"]["claimName"]
            claim.mkdir(exist_ok=True)
            return claim
        found = directory / pod["metadata"]["uid"]
        found.mkdir()
        for source in volume["projected"]["sources"]:
            ((what, reference),) = source.items()
            kind = {"configMap": "ConfigMap", "secret": "Secret"}[what]
            content = double.get(kind, reference["name"], pod["metadata"]["namespace"])
            assert content is not None
            for key, text in content["data"].items():
                (found / key).write_text(base64.b64decode(text).decode() if kind == "Secret" else text)
        return found

    def _here(self, text: str) -> str:
        """With directories of this machine in the place of the container's."""
        paths = "|".join(map(re.escape, self.mounts))
        return re.sub(rf"(?<![\w/])({paths})\b", lambda found: str(self.mounts[found[1]]), text)

    def run(self, action: Object) -> bool:
        """Run what a probe or a hook says; whether it succeeded."""
        command = [self._here(part) for part in action["exec"]["command"]]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=60, check=False)
        return done.returncode == 0

    def end(self) -> None:
        self.run(self.spec["lifecycle"]["preStop"])
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def probed(self, ready: bool) -> None:
        probe = self.spec["readinessProbe"]
        self.failures = 0 if ready else self.failures + 1
        self.ready = ready or self.ready and self.failures < probe["failureThreshold"]
        self.due = time.monotonic() + (probe["periodSeconds"] if self.ready else _HASTE)


class RedisKubelet:
    """Drives the controllers of the double, and the Redis of every pod of the component redis.

    `away` are the most pods that were not ready, or not there, at one time since `forget`.
    """

    def __init__(self, double: KubernetesDouble, directory: Path) -> None:
        self.double, self.directory = double, directory
        self.containers: dict[str, Container] = {}
        self.names: set[str] = set()
        self.away: set[str] = set()
        self._pool = ThreadPoolExecutor(12)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)
        double.controllers.kubelets.ended = self._ended

    def __enter__(self) -> RedisKubelet:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._over.set()
        self._thread.join()
        for container in self.containers.values():
            container.process.kill()
            container.process.wait()
        self._pool.shutdown()

    def forget(self) -> None:
        self.away = set()

    def addresses(self) -> list[tuple[str, int]]:
        return [(container.host, 6379) for container in list(self.containers.values())]

    def _run(self) -> None:
        while not self._over.wait(_PAUSE):
            self.double.step()
            for pod in self.double.list("Pod"):
                if pod["metadata"].get("labels", {}).get(COMPONENT) == "redis" and not is_going(pod):
                    self._look(pod)
            ready = {one.name for one in self.containers.values() if one.ready and not one.ending}
            self.away = max(self.away, self.names - ready, key=len)

    def _look(self, pod: Object) -> None:
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        if uid not in self.containers:
            if pod["status"].get("podIP"):
                self.names.add(name)
                self.double.hold(name)
                self.containers[uid] = Container(self.double, pod, self.directory)
            return
        container = self.containers[uid]
        if container.probing and container.probing.done():
            container.probed(container.probing.result())
            container.probing = None
            (self.double.release if container.ready else self.double.hold)(name)
        elif not container.probing and time.monotonic() >= container.due:
            container.probing = self._pool.submit(container.run, container.spec["readinessProbe"])

    def _ended(self, pod: Object) -> bool:
        """Whether a pod that is told to go is over; the first time, it begins to end."""
        uid = pod["metadata"]["uid"]
        container = self.containers.get(uid)
        if container is None:
            return True
        if container.ending is None:
            container.ending = self._pool.submit(container.end)
        if not container.ending.done():
            return False
        container.ending.result()
        del self.containers[uid]
        return True
