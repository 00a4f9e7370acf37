"""What happens to clients while a running cluster is restarted, changed, grown and upgraded by the playbooks."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.load import Result
from benchmarks.options import Options, tell
from day_two.acts import ACTS, RESTART, ROLL_OUT, WITHOUT_PERSISTENCE, Act
from day_two.cluster import RunningCluster
from hosts.engine import engine_with_images

SLOWEST = 0.25  # seconds of one write during rolling restarts, at most
RATE = 1000.0  # acknowledged writes a second
CALM = 1.0  # seconds of writing before and after an act
UNIT = "omnimind-redis@{port}.service"


def measure_restarts(options: Options) -> Table:
    """Every node restarted, with and without persistence."""
    table = Table("Every node restarted, three systemd hosts with two nodes each, under writers", "without failover")
    with _running() as running:
        table.figures += _restarts(running, RESTART, "append-only file")
        running.perform(WITHOUT_PERSISTENCE)
        table.figures += _restarts(running, RESTART, "no persistence")
    table.notes = [
        "Failed: an error after the client (redis-py) had tried twice. Lost: acknowledged, but not there in the end.",
        "Without failover: systemctl restart of one node after the other, each as soon as the one before answers.",
    ]
    return table


def measure(options: Options) -> Table:
    """Growth, rotation, TLS and upgrade."""
    table = Table("Acts on three to four systemd hosts with two nodes each, under writers")
    with _running() as running:
        for act in ACTS:
            if act is not RESTART:
                seconds, result = _under_load(running, lambda act=act: running.perform(act))
                table.figures += _figures(act.name, seconds, result, act.stall)
    table.notes = ["Stall: the longest time in which no write anywhere in the cluster was acknowledged."]
    return table


@contextmanager
def _running() -> Iterator[RunningCluster]:
    with engine_with_images() as environment, tempfile.TemporaryDirectory() as directory:
        with RunningCluster(environment, Path(directory)) as running:
            running.perform(ROLL_OUT)
            yield running


def _restarts(running: RunningCluster, act: Act, name: str) -> list[Figure]:
    """Our rolling restart, and the naive one beside it."""
    seconds, ours = _under_load(running, lambda: running.perform(act))
    naive_seconds, naive = _under_load(running, lambda: _restart_naively(running))
    running.wait_until_whole()
    tell(f"naive {name}: {len(naive.failed)} failed, {len(naive.lost)} lost, stall {number(naive.longest_gap())} s")
    return [
        Figure(f"{name}: playbook", _one(seconds, "s"), _one(naive_seconds, "s")),
        Figure(f"{name}: acknowledged", _one(ours.rate, "writes/s"), _one(naive.rate, "writes/s"), at_least=RATE),
        Figure(f"{name}: lost", _one(len(ours.lost)), _one(len(naive.lost)), at_most=0),
        Figure(f"{name}: failed", _one(len(ours.failed)), _one(len(naive.failed)), at_most=0),
        Figure(f"{name}: slowest write", _one(ours.slowest, "s"), _one(naive.slowest, "s"), at_most=SLOWEST),
    ]


def _figures(name: str, seconds: float, result: Result, stall: float) -> list[Figure]:
    tell(f"{name}: {number(result.rate)}/s, {len(result.lost)} lost, stall {number(result.longest_gap())} s")
    return [
        Figure(f"{name}: playbook", _one(seconds, "s")),
        Figure(f"{name}: acknowledged", _one(result.rate, "writes/s"), at_least=RATE),
        Figure(f"{name}: lost", _one(len(result.lost)), at_most=0),
        Figure(f"{name}: failed", _one(len(result.failed))),
        Figure(f"{name}: longest stall", _one(result.longest_gap(), "s"), at_most=stall),
    ]


def _one(value: float, unit: str = "") -> Sample:
    return Sample((value,), unit)


def _under_load(running: RunningCluster, act: Callable[[], object]) -> tuple[float, Result]:
    """Seconds that it took, and what became of the writes meanwhile."""
    with running.load() as load:
        time.sleep(CALM)
        started = time.monotonic()
        act()
        seconds = time.monotonic() - started
        time.sleep(CALM)
        return seconds, load.stop()


def _restart_naively(running: RunningCluster) -> None:
    for host, port in running.nodes:
        command = ["docker", "exec", running.container(host), "systemctl", "restart", UNIT.format(port=port)]
        subprocess.run(command, env=running.site.environment, check=True, capture_output=True)
        running.wait_until_answering(host, port)
