"""The backend's cache on a real cluster: a hit, a change elsewhere, many misses, a killed master."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import quantiles

from omnimind_backend.cache import CacheSettings, MultiLevelCache
from prometheus_client import CollectorRegistry
from redis.asyncio import RedisCluster

from benchmarks import cache_failover
from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.nodes import empty_nodes, form, wait_until_settled
from benchmarks.options import Options, tell
from integration.servers import PASSWORD

NODE_TIMEOUT = 2000  # milliseconds
HITS, GETS, CHANGES, CALLERS = 1000, 20, 500, 100
BATCHES = 100  # of which the fastest counts: the others tell of the machine's other work
NEW = b"new" * 100
WRITER = """
import sys, time, redis
client = redis.RedisCluster(host="127.0.0.1", port=int(sys.argv[1]), password=sys.argv[2], protocol=2)
for line in sys.stdin:
    client.set(line.strip(), b"new" * 100)
    print(time.monotonic(), flush=True)
"""


def measure(options: Options) -> Table:
    table = Table("The cache of the backend on a cluster of 3 + 3", "redis.asyncio alone")
    rounds = []
    for _turn in range(options.rounds):
        with empty_nodes(6, NODE_TIMEOUT) as servers:
            form(servers)
            wait_until_settled(servers)
            rounds.append(asyncio.run(_measure(servers[0].port)))
            rounds[-1] |= cache_failover.measure(servers, min(options.load_seconds, 20))

    def sample(name: str, unit: str = "") -> Sample:
        return Sample(tuple(found[name] for found in rounds), unit)

    table.figures = [
        Figure("a hit in this process", sample("hit", "µs"), sample("get", "µs"), at_most=5),
        Figure("a hit in Redis", sample("second", "µs"), sample("get", "µs")),
        Figure("stale after a change elsewhere, p50", sample("p50", "ms")),
        Figure("stale after a change elsewhere, p99", sample("p99", "ms"), at_most=10),
        Figure(f"loads for {CALLERS} misses at a time", sample("loads"), at_most=1),
        *cache_failover.figures(sample),
    ]
    table.notes = [
        f"Hits: the fastest of {BATCHES} batches, ours and the peer's in turn.",
        "A change elsewhere: another process sets a key and has its answer; stale is how long after that this process",
        "still gives the old value, of which it asks all the time.",
        *cache_failover.notes(NODE_TIMEOUT),
    ]
    return table


async def _measure(port: int) -> dict[str, float]:
    plain = RedisCluster(host="127.0.0.1", port=port, password=PASSWORD, protocol=2)
    try:
        async with _cache(port) as cache:
            found = await _hits(cache, plain) | await _changes(cache, port) | await _misses(cache)
    finally:
        await plain.aclose()
    tell(f"cache: hit {number(found['hit'])} µs, GET {number(found['get'])} µs, stale p99 {number(found['p99'])} ms")
    return found


@asynccontextmanager
async def _cache(port: int, local_entries: int = 10_000) -> AsyncIterator[MultiLevelCache]:
    settings = CacheSettings(
        topology="cluster", nodes=(f"127.0.0.1:{port}",), password=PASSWORD, local_entries=local_entries, refresh=0.0
    )
    async with MultiLevelCache(settings, CollectorRegistry()) as cache:
        while not cache.in_use:
            await asyncio.sleep(0.01)
        yield cache


async def _old() -> bytes:
    return b"old" * 100


async def _hits(cache: MultiLevelCache, plain: RedisCluster) -> dict[str, float]:
    for _turn in range(10):
        await cache.get("hot", _old)
    await plain.set("hot", await _old())
    batches = []
    async with _cache(int(cache.settings.nodes[0].rpartition(":")[2]), local_entries=0) as without:
        for _batch in range(BATCHES):  # Side by side, so that they meet the same load.
            hit = await _each(HITS, lambda: cache.get("hot", _old))
            second = await _each(GETS, lambda: without.get("hot", _old))
            batches.append((hit, second, await _each(GETS, lambda: plain.get("hot"))))
    return dict(zip(("hit", "second", "get"), map(min, zip(*batches))))


async def _each(count: int, ask: Callable[[], Awaitable[object]]) -> float:
    """Microseconds."""
    started = time.perf_counter()
    for _turn in range(count):
        await ask()
    return (time.perf_counter() - started) / count * 1e6


async def _changes(cache: MultiLevelCache, port: int) -> dict[str, float]:
    command = [sys.executable, "-c", WRITER, str(port), PASSWORD]
    writer = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        await _write(writer, "warm")
        windows = [await _window(cache, writer, f"k{turn}") for turn in range(CHANGES)]
    finally:
        writer.kill()
        await writer.wait()
    cuts = quantiles(windows, n=100)
    return {"p50": cuts[49] * 1000, "p99": cuts[98] * 1000}


async def _window(cache: MultiLevelCache, writer: Process, key: str) -> float:
    for _turn in range(3):
        await cache.get(key, _old)  # Loaded, read from Redis, kept.
    writing = asyncio.create_task(_write(writer, cache.settings.prefix + key))
    last_old = 0.0
    while (asked := time.monotonic()) and await cache.get(key, _old) != NEW:
        last_old = asked
        await asyncio.sleep(0)
    return max(0.0, last_old - await writing)


async def _write(writer: Process, name: str) -> float:
    """When the other process had Redis's answer, by the clock that all processes of a machine share."""
    assert writer.stdin and writer.stdout
    writer.stdin.write(f"{name}\n".encode())
    return float(await writer.stdout.readline())


async def _misses(cache: MultiLevelCache) -> dict[str, float]:
    loads = 0

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.05)
        return b"value"

    await asyncio.gather(*(cache.get("cold", load) for _caller in range(CALLERS)))
    return {"loads": loads}
