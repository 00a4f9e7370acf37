"""A master is killed while the cache is read and written: what is stale, what fails, how long it takes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from omnimind_backend.cache import CacheSettings, MultiLevelCache
from prometheus_client import CollectorRegistry

from benchmarks.figures import Figure, Sample
from benchmarks.options import tell
from integration.servers import PASSWORD, Server, Servers

KEYS = [f"failover:{n}" for n in range(30)]
WINDOW = 0.010  # seconds in which a change may be on its way; what is older than that is stale


def figures(sample: Callable[..., Sample]) -> list[Figure]:
    return [
        Figure("master killed: stale reads after recovery", sample("stale after"), at_most=0),
        Figure("master killed: stale reads before it", sample("stale before")),
        Figure("master killed: reads in all", sample("reads")),
        Figure("master killed: reads that failed", sample("failed"), at_most=0),
        Figure("master killed: slowest read", sample("slowest", "ms")),
        Figure("master killed: errors counted", sample("errors"), at_least=1),
        Figure("master killed: reads counted as an outage", sample("outages"), at_least=1),
        Figure("master killed: time to recovery", sample("recovery", "s")),
    ]


def notes(node_timeout: int) -> list[str]:
    return [
        f"Master killed: node timeout {node_timeout} ms. One task writes 30 keys in turn (first where they come from,",
        "then the cache), one reads them through a cache of its own. Stale: older than what the writer's cache had",
        f"been told {WINDOW * 1000:.0f} ms before the read began. Recovery: every primary is listened to again,",
        "nothing is left alone as away, and what could not be written in between is removed from Redis.",
    ]


@dataclass
class Reads:
    """What one reader saw; `stale` as times (time.monotonic()), `slowest` in milliseconds."""

    count: int = 0
    failed: int = 0
    slowest: float = 0.0
    stale: list[float] = field(default_factory=list)


def measure(servers: Servers, seconds: float) -> dict[str, float]:
    """With a kill after a fifth of the time."""
    return asyncio.run(_measure(servers, seconds))


async def _measure(servers: Servers, seconds: float) -> dict[str, float]:
    settings = CacheSettings(topology="cluster", nodes=tuple(servers.addresses), password=PASSWORD, refresh=0.0)
    reader, writer = (MultiLevelCache(settings, CollectorRegistry()) for _side in range(2))
    source = dict.fromkeys(KEYS, 1)
    told = {key: deque([(0.0, 0), (0.0, 0)], maxlen=2) for key in KEYS}  # The last two versions, and since when.
    ours = Reads()

    async def write(key: str) -> None:
        source[key] += 1
        version = source[key]
        await writer.set(key, b"%d" % version)
        told[key].append((time.monotonic(), version))

    async def load(key: str) -> bytes:
        return b"%d" % source[key]

    async def read(key: str) -> None:
        started = time.monotonic()
        least = max((version for since, version in told[key] if since <= started - WINDOW), default=0)
        version = int(await reader.get(key, lambda: load(key)))
        _note(ours, started, version < least)

    async with reader, writer:
        await _until(lambda: reader.in_use and writer.in_use)
        stop = asyncio.Event()
        working = [asyncio.create_task(_in_turn(act, stop)) for act in (write, read)]
        await asyncio.sleep(seconds / 5)
        killed = time.monotonic()
        _owner(servers, reader).kill()
        await _until(lambda: not reader.in_use)
        await _until(lambda: all(_is_well(cache) for cache in (reader, writer)))
        recovered = time.monotonic()
        await asyncio.sleep(max(1.0, killed + seconds * 4 / 5 - recovered))
        stop.set()
        ended = await asyncio.gather(*working, return_exceptions=True)
        ours.failed = sum(isinstance(end, BaseException) for end in ended)
        found = _as_figures(ours, recovered) | {"recovery": recovered - killed} | _counted(reader)
    tell(
        f"cache: master killed, recovered after {found['recovery']:.1f} s, stale after that {found['stale after']:.0f}"
    )
    return found


def _as_figures(ours: Reads, recovered: float) -> dict[str, float]:
    after = sum(at > recovered for at in ours.stale)
    return {
        "stale after": after, "stale before": len(ours.stale) - after,
        "reads": ours.count, "failed": ours.failed, "slowest": ours.slowest,
    }  # fmt: skip


def _counted(cache: MultiLevelCache) -> dict[str, float]:
    errors = sum(s.value for s in cache.metrics.errors.collect()[0].samples if s.name.endswith("_total"))
    outages = cache.metrics.lookups.collect()[0].samples
    found = [s.value for s in outages if s.name.endswith("_total") and s.labels["outcome"] == "outage"]
    return {"errors": errors, "outages": sum(found)}


def _note(reads: Reads, started: float, stale: bool) -> None:
    reads.count += 1
    reads.slowest = max(reads.slowest, (time.monotonic() - started) * 1000)
    if stale:
        reads.stale.append(started)


async def _in_turn(act: Callable[[str], Awaitable[None]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        for key in KEYS:
            await act(key)
            await asyncio.sleep(0.002)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)


def _is_well(cache: MultiLevelCache) -> bool:
    return cache.in_use and cache.manager is not None and not cache.manager.circuits and not len(cache.unwritten)


def _owner(servers: Servers, cache: MultiLevelCache) -> Server:
    assert cache.manager is not None
    return servers.by_address(cache.manager.route((cache.settings.prefix + KEYS[0]).encode()))
