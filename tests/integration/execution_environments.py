"""The execution environment of this working tree, built once and shared by all who test with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hosts.sharing import shared
from integration.ansible_run import ROOT

IMAGE = "omnimind-test-ee:tested"
CACHE = ROOT / ".cache" / "execution_environment"


def make(docker: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """What `make ee` does, with the image's name of the tests."""
    surroundings = {**os.environ, **docker, "PYTHONPATH": str(ROOT / ".cache" / "collections")}
    command = [sys.executable, "-m", "tools.execution_environment", "--name", IMAGE, *options]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)


@contextmanager
def image(docker: dict[str, str]) -> Iterator[str]:
    """What `make ee` said. The image is kept as an archive, for as long as nothing that it is made of changes."""

    def begin() -> str:
        made = make(docker, "--archives", str(CACHE))
        assert made.returncode == 0, made.stdout + made.stderr
        return made.stdout

    def end() -> None:
        command = ["docker", "image", "rm", "--force", IMAGE]
        subprocess.run(command, env={**os.environ, **docker}, capture_output=True, check=False)

    with shared("execution_environment", begin, end) as said:
        yield said
