"""What the tests of the cache share."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from omnimind_backend.cache import CacheSettings, MultiLevelCache
from prometheus_client import CollectorRegistry

# The least that a user of Redis needs, and what it needs more to be told of changes.
RIGHTS = "~omnimind:* &__redis__:invalidate +get +set +eval +getrange +unlink +exists +scan +ping".split()
LISTENING = "+client|id +client|tracking +subscribe".split()


class Source:
    """Where values come from when they are not in the cache. It counts how often it is asked."""

    def __init__(self, value: bytes = b"value", seconds: float = 0.0) -> None:
        self.value, self.seconds, self.loads = value, seconds, 0
        self.fails: Exception | None = None

    async def __call__(self) -> bytes:
        self.loads += 1
        value = self.value  # As of now: what is written meanwhile is newer.
        await asyncio.sleep(self.seconds)
        if self.fails is not None:
            raise self.fails
        return value


async def never() -> bytes:
    raise AssertionError("loaded, though the cache has it")


@asynccontextmanager
async def running(settings: CacheSettings, tracked: bool = True) -> AsyncIterator[MultiLevelCache]:
    """A started cache, by default one whose listeners are all attached; closed within three seconds."""
    cache = MultiLevelCache(settings, CollectorRegistry())
    await cache.start()
    try:
        if tracked:
            await until(lambda: cache.in_use, "all listeners attach")
        yield cache
    finally:
        async with asyncio.timeout(3):
            await cache.close()


async def until(true: Callable[[], Any], what: str, seconds: float = 10) -> float:
    """Seconds that it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() < started + seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.005)
    return time.monotonic() - started


def counted(cache: MultiLevelCache) -> dict[str, int]:
    """Lookups by outcome, those that there were."""
    samples = cache.metrics.lookups.collect()[0].samples
    return {s.labels["outcome"]: int(s.value) for s in samples if s.name.endswith("_total") and s.value}


def errors(cache: MultiLevelCache) -> dict[str, int]:
    """Failures by kind, those that there were."""
    samples = cache.metrics.errors.collect()[0].samples
    return {s.labels["kind"]: int(s.value) for s in samples if s.name.endswith("_total") and s.value}


WRITER = """
import sys, time, redis
host, port, password = sys.argv[1:]
client = redis.RedisCluster(host=host, port=int(port), password=password, protocol=2)
for line in sys.stdin:
    name, value = line.split()
    client.set(name, value)
    print(time.monotonic(), flush=True)
"""


class Writer:
    """Another process with a plain client of the cluster: it writes, and says when it had the answer."""

    async def start(self, address: str, password: str) -> None:
        command = [sys.executable, "-c", WRITER, *address.split(":"), password]
        self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)

    async def write(self, name: str, value: str) -> float:
        """time.monotonic(), which is one clock for all processes of a machine, of Redis's answer."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{name} {value}\n".encode())
        return float(await self._process.stdout.readline())

    async def stop(self) -> None:
        self._process.kill()
        await self._process.wait()
