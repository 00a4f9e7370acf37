"""The rules of the cache where there is no Redis; the same as with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from omnimind_backend.cache import CacheSettings, MultiLevelCache, status
from prometheus_client import CollectorRegistry, generate_latest

from cache.tools import Source, counted, never, running, until

SETTINGS = CacheSettings(ttl=10.0, refresh=0.0)


def test_loaded_once_then_found() -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            source = Source()
            assert {await cache.get("k", source) for _turn in range(5)} == {b"value"}
            assert source.loads == 1
            assert counted(cache) == {"miss": 1, "l2_hit": 1, "l1_hit": 3}

    asyncio.run(run())


def test_a_value_ends_and_is_loaded_again() -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            source = Source()
            await cache.get("k", source, ttl=0.05)
            await cache.get("k", never)
            await asyncio.sleep(0.06)
            source.value = b"new"
            assert await cache.get("k", source, ttl=0.05) == b"new"

    asyncio.run(run())


def test_a_ttl_of_0_is_not_the_default_but_no_storing() -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            source = Source()
            for _turn in range(3):
                await cache.get("k", source, ttl=0)
            assert source.loads == 3
            await cache.set("k", b"v")
            await cache.set("k", b"w", ttl=0)
            assert await cache.get("k", source) == b"value"

    asyncio.run(run())


@pytest.mark.parametrize("ttl", [-1, float("nan"), float("inf"), "1", True])
def test_a_ttl_that_cannot_be_is_refused(ttl: Any) -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            with pytest.raises(ValueError, match="ttl: .* right would be seconds"):
                await cache.get("k", never, ttl=ttl)
            with pytest.raises(ValueError, match="ttl"):
                await cache.set("k", b"v", ttl=ttl)

    asyncio.run(run())


def test_only_bytes_are_values() -> None:
    async def text() -> Any:
        return "text"

    async def run() -> None:
        async with running(SETTINGS) as cache:
            with pytest.raises(TypeError, match="'k' made str, not bytes"):
                await cache.get("k", text)
            with pytest.raises(TypeError, match="not str"):
                await cache.set("k", "text")  # type: ignore[arg-type]
            assert await cache.get("k", Source()) == b"value"

    asyncio.run(run())


@pytest.mark.parametrize("act", ["set", "delete", "clear"])
def test_what_was_loaded_before_a_write_is_not_stored_after_it(act: str) -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            old = Source(b"old", seconds=0.05)
            loading = asyncio.create_task(cache.get("a:k", old))
            await asyncio.sleep(0.01)
            acts = {"set": (cache.set, "a:k", b"new"), "delete": (cache.delete, "a:k"), "clear": (cache.clear, "a:")}
            write, *arguments = acts[act]
            assert await write(*arguments)
            assert await cache.get("a:k", Source(b"new")) == b"new", "nor joined by those who come after"
            assert await loading == b"old"
            assert await cache.get("a:k", never) == b"new"

    asyncio.run(run())


def test_a_failed_load_is_told_and_not_stored() -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            source = Source(seconds=0.01)
            source.fails = LookupError("gone")
            told = await asyncio.gather(*(cache.get("k", source) for _turn in range(10)), return_exceptions=True)
            assert [type(error) for error in told] == [LookupError] * 10
            source.fails = None
            assert await cache.get("k", source) == b"value"
            assert source.loads == 2

    asyncio.run(run())


def test_a_value_near_its_end_is_loaded_anew_while_the_old_one_is_still_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)  # A lead of ln 2 / 2 = 0.35 s.

    async def run() -> None:
        async with running(replace(SETTINGS, refresh=0.5)) as cache:
            source = Source(b"old")
            await cache.get("k", source, ttl=1.0)
            source.value, source.seconds = b"new", 0.05
            seen: list[bytes] = []

            async def ask() -> None:
                while b"new" not in seen:
                    seen.append(await cache.get("k", source, ttl=1.0))
                    await asyncio.sleep(0.001)

            await asyncio.wait_for(ask(), 0.97)  # Before its end: nobody had to wait for the load.
            assert seen.count(b"old") > 50
            assert counted(cache).get("miss") == 1
            assert source.loads == 2

    asyncio.run(run())


def test_a_refresh_that_fails_leaves_the_value_until_its_end_and_not_beyond() -> None:
    async def run() -> None:
        async with running(replace(SETTINGS, refresh=0.5)) as cache:
            source = Source(b"old")
            await cache.get("k", source, ttl=0.3)
            source.fails = OSError("no")
            with pytest.raises(OSError):
                while await cache.get("k", source, ttl=0.3) == b"old":
                    await asyncio.sleep(0.005)
            assert source.loads <= 4, "not at every read"

    asyncio.run(run())


def test_metrics_and_status() -> None:
    async def run() -> None:
        registry = CollectorRegistry()
        async with MultiLevelCache(SETTINGS, registry) as cache:
            for _turn in range(3):
                await cache.get("k", Source())
            text = generate_latest(registry).decode()
            assert 'omnimind_cache_lookups_total{outcome="l1_hit"} 1.0' in text
            assert 'omnimind_cache_lookups_total{outcome="outage"} 0.0' in text
            assert 'omnimind_cache_loads_total{result="stored"} 1.0' in text
            assert "omnimind_cache_load_seconds_count 1.0" in text
            assert "omnimind_cache_local_entries 1.0" in text
            told = status(cache)
            assert told["connected"] and told["topology"] == "none" and told["local"]["entries"] == 1

    asyncio.run(run())


def test_closing_ends_a_load_that_does_not_end() -> None:
    async def run() -> None:
        async with running(SETTINGS) as cache:
            waiting = asyncio.create_task(cache.get("k", Source(seconds=60)))
            await until(lambda: len(cache._near.loads), "the load begins")
        with pytest.raises(RuntimeError, match="cancelled"):
            await waiting

    asyncio.run(run())
