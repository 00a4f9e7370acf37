"""A living master is replaced under load: by redis_sentinel_failover, and by SENTINEL FAILOVER alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.load import Result
from benchmarks.options import Options, tell
from benchmarks.sentinel_load import SentinelLoad
from integration.sentinels import NAME, PASSWORD, SENTINEL_PASSWORD, Topology

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.choice import Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.promotion import fail_over

RATE = 2000.0  # writes a second that are tried
DOWN_AFTER = 5000  # milliseconds, as the role has it
BEFORE = 2.0  # seconds of writing before the failover
AFTER = 15.0  # and after it: the old master of the plain one is made a replica only after about eleven
PATIENCE = 60.0


def measure(options: Options) -> Table:
    table = Table(
        "The living master of a group replaced under load: 1 master, 2 replicas, 3 Sentinels, 4 writers",
        "SENTINEL FAILOVER",
    )
    pairs = [(_round(_guarded, "ours"), _round(_plain, "plain")) for _turn in range(options.rounds)]
    ours, plain = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def both(measure: Callable[[Result], float], unit: str = "") -> tuple[Sample, Sample]:
        return Sample(tuple(map(measure, ours)), unit), Sample(tuple(map(measure, plain)), unit)

    table.figures = [
        Figure("acknowledged writes lost", *both(lambda result: len(result.lost)), at_most=0),
        Figure("longest time without an acknowledged write", *both(lambda result: result.longest_gap(), "s"), at_most=3),
        Figure("failed writes", *both(lambda result: len(result.failed))),
        Figure("acknowledged", *both(lambda result: result.rate, "requests/s")),
    ]
    table.notes = [
        "Ours: the function that redis_sentinel_failover calls. It holds writes back on the old master until the replica has",
        "read everything, the Sentinels have promoted it and every Sentinel tells clients so.",
        "SENTINEL FAILOVER leaves the old master writable until a Sentinel makes it a replica, and what was written is lost.",
    ]
    return table


def _round(act: Callable[[Topology], None], title: str) -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, Topology(Path(directory), DOWN_AFTER) as topology:
        topology.converge(PATIENCE)
        sentinels = [(sentinel.host, sentinel.port) for sentinel in topology.sentinels]
        with SentinelLoad(sentinels, NAME, PASSWORD, SENTINEL_PASSWORD, RATE) as load:
            time.sleep(BEFORE)
            act(topology)
            time.sleep(AFTER)
            result = load.stop()
    gap = number(result.longest_gap())
    tell(f"sentinel failover, {title}: lost {len(result.lost)}, failed {len(result.failed)}, gap {gap} s")
    return result


def _guarded(topology: Topology) -> None:
    fail_over(topology.group, Order(NAME), time.monotonic() + PATIENCE)


def _plain(topology: Topology) -> None:
    topology.sentinels[0].call("SENTINEL", "FAILOVER", NAME)
