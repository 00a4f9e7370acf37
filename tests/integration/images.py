"""The engine's view of images and containers, and plays of the role backend_image on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from integration.ansible_run import ROOT, run_playbook

BACKEND = ROOT / "files" / "backend"
# Archives and wheels of an earlier run are used again, as the images of test hosts are.
CACHE = ROOT / ".cache" / "backend_image"
NAME, TAG = "omnimind-test-backend", "tested"
IMAGE = f"{NAME}:{TAG}"
# How the role for running it does: nothing can be written but /tmp, and there is no way out.
CONFINED = [
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none",
    "--memory", "256m",
]  # fmt: skip


class Played:
    """A play that ended: exit status, output, how many tasks changed something, seconds."""

    def __init__(self, done: subprocess.CompletedProcess[str], seconds: float) -> None:
        self.status, self.output, self.seconds = done.returncode, done.stdout + done.stderr, seconds

    @property
    def words(self) -> str:
        """The output as one line."""
        return " ".join(self.output.split())

    @property
    def changed(self) -> int:
        return int(self.output.rpartition("changed=")[2].split()[0])


class Engine:
    """Docker's client, and playbooks, with the engine that the environment leads to."""

    def __init__(self, environment: dict[str, str], scratch: Path) -> None:
        self.environment, self.scratch = environment, scratch

    def __call__(self, *words: str, check: bool = True, **environment: str) -> str:
        """What `docker WORDS` prints; AssertionError with its complaint when it fails."""
        surroundings = {**os.environ, **self.environment, **environment}
        done = subprocess.run(["docker", *words], env=surroundings, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"docker {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        return json.loads(self("inspect", name))[0]

    def id(self, image: str) -> str:
        """Of an image; empty when there is none."""
        return self("image", "ls", "--no-trunc", "--quiet", image)

    def names(self) -> str:
        """Our images by tag and id."""
        return self("image", "ls", "--no-trunc", "--format", "{{.Tag}} {{.ID}}", NAME)

    def play(self, playbook: str, *options: str, **variables: Any) -> Played:
        """Play a playbook on this machine; variables without the role's prefix."""
        given = {"name": NAME, "tag": TAG, "directory": str(CACHE), **variables}
        host = {f"backend_image_{name}": value for name, value in given.items()}
        host |= {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
        inventory = self.scratch / "hosts.json"
        inventory.write_text(json.dumps({"backend_image": {"hosts": {"localhost": host}}}))
        began = time.monotonic()
        done = run_playbook(f"{playbook}.yml", inventory, *options, **self.environment)
        return Played(done, time.monotonic() - began)

    def wait_until_healthy(self, container: str, seconds: float) -> float:
        """Seconds that it took. AssertionError with the container's log when it is not healthy in time."""
        began = time.monotonic()
        while True:
            state = self.inspect(container)["State"]
            if state["Health"]["Status"] == "healthy":
                return time.monotonic() - began
            late = time.monotonic() > began + seconds
            assert state["Running"] and not late, f"{state}\n{self('logs', container, check=False)}"
            time.sleep(0.1)


def copy_of_backend(directory: Path) -> Path:
    """The source as a directory that a test may change."""
    left_out = shutil.ignore_patterns("__pycache__", "wheelhouse", ".*cache")
    return shutil.copytree(BACKEND, directory, ignore=left_out)
