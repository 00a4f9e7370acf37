"""A backend that the role rolls out on this machine, under a name of its own, with a real Redis Cluster behind it."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from integration.ansible_run import ROOT, run_playbook

NAME = "omnimind-role-test"
DIRECTORY, CONFIGURATION = Path("/opt", NAME), Path("/etc", NAME)
SOURCES = ROOT / "files" / "backend"


def wheelhouse() -> Path:
    """Wheels of the lock for the Python of this machine's distribution, fetched once for each lock."""
    lock = SOURCES / "requirements.txt"
    directory = ROOT / ".cache" / "wheels" / sha256(lock.read_bytes()).hexdigest()[:12]
    if not directory.is_dir():
        version = subprocess.run(
            ["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        draft = directory.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        wanted = ["--python-version", version, "--only-binary", ":all:", "--require-hashes", "--requirement", str(lock)]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(draft), *wanted], check=True)
        draft.rename(directory)
    return directory


class Played:
    """What a run of a playbook said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.failed, self.output = done.returncode != 0, done.stdout + done.stderr
        self.words = " ".join(self.output.split())

    @property
    def changed(self) -> int:
        return sum(map(int, re.findall(r"changed=(\d+)", self.output)))


class Site:
    """An inventory of this host: a Redis Cluster that runs already, and instances on two ports."""

    def __init__(self, directory: Path, redis_ports: list[int], ports: list[int], password: str) -> None:
        self.file, self.ports = directory / "hosts.json", ports
        self.first_version = ""
        self.variables: dict[str, Any] = {
            "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3",
            "backend_name": NAME, "backend_ports": ports, "backend_ready_timeout": 20, "backend_shutdown_seconds": 2,
            "backend_wheelhouse": str(wheelhouse()),
        }  # fmt: skip
        self.redis = {
            "redis_cluster_address": "127.0.0.1",
            "redis_cluster_ports": redis_ports,
            "redis_cluster_password": password,
        }

    def run(self, playbook: str, *options: str, **variables: Any) -> Played:
        """Run a playbook on this host, with variables in place of the site's."""
        return self.run_on({"here": variables}, playbook, *options)

    def run_on(self, hosts: dict[str, dict[str, Any]], playbook: str, *options: str) -> Played:
        """The same on several hosts, which all are this one."""
        inventory = {
            "redis": {"hosts": {"cluster": {**self.redis, "ansible_connection": "local"}}},
            "backend": {"hosts": hosts, "vars": self.variables},
        }
        self.file.write_text(json.dumps(inventory))
        return Played(run_playbook(playbook, self.file, *options))

    def status(self, port: int) -> dict[str, Any]:
        return get(port, "/api/status")


def get(port: int, path: str) -> dict[str, Any]:
    """A document of an instance; OSError or HTTPException when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@contextmanager
def requests_all_the_time(*ports: int):
    """A client that asks without a pause, at the first port that answers; yields the list of what went wrong."""
    failures: list[str] = []
    asked = [0]
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            reasons = []
            for port in ports:
                try:
                    assert get(port, "/api/status")["version"]
                    break
                except (OSError, http.client.HTTPException, ValueError) as error:
                    reasons.append(f"{port}: {error!r}")
            else:
                failures.append("; ".join(reasons))
            asked[0] += 1
            stop.wait(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join()
    assert asked[0] > 20
