"""Test hosts of one inventory, from their start to their end, and the playbooks that are played on them."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from .machine import ROOT

PREPARED = ROOT / "molecule" / "shared"

# A host's line at the end of a play.
_RECAP = re.compile(r"^\S+ +: ok=(\d+) +changed=(\d+)", re.MULTILINE)
_TASK = re.compile(r"^TASK \[(?:\S+ : )?(.*?)\]", re.MULTILINE)
_IN_THE_MIDDLE = 1.0  # seconds after a task has begun


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

    def play_until(self, task: int | str, playbook: str | Path, *options: str) -> str:
        """Kill a playbook, with everything it started here, in the middle of a task: the one of that number, or the
        first whose name begins so.

        Return the name of the task; empty when the playbook ended before. What runs on the hosts goes on.
        """
        process = self._start(playbook, options, start_new_session=True)
        assert process.stdout
        begun = 0
        with process, process.stdout as output:
            for line in output:
                name = _TASK.match(line)
                begun += bool(name)
                if name and (begun == task if isinstance(task, int) else name[1].startswith(task)):
                    time.sleep(_IN_THE_MIDDLE)
                    os.killpg(process.pid, signal.SIGKILL)
                    return name[1]
        return ""

    def _start(self, playbook: str | Path, options: tuple[str, ...], **more: bool) -> subprocess.Popen[str]:
        file = playbook if isinstance(playbook, Path) else ROOT / "playbooks" / f"{playbook}.yml"
        inventories = [f"--inventory={path}" for path in self.inventories]
        return subprocess.Popen(
            ["ansible-playbook", *inventories, str(file), *options],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )


def _cpu_seconds() -> float:
    """CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
