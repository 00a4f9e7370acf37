"""A master is killed under load: how long its slots take no writes, and what is lost."""

from __future__ import annotations

import time
from collections import Counter
from typing import NamedTuple

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.load import Load, Result
from benchmarks.nodes import empty_nodes, form, wait_until_settled
from benchmarks.options import Options, tell
from integration.servers import PASSWORD, Server, Servers

NODE_TIMEOUTS = (2000, 5000)  # milliseconds
ADDED = 2.0  # seconds that the outage may last beyond the node timeout
RATE = 1000.0  # acknowledged writes a second that must be reached, the outage included


class Round(NamedTuple):
    """A load with a kill in it: the slots of the killed master, when it was killed (time.monotonic()),
    and after how many seconds its replica called itself a master."""

    result: Result
    slots: frozenset[int]
    killed: float
    promotion: float


def measure(options: Options) -> Table:
    seconds = options.load_seconds
    table = Table(f"A master killed (kill -9) in the middle of {seconds:.0f} s of writing, 3 + 3 nodes")
    for node_timeout in NODE_TIMEOUTS:
        rounds = [_kill_under_load(node_timeout, seconds) for _turn in range(options.rounds)]
        table.figures += _figures(node_timeout, rounds)
        table.notes.append(_explanation(node_timeout, rounds))
    table.notes += [
        "Outage: the longest time without an acknowledged write on the killed master's slots, as a redis-py client sees it.",
        "Replica promoted: the time from the kill until the replica calls itself a master. It is Redis' own, for agreeing on",
        "the failure and electing; only what the outage is longer is the client's.",
        "A master acknowledges a write before its replica has it (replication is asynchronous), so what it acknowledged",
        "in its last moment may be lost with it; no failover can bring that back.",
    ]
    return table


def _figures(node_timeout: int, rounds: list[Round]) -> list[Figure]:
    def sample(values: list[float], unit: str = "") -> Sample:
        return Sample(tuple(values), unit)

    results = [found.result for found in rounds]
    limit = node_timeout / 1000 + ADDED
    title = f"node timeout {node_timeout / 1000:.0f} s:"
    return [
        Figure(f"{title} outage", sample([found.result.longest_gap(found.slots) for found in rounds], "s"), at_most=limit),
        Figure(f"{title} replica promoted", sample([found.promotion for found in rounds], "s")),
        Figure(f"{title} acknowledged", sample([r.rate for r in results], "requests/s"), at_least=RATE),
        Figure(f"{title} acknowledged writes", sample([len(r.acknowledged) for r in results])),
        Figure(f"{title} acknowledged writes lost", sample([len(r.lost) for r in results])),
        Figure(f"{title} failed writes", sample([len(r.failed) for r in results])),
    ]


def _kill_under_load(node_timeout: int, seconds: float) -> Round:
    with empty_nodes(6, node_timeout) as servers:
        form(servers)
        wait_until_settled(servers)
        victim, slots = _some_master(servers)
        heir = _replica_of(servers, victim)
        with Load([(server.host, server.port) for server in servers], PASSWORD) as load:
            time.sleep(seconds / 2)
            killed = time.monotonic()
            victim.kill()
            promotion = _wait_until_promoted(heir, killed + seconds / 2) - killed
            time.sleep(max(0.0, killed + seconds / 2 - time.monotonic()))
            found = Round(load.stop(), slots, killed, promotion)
    outage = number(found.result.longest_gap(slots))
    tell(f"failover at {node_timeout} ms: {number(found.result.rate)}/s, outage {outage} s, lost {len(found.result.lost)}")
    return found


def _some_master(servers: Servers) -> tuple[Server, frozenset[int]]:
    """A master and its slots."""
    for line in str(servers[0].call("CLUSTER", "NODES")).splitlines():
        fields = line.split()
        if "master" in fields[2]:
            ranges = [part.split("-") for part in fields[8:]]
            slots = (slot for bounds in ranges for slot in range(int(bounds[0]), int(bounds[-1]) + 1))
            return servers.by_address(fields[1].partition("@")[0]), frozenset(slots)
    raise RuntimeError("no master in CLUSTER NODES")


def _replica_of(servers: Servers, master: Server) -> Server:
    follows = f"master_port:{master.port}"
    return next(server for server in servers if follows in str(server.call("INFO", "replication")).split())


def _wait_until_promoted(replica: Server, deadline: float) -> float:
    """When the replica called itself a master (time.monotonic()); RuntimeError at the deadline."""
    with replica.client() as client:
        client.response_callbacks.clear()
        while "role:master" not in str(client.execute_command("INFO", "replication")).split():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{replica.address} was not promoted before the load ended")
            time.sleep(0.02)
    return time.monotonic()


def _explanation(node_timeout: int, rounds: list[Round]) -> str:
    """What failed, and when the lost writes had been acknowledged."""
    errors = sum((found.result.errors for found in rounds), Counter[str]())
    kinds = ", ".join(f"{count} {name}" for name, count in errors.most_common()) or "none"
    before = [found.killed - write.answered for found in rounds for write in found.result.lost]
    when = "none lost"
    if before:
        when = f"lost ones acknowledged {min(before) * 1000:.1f} to {max(before) * 1000:.1f} ms before the kill"
    return f"Node timeout {node_timeout / 1000:.0f} s: failed {kinds}; {when}."
