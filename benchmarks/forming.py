"""Forming: from running empty nodes to a settled cluster, beside redis-cli."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.nodes import empty_nodes, form, redis_cli, wait_until_settled
from benchmarks.options import Options, tell
from integration.servers import Servers

# Masters, with as many replicas: the target in seconds.
TARGETS = {3: 2.0, 10: 2.5, 50: 8.0}
LARGEST = 50
# Seconds that nodes have been up before. One that has just started takes writes sooner, so a test
# that starts and forms in one breath would flatter whoever is measured.
UPTIME = 3.0


def measure(options: Options) -> Table:
    table = Table("Forming a cluster, nodes with Redis' default node timeout of 15 s", "redis-cli --cluster create")
    table.notes = [
        f"From empty nodes that have been up for {UPTIME:.0f} s until every node says that all slots are served, all agree",
        "on the layout and every replica is in sync; the same end for both, told by the same independent questions.",
    ]
    for masters, target in TARGETS.items():
        if masters == LARGEST and not options.largest:
            continue
        rounds = 1 if masters == LARGEST else options.rounds
        ours, peer = [], []
        for turn in range(rounds):
            ours.append(_time(form, 2 * masters))
            peer.append(_time(_form_by_redis_cli, 2 * masters))
            tell(f"forming {masters}+{masters}, {turn + 1}/{rounds}: {number(ours[-1])} s, redis-cli {number(peer[-1])} s")
        name = f"{masters} masters + {masters} replicas"
        table.figures.append(Figure(name, Sample(tuple(ours), "s"), Sample(tuple(peer), "s"), at_most=target))
    return table


def _time(act: Callable[[Servers], None], count: int) -> float:
    """Seconds that `act` and the settling after it take on fresh nodes."""
    with empty_nodes(count) as servers:
        time.sleep(UPTIME)
        started = time.monotonic()
        act(servers)
        wait_until_settled(servers)
        return time.monotonic() - started


def _form_by_redis_cli(servers: Servers) -> None:
    redis_cli("--cluster", "create", *servers.addresses, "--cluster-replicas", "1", "--cluster-yes")
