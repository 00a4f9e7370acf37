"""A fourth master gets its share of the slots and their keys, while clients write: ours beside redis-cli."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from redis.crc import key_slot

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.load import Load, Result
from benchmarks.nodes import PATIENCE, empty_nodes, redis_cli
from benchmarks.options import Options, tell
from tests.conftest import ROOT, link_collection
from integration.servers import PASSWORD, Server, Servers

KEYS = 290_000
VALUE = "x" * 100
RATE = 1000.0  # writes a second while slots move
MODULE = "ansible_collections.omnimind.platform.plugins.modules.redis_cluster_scale"


class Round(NamedTuple):
    """One rebalancing under load: how long it took, what the writers saw, how many keys were not there afterwards."""

    seconds: float
    result: Result
    lost_keys: int

    @property
    def stall(self) -> float:
        """Seconds of the slowest write."""
        return max(write.answered - write.sent for write in self.result.acknowledged)


def measure(options: Options) -> Table:
    ways: dict[str, Callable[[Servers], None]] = {
        "ours": _ours,
        "redis-cli": _redis_cli,
        "redis-cli, pipeline 100": lambda servers: _redis_cli(servers, "--cluster-pipeline", "100"),
    }
    rounds: dict[str, list[Round]] = {way: [] for way in ways}
    for _turn in range(options.rounds):
        for way, rebalance in ways.items():
            rounds[way].append(_rebalance_under_load(way, rebalance))
    table = Table(
        f"A fourth master, joined and empty, gets its 4096 slots: {KEYS} keys, {RATE:.0f} writes/s", "redis-cli"
    )
    for peer in ("redis-cli", "redis-cli, pipeline 100"):
        target = sample(rounds[peer], lambda found: found.seconds).median / 2
        ours, theirs = (sample(rounds[way], lambda found: found.seconds, "s") for way in ("ours", peer))
        limit = round(target, 1) if peer == "redis-cli" else None
        table.figures.append(Figure(f"beside {peer}: time", ours, theirs, at_most=limit))
    for title, value, unit, limit in (
        ("slowest write", lambda found: found.stall, "s", 1.0),
        ("failed writes", lambda found: len(found.result.failed), "", None),
        ("acknowledged writes lost", lambda found: len(found.result.lost), "", 0),
        ("keys lost", lambda found: found.lost_keys, "", 0),
    ):
        table.figures.append(
            Figure(title, *(sample(rounds[way], value, unit) for way in ("ours", "redis-cli")), at_most=limit)
        )
    errors = {way: sum((found.result.errors for found in rounds[way]), Counter[str]()) for way in ways}
    table.notes += [
        "Time: from the start of the process until it ends. All nodes and writers share this machine's cores.",
        "The target of the time is half of what redis-cli needs as it comes, in the same run.",
        f"Failed writes: {'; '.join(f'{way}: {dict(found) or 0}' for way, found in errors.items())}.",
        "An AttributeError is the client's: redis-py was sent to the new master for a key of an open slot before it",
        "had heard of that node.",
    ]
    return table


def sample(rounds: list[Round], value: Callable[[Round], float], unit: str = "") -> Sample:
    return Sample(tuple(value(found) for found in rounds), unit)


def _rebalance_under_load(way: str, rebalance: Callable[[Servers], None]) -> Round:
    with empty_nodes(8) as servers:
        _form_six(servers)
        _fill(servers)
        _join_empty(servers)
        with Load([(server.host, server.port) for server in servers[:6]], PASSWORD, rate=RATE) as load:
            time.sleep(1)
            started = time.monotonic()
            rebalance(servers)
            seconds = time.monotonic() - started
            time.sleep(1)
            result = load.stop()
        lost = KEYS - _count_keys(servers)
    found = Round(seconds, result, lost)
    stall = number(found.stall)
    tell(f"scaling, {way}: {number(seconds)} s, slowest write {stall} s, lost {lost} + {len(result.lost)}")
    return found


def _ours(servers: Servers) -> None:
    """The module, in a process of its own as Ansible starts it."""
    arguments = {"nodes": servers.addresses, "password": PASSWORD, "slice_seconds": 0}
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(link_collection())},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"redis_cluster_scale failed: {(done.stdout + done.stderr)[-2000:]}")


def _redis_cli(servers: Servers, *options: str) -> None:
    redis_cli("--cluster", "rebalance", servers[0].address, "--cluster-use-empty-masters", *options)


def _form_six(servers: Servers) -> None:
    addresses = servers.addresses[:6]
    redis_cli("--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes")
    _wait(lambda: all("master_link_status:down" not in str(s.call("INFO", "replication")) for s in servers[:6]))


def _join_empty(servers: Servers) -> None:
    """The seventh is a master without slots, the eighth its replica, and everybody knows both."""
    master, replica = servers[6:]
    for server in (master, replica):
        server.call("CLUSTER", "MEET", servers[0].host, servers[0].port)
    _wait(lambda: all("cluster_known_nodes:8" in str(server.call("CLUSTER", "INFO")) for server in servers))
    replica.call("CLUSTER", "REPLICATE", master.id)
    _wait(lambda: "master_link_status:up" in str(replica.call("INFO", "replication")))
    _wait(lambda: all("cluster_state:ok" in str(server.call("CLUSTER", "INFO")) for server in servers))
    _wait(lambda: all(str(server.call("CLUSTER", "NODES")).count(f"slave {master.id}") == 1 for server in servers))


def _wait(condition: Callable[[], bool]) -> None:
    """RuntimeError when it does not come true within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("the nodes did not come to agree")
        time.sleep(0.1)


def _fill(servers: Servers) -> None:
    """Keys `kept:0` and so on, each written to the master of its slot."""
    owner: dict[int, Server] = {}
    for start, end, node, *_replicas in servers[0].call("CLUSTER", "SLOTS"):
        master = next(server for server in servers if server.port == node[1])
        owner.update(dict.fromkeys(range(start, end + 1), master))
    names: dict[str, list[str]] = {server.address: [] for server in servers}
    for index in range(KEYS):
        name = f"kept:{index}"
        names[owner[key_slot(name.encode())].address].append(name)
    for server in servers:
        with server.client() as client:
            for first in range(0, len(names[server.address]), 5000):
                with client.pipeline(transaction=False) as pipeline:
                    for name in names[server.address][first : first + 5000]:
                        pipeline.set(name, VALUE)
                    pipeline.execute()


def _count_keys(servers: Servers) -> int:
    """How many of the keys of `_fill` the masters have, each counted once."""
    found: set[str] = set()
    for server in servers:
        if server.call("ROLE")[0] == "master":
            with server.client() as client:
                found.update(client.scan_iter("kept:*", count=5000))
    return len(found)
