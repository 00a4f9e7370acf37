"""A living master hands over to its replica under load: redis_cluster_failover, beside CLUSTER FAILOVER alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.load import Load, Result
from benchmarks.nodes import empty_nodes, form, wait_until_settled
from benchmarks.options import Options, tell
from integration.servers import PASSWORD, Servers

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.choice import Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.promotion import fail_over
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.slots import parse_slots
from ansible_collections.omnimind.platform.plugins.module_utils.redis.survey import survey_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.topology import read_topology

GAP = 0.1  # seconds without an acknowledged write on the shard's slots, at most
RATE = 2000.0  # writes a second that are tried
CALM = 2.0  # seconds of writing before and after


def measure(options: Options) -> Table:
    table = Table("A living master hands over to its replica, 3 + 3 nodes, under writers", "CLUSTER FAILOVER")
    ours = [_round(_module) for _turn in range(options.rounds)]
    plain = [_round(_plain) for _turn in range(options.rounds)]

    def both(value: Callable[[tuple[Result, frozenset[int]]], float], unit: str = "") -> tuple[Sample, Sample]:
        return Sample(tuple(map(value, ours)), unit), Sample(tuple(map(value, plain)), unit)

    table.figures = [
        Figure("no write on the shard's slots for", *both(lambda found: found[0].longest_gap(found[1]), "s"), at_most=GAP),
        Figure("failed writes", *both(lambda found: len(found[0].failed)), at_most=0),
        Figure("acknowledged writes lost", *both(lambda found: len(found[0].lost)), at_most=0),
        Figure("acknowledged", *both(lambda found: found[0].rate, "writes/s"), at_least=1000),
    ]
    table.notes = [
        "The command alone returns before anything has happened, and says nothing when nothing does; the module returns when",
        "all nodes agree and every replica is in sync. Both longest times include what the writers wait for each other.",
    ]
    return table


def _round(act: Callable[[Servers], frozenset[int]]) -> tuple[Result, frozenset[int]]:
    """What became of the writes, and the slots of the shard."""
    with empty_nodes(6, 5000) as servers:
        form(servers)
        wait_until_settled(servers)
        with Load([(server.host, server.port) for server in servers], PASSWORD, rate=RATE) as load:
            time.sleep(CALM)
            slots = act(servers)
            time.sleep(CALM)
            result = load.stop()
    tell(f"handed over: {number(result.longest_gap(slots) * 1000)} ms, {len(result.lost)} lost")
    return result, slots


def _module(servers: Servers) -> frozenset[int]:
    with Session(Login(password=PASSWORD)) as session:
        nodes = parse_nodes(servers.addresses)
        replica = read_topology(survey_cluster(session, nodes)).shards[0].replicas[0]
        answer = fail_over(session, nodes, Order(promote=(replica.name,)), time.monotonic() + 30)
    return parse_slots(answer["failovers"][0]["slots"])


def _plain(servers: Servers) -> frozenset[int]:
    with Session(Login(password=PASSWORD)) as session:
        shard = read_topology(survey_cluster(session, parse_nodes(servers.addresses))).shards[0]
    servers.by_address(shard.replicas[0].name).call("CLUSTER", "FAILOVER")
    return shard.master.slots
