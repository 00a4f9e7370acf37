"""Test hosts of one inventory, from their start to their end, and the playbooks that are played on them."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from .machine import ROOT

PREPARED = ROOT / "molecule" / "shared"

# A host's line at the end of a play.
_RECAP = re.compile(r"^\S+ +: ok=(\d+) +changed=(\d+)", re.MULTILINE)
_RUN = "OMNIMIND_RUN"  # the variable by which the processes of one run are told
_TASK = re.compile(r"^TASK \[(?:\S+ : )?(.*?)\]", re.MULTILINE)


class Point(NamedTuple):
    """A moment in a playbook's course: so many seconds after a task has begun, told by its number or by the beginning
    of its name, the first that begins so."""

    task: int | str
    seconds: float = 1.0


class Played(NamedTuple):
    """A playbook that came to its end: exit status, what it printed, seconds, CPU seconds on the controller."""

    status: int
    output: str
    seconds: float
    cpu: float

    @property
    def tasks(self) -> int:
        """Of the host that had most of them."""
        return max(int(ok) for ok, _changed in _RECAP.findall(self.output))

    @property
    def changed(self) -> int:
        """Of the host that was changed most."""
        return max(int(changed) for _ok, changed in _RECAP.findall(self.output))

    @property
    def begun(self) -> int:
        """How many tasks began, those included that every host passed over."""
        return len(_TASK.findall(self.output))


class Site:
    """A context manager: the hosts run inside it, and are gone afterwards.

    Args:
        environment: leads to the engine that runs them, from engine_with_images.
        inventories: the hosts, as molecule/shared/create.yml wants them, and files that add to that.
    """

    def __init__(self, environment: dict[str, str], *inventories: Path) -> None:
        self.inventories, self.environment = inventories, {**os.environ, "ANSIBLE_NOCOLOR": "1", **environment}

    def __enter__(self) -> Site:
        try:
            self.play(PREPARED / "create.yml")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        self.play(PREPARED / "destroy.yml")

    def try_to_play(self, playbook: str | Path, *options: str) -> Played:
        """Run a playbook, one of the collection by its name, to its end, good or bad."""
        before, started = _cpu_seconds(), time.monotonic()
        with self._start(playbook, options) as process:
            output = process.communicate()[0]
        return Played(process.returncode, output, time.monotonic() - started, _cpu_seconds() - before)

    def play(self, playbook: str | Path, *options: str) -> Played:
        """Run a playbook that must succeed; RuntimeError with its last words when it does not."""
        played = self.try_to_play(playbook, *options)
        if played.status:
            raise RuntimeError(f"{Path(playbook).name} failed:\n{played.output[-6000:]}")
        return played

    def play_until(self, point: Point, playbook: str | Path, *options: str) -> str:
        """Kill a playbook, with everything it started here, at that point.

        Return the name of the task; empty when the playbook ended before. What runs on the hosts goes on.
        """
        run = str(uuid4())
        process = self._start(playbook, options, run)
        assert process.stdout
        begun = 0
        with process, process.stdout as output:
            for line in output:
                name = _TASK.match(line)
                begun += bool(name)
                if name and (begun == point.task or name[1].startswith(str(point.task))):
                    time.sleep(point.seconds)
                    _kill_all(run)
                    return name[1]
        return ""

    def _start(self, playbook: str | Path, options: tuple[str, ...], run: str = "") -> subprocess.Popen[str]:
        file = playbook if isinstance(playbook, Path) else ROOT / "playbooks" / f"{playbook}.yml"
        inventories = [f"--inventory={path}" for path in self.inventories]
        return subprocess.Popen(
            ["ansible-playbook", *inventories, str(file), *options],
            env=self.environment | {_RUN: run},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _kill_all(run: str) -> None:
    """Kill a playbook's processes, told by their environment: each of Ansible's workers leads a session of its own."""
    while living := [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if _is_of(run, path)]:
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _is_of(run: str, environment: Path) -> bool:
    try:
        return f"{_RUN}={run}".encode() in environment.read_bytes().split(b"\0")
    except OSError:
        return False


def _cpu_seconds() -> float:
    """CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
