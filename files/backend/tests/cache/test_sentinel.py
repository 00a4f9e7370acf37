"""The cache over a master that Sentinel watches and replaces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from omnimind_backend.cache import CacheSettings, health, status
from omnimind_backend.cache.envelope import pack

from cache.servers import PASSWORD, Server, Servers
from cache.tools import Source, counted, errors, never, running, until
from loopback import wait_until


def settings(watchers: Sequence[Server]) -> CacheSettings:
    return CacheSettings(
        topology="sentinel", service="main", nodes=tuple(s.address for s in watchers), password=PASSWORD,
        refresh=0.0, connect_timeout=0.3, command_timeout=0.3,
    )  # fmt: skip


def test_a_failover(sentinels: Servers) -> None:
    async def run() -> None:
        master, replica, *watchers = sentinels
        async with running(settings(watchers)) as cache, running(settings(watchers)) as writer:
            assert (await health(cache.manager))["connected"]
            await cache.get("k", Source(b"old"))
            while not cache._local.get("k", time.monotonic()):
                await cache.get("k", never)
            assert await writer.set("k", b"new")
            await asyncio.sleep(0.05)
            assert await cache.get("k", never) == b"new"
            watchers[0].kill()
            master.kill()
            await until(lambda: not cache.in_use, "the loss is seen", seconds=3)
            assert await cache.get("k", Source(b"loaded")) == b"loaded"
            assert counted(cache)["outage"] and errors(cache)
            assert (await health(cache.manager))["missing"].keys() >= {watchers[0].address}

            async def recovery() -> None:
                while not (cache.in_use and writer.in_use) or cache.manager.circuits or writer.manager.circuits:
                    await cache.get("k", Source(b"loaded"))
                    await asyncio.sleep(0.01)

            await asyncio.wait_for(recovery(), 15)
            assert status(cache)["primaries"] == {"wanted": [replica.address], "tracked": [replica.address]}
            assert await writer.set("k", b"newest")
            await asyncio.sleep(0.05)
            assert await cache.get("k", never) == b"newest"

    asyncio.run(run())


def test_a_paused_master_is_replaced_and_its_old_values_are_not_given(sentinels: Servers) -> None:
    """Once awake it believes itself the master for seconds, until a Sentinel tells it."""

    async def run() -> None:
        master, replica, *watchers = sentinels
        async with running(settings(watchers)) as cache:
            assert await cache.set("k", b"old") and await cache.get("k", never) == b"old"
            master.pause()
            try:
                await asyncio.to_thread(wait_until, lambda: replica.info("replication")["role"] == "master", 20)
                replica.call("SET", "omnimind:k", pack(b"new", 60, 0.0))
            finally:
                master.resume()
            seen, ends = set(), time.monotonic() + 3
            while time.monotonic() < ends:
                seen.add(await cache.get("k", Source(b"loaded")))
                await asyncio.sleep(0.002)
            assert b"old" not in seen
            await until(lambda: cache.in_use, "all is well again")
            assert await cache.get("k", never) == b"new"

    asyncio.run(run())
