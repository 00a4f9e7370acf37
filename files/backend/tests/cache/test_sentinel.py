"""The cache over a master that Sentinel watches and replaces."""

from __future__ import annotations

import asyncio
import time

from omnimind_backend.cache import CacheSettings, health, status

from cache.servers import PASSWORD, Servers
from cache.tools import Source, counted, errors, never, running, until


def test_a_failover(sentinels: Servers) -> None:
    async def run() -> None:
        master, replica, *watchers = sentinels
        settings = CacheSettings(
            topology="sentinel", service="main", nodes=tuple(s.address for s in watchers), password=PASSWORD,
            refresh=0.0, connect_timeout=0.3, command_timeout=0.3,
        )  # fmt: skip
        async with running(settings) as cache, running(settings) as writer:
            assert (await health(cache.manager))["connected"]
            await cache.get("k", Source(b"old"))
            while not cache._local.get("k", time.monotonic()):
                await cache.get("k", never)
            assert await writer.set("k", b"new")
            await asyncio.sleep(0.05)
            assert await cache.get("k", never) == b"new"
            watchers[0].kill()
            master.kill()
            await until(lambda: not cache.in_use, "the loss is seen", seconds=1)
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
