"""The whole playbook on three fresh systemd hosts: how long it takes, the first and the second time."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.options import Options, tell
from tests.hosts.engine import engine_with_images

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "benchmarks" / "inventory.yml"
PREPARED = ROOT / "molecule" / "shared"

# A host's line at the end of a play.
RECAP = re.compile(r"^\S+ +: ok=(\d+) +changed=(\d+)", re.MULTILINE)


class Run(NamedTuple):
    """One run of a playbook: seconds, CPU seconds on the controller, and a host's tasks and changes at most."""

    seconds: float
    cpu: float
    tasks: int
    changed: int


def measure(options: Options) -> Table:
    with engine_with_images() as environment:
        pairs = [_first_and_second(environment) for _turn in range(options.rounds)]
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if any(run.changed for run in second):
        raise RuntimeError("the second run of playbooks/redis.yml changed something")

    def sample(runs: list[Run], field: str, unit: str) -> Sample:
        return Sample(tuple(getattr(run, field) for run in runs), unit)

    table = Table("playbooks/redis.yml on three systemd hosts with two nodes each, packages in apt's cache", "best peer")
    table.figures = [
        Figure("first run", sample(first, "seconds", "s"), "51.2 s", at_most=45),
        Figure("second run, changed=0", sample(second, "seconds", "s"), "21.3 s", at_most=12),
        Figure("second run, tasks of a host", sample(second, "tasks", ""), "14 to 20", at_most=15),
        Figure("first run, controller CPU", sample(first, "cpu", "CPU s")),
        Figure("second run, controller CPU", sample(second, "cpu", "CPU s")),
    ]
    table.notes = [
        "Best peer: NETWAYS.redis-cluster on hosts and a machine of this kind, measured elsewhere, cannot be installed here.",
        "CPU seconds are those of ansible-playbook and its children, not those spent on the hosts.",
    ]
    return table


def _first_and_second(environment: dict[str, str]) -> tuple[Run, Run]:
    """Two runs on fresh hosts, which are gone afterwards."""
    try:
        _play(PREPARED / "create.yml", environment)
        first = _play(ROOT / "playbooks" / "redis.yml", environment)
        second = _play(ROOT / "playbooks" / "redis.yml", environment)
    finally:
        _play(PREPARED / "destroy.yml", environment)
    tell(f"role: first run {number(first.seconds)} s, second {number(second.seconds)} s, {second.tasks} tasks")
    return first, second


def _play(playbook: Path, environment: dict[str, str]) -> Run:
    """Run a playbook; RuntimeError with its last words when it fails."""
    before, started = _cpu_seconds(), time.monotonic()
    done = subprocess.run(
        ["ansible-playbook", "--inventory", str(INVENTORY), str(playbook)],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, cpu = time.monotonic() - started, _cpu_seconds() - before
    if done.returncode:
        raise RuntimeError(f"{playbook.name} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    hosts = [(int(ok), int(changed)) for ok, changed in RECAP.findall(done.stdout)]
    return Run(seconds, cpu, max(ok for ok, _changed in hosts), max(changed for _ok, changed in hosts))


def _cpu_seconds() -> float:
    """CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
