"""The cache over one real redis-server: what Redis does to it, and what it does not let through."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace

import pytest
from omnimind_backend.cache import CacheSettings, health, status

from cache.servers import PASSWORD, Server
from cache.tools import LISTENING, RIGHTS, Source, counted, errors, never, running, until


def settings(server: Server) -> CacheSettings:
    return CacheSettings(
        topology="single", nodes=(server.address,), password=PASSWORD, ttl=30.0, refresh=0.0,
        connect_timeout=0.3, command_timeout=0.3,
    )  # fmt: skip


def name(key: str) -> str:
    return f"omnimind:{key}"


async def from_both_levels(cache: object, key: str) -> None:
    """Have the key in this process."""
    await cache.get(key, Source())  # type: ignore[attr-defined]
    await until(lambda: not cache._near.reads, "reads end")  # type: ignore[attr-defined]
    while not cache._local.get(key, time.monotonic()):  # type: ignore[attr-defined]
        await cache.get(key, Source())  # type: ignore[attr-defined]


def test_a_value_is_shared_by_two_processes(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as first, running(settings(server)) as second:
            assert await first.get("k", Source(b"\x00\xff")) == b"\x00\xff"
            assert await second.get("k", never) == b"\x00\xff"
            assert counted(second) == {"l2_hit": 1}

    asyncio.run(run())


def test_bytes_of_another_program_are_given_and_its_changes_seen(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            server.call("SET", name("k"), "plain")
            assert await cache.get("k", never) == b"plain"
            server.call("SET", name("k"), "other")
            assert await cache.get("k", never) == b"other"

    asyncio.run(run())


@pytest.mark.parametrize("act", ["set", "delete", "clear"])
def test_a_write_elsewhere_during_a_load_wins(server: Server, act: str) -> None:
    async def run() -> None:
        async with running(settings(server)) as first, running(settings(server)) as second:
            old = Source(b"old", seconds=0.1)
            loading = asyncio.create_task(first.get("a:k", old))
            await asyncio.sleep(0.03)
            acts = {"set": (second.set, "a:k", b"new"), "delete": (second.delete, "a:k"), "clear": (second.clear, "a:")}
            write, *arguments = acts[act]
            assert await write(*arguments)
            await asyncio.sleep(0.01)
            assert await first.get("a:k", Source(b"new")) == b"new", "nobody joins the old load"
            assert await loading == b"old"
            assert await first.get("a:k", never) == await second.get("a:k", never) == b"new"

    asyncio.run(run())


def test_a_change_during_a_read_is_not_kept(server: Server) -> None:
    """The old value is on its way when the news of the new one arrives."""

    async def run() -> None:
        async with running(settings(server)) as cache, running(settings(server)) as other:
            await other.set("k", b"old")
            real = cache._second.read

            async def slow(key: str) -> object:
                found = await real(key)
                await other.set("k", b"new")
                await asyncio.sleep(0.05)
                return found

            cache._second.read = slow  # type: ignore[method-assign]
            assert await cache.get("k", never) == b"old"
            cache._second.read = real  # type: ignore[method-assign]
            assert await cache.get("k", never) == b"new"

    asyncio.run(run())


def test_a_change_while_nobody_listens_is_not_kept(server: Server) -> None:
    """The old value was asked for before a new listener attached, and arrives after it."""

    async def run() -> None:
        async with running(settings(server)) as cache, running(settings(server)) as other:
            await other.set("k", b"old")
            real = cache._second.read

            async def slow(key: str) -> object:
                found = await real(key)
                await other.set("k", b"new")
                await until(lambda: cache.in_use, "a new listener attaches")
                return found

            server.call("CLIENT", "KILL", "TYPE", "pubsub")
            await until(lambda: not cache.in_use, "the loss is seen", seconds=3)
            cache._second.read = slow  # type: ignore[method-assign]
            assert await cache.get("k", never) == b"old"
            cache._second.read = real  # type: ignore[method-assign]
            assert await cache.get("k", never) == b"new"

    asyncio.run(run())


def test_the_end_of_a_value_during_a_load_starts_no_second_load(server: Server) -> None:
    """That a key is gone is news too, and it comes when the key is asked for."""

    async def run() -> None:
        async with running(settings(server)) as cache:
            await cache.get("k", Source(), ttl=0.02)
            await asyncio.sleep(0.03)
            source = Source(seconds=0.1)
            asking = []
            for _turn in range(20):
                asking.append(asyncio.create_task(cache.get("k", source)))
                await asyncio.sleep(0.004)
            await asyncio.gather(*asking)
            assert source.loads == 1

    asyncio.run(run())


def test_one_load_for_those_who_ask_around_its_end(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            for turn in range(30):
                source, asking = Source(seconds=0.002), []
                for _ask in range(100):
                    asking.append(asyncio.create_task(cache.get(f"k{turn}", source)))
                    await asyncio.sleep(0)
                await asyncio.gather(*asking)
                assert source.loads == 1

    asyncio.run(run())


def test_flushall_is_seen(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            await from_both_levels(cache, "k")
            server.call("FLUSHALL")
            await until(lambda: not len(cache._local), "the first level is empty", seconds=3)
            assert await cache.get("k", Source(b"new")) == b"new"

    asyncio.run(run())


def test_a_clear_leaves_other_keys_and_reaches_other_processes(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as first, running(settings(server)) as second:
            for key in ("a:1", "a:2", "b:1", "a*:1", "a[:1"):
                await from_both_levels(second, key)
            assert await first.clear("a:")
            await asyncio.sleep(0.02)
            assert [await second.get(key, Source(b"new")) for key in ("a:1", "a:2", "b:1")] == [
                b"new",
                b"new",
                b"value",
            ]
            assert await first.clear("a*")
            assert await first.clear("a[")
            await asyncio.sleep(0.02)
            assert await second.get("a*:1", Source(b"new")) == await second.get("a[:1", Source(b"new")) == b"new"
            assert await second.get("a:1", never) == b"new"

    asyncio.run(run())


def test_a_killed_listener_empties_the_first_level_until_it_is_back(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            await from_both_levels(cache, "k")
            await cache.get("k", never)
            assert counted(cache)["l1_hit"] == 1
            server.call("CLIENT", "KILL", "TYPE", "pubsub")
            server.call("SET", name("k"), "changed while nobody listens")
            await until(lambda: not cache.in_use, "the loss is seen", seconds=3)
            assert await cache.get("k", never) == b"changed while nobody listens"
            assert counted(cache)["l1_hit"] == 1
            await until(lambda: cache.in_use, "a new one attaches", seconds=2)
            await from_both_levels(cache, "other")

    asyncio.run(run())


def test_a_wrong_type_is_a_fault_of_one_key(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            server.call("LPUSH", name("list"), "x")
            for _turn in range(10):
                assert await cache.get("list", Source()) == b"value"
            assert counted(cache) == {"bypass": 10}
            assert errors(cache) == {"response": 10}, "a load that cannot be stored is not tried"
            assert await cache.get("k", Source()) == b"value"
            assert counted(cache)["miss"] == 1 and status(cache)["connected"]
            assert await cache.set("list", b"bytes") and await cache.get("list", never) == b"bytes"

    asyncio.run(run())


def test_a_full_pool_is_waited_for(server: Server) -> None:
    async def run() -> None:
        async with running(replace(settings(server), pool_size=2, command_timeout=10)) as cache:
            sources = [Source() for _turn in range(200)]
            await asyncio.gather(*(cache.get(f"k{n}", source) for n, source in enumerate(sources)))
            assert counted(cache) == {"miss": 200}
            assert errors(cache) == {}

    asyncio.run(run())


def test_who_found_no_free_connection_met_no_outage(server: Server) -> None:
    async def run() -> None:
        async with running(replace(settings(server), pool_size=2)) as cache:
            server.pause()
            try:
                asked = await asyncio.gather(*(cache.get(f"k{n}", Source()) for n in range(100)))
            finally:
                server.resume()
            assert asked == [b"value"] * 100
            assert errors(cache)["pool"] > 50 and counted(cache)["bypass"] == errors(cache)["pool"]
            await until(lambda: not cache.manager.circuits, "Redis is asked again")
            assert await cache.get("after", Source()) == b"value"
            assert counted(cache)["miss"] == 1

    asyncio.run(run())


def test_everything_away_and_back(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            await from_both_levels(cache, "k")
            server.kill()
            await until(lambda: not cache.in_use, "the loss is seen", seconds=3)
            before, source, took = counted(cache), Source(), []
            for _turn in range(200):
                started = time.monotonic()
                assert await cache.get("k", source) == b"value"
                took.append(time.monotonic() - started)
            assert source.loads == 200, "fails open"
            assert sorted(took)[-3] < 0.2, "and nobody waits for a time-out, a hiccup of this machine apart"
            assert counted(cache)["outage"] == 200 and counted(cache)["miss"] == before["miss"]
            assert errors(cache)["connection"] and errors(cache)["circuit"]
            assert not status(cache)["connected"] and status(cache)["circuits_open"] == [server.address]
            assert (await health(cache.manager))["missing"].keys() == {server.address}
            server.start()
            back = await until(lambda: not cache.manager.circuits and cache.in_use, "all is back")
            assert back < 3
            await cache.get("k", source)
            await from_both_levels(cache, "k")
            assert await health(cache.manager) == {
                "connected": True, "topology": "single", "reachable": [server.address], "missing": {},
            }  # fmt: skip

    asyncio.run(run())


def test_a_cache_that_starts_before_redis_finds_it_later(server: Server) -> None:
    async def run() -> None:
        server.kill()
        async with running(settings(server), tracked=False) as cache:
            assert await cache.get("k", Source()) == b"value"
            assert counted(cache) == {"outage": 1}
            server.start()
            await until(lambda: cache.in_use and not cache.manager.circuits, "it is found")
            assert await cache.get("k", Source(b"new")) == b"new"
            assert await cache.get("k", never) == b"new"

    asyncio.run(run())


@pytest.mark.parametrize("act", ["set", "delete", "clear"])
def test_a_write_that_redis_did_not_get_makes_its_old_value_unread(server: Server, act: str) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache, running(settings(server)) as other:
            await cache.set("a:k", b"old")
            server.pause()
            acts = {"set": (cache.set, "a:k", b"new"), "delete": (cache.delete, "a:k"), "clear": (cache.clear, "a:")}
            write, *arguments = acts[act]
            assert not await write(*arguments)
            assert len(cache.unwritten) == 1
            server.resume()
            assert await cache.get("a:k", Source(b"new")) == b"new"
            await until(lambda: not len(cache.unwritten), "the old value is removed from Redis")
            assert await other.get("a:k", Source(b"new")) == b"new"
            assert await cache.get("a:k", never) == b"new"

    asyncio.run(run())


def test_a_silent_server_is_not_believed(server: Server) -> None:
    """While it says nothing it cannot tell of changes: no proof, no first level."""

    async def run() -> None:
        async with running(settings(server)) as cache:
            await from_both_levels(cache, "k")
            server.pause()
            paused = time.monotonic()
            while await cache.get("k", Source(b"loaded")) == b"value":
                await asyncio.sleep(0.01)
            assert time.monotonic() - paused < 3
            server.resume()
            await until(lambda: cache.in_use, "it is believed again")
            assert len(cache._local) == 0, "another may have been the master meanwhile"

    asyncio.run(run())


def test_closing_does_not_hang_on_a_silent_server(server: Server) -> None:
    async def run() -> None:
        with contextlib.ExitStack() as stack:
            async with running(settings(server)) as cache:  # Which closes within three seconds.
                server.pause()
                stack.callback(server.resume)
                asking = [asyncio.create_task(cache.get(f"k{n}", Source())) for n in range(10)]
                await asyncio.sleep(0.05)
            await asyncio.gather(*asking, return_exceptions=True)

    asyncio.run(run())


def test_a_wrong_password_is_an_outage_that_is_named_and_not_shown(server: Server) -> None:
    async def run() -> None:
        wrong = replace(settings(server), password="wr0ng-secret")
        async with running(wrong, tracked=False) as cache:
            assert await cache.get("k", Source()) == b"value"
            assert counted(cache) == {"outage": 1} and set(errors(cache)) == {"auth"}
            await until(lambda: status(cache)["problems"], "the listener is refused")
            told = f"{status(cache)} {await health(cache.manager)} {cache.manager.last_failure}"
            assert "WRONGPASS" in told or "invalid username-password" in told
            assert "wr0ng-secret" not in told

    asyncio.run(run())


@pytest.mark.parametrize("tracking", [True, False])
def test_a_user_with_the_least_rights(server: Server, tracking: bool) -> None:
    """Without the right to listen all works but the first level, and status says why."""

    async def run() -> None:
        listening = LISTENING if tracking else []
        server.call("ACL", "SETUSER", "app", "reset", "on", ">pw", *RIGHTS, *listening)
        async with running(replace(settings(server), username="app", password="pw"), tracked=tracking) as cache:
            assert await cache.get("k", Source()) == b"value"
            assert await cache.get("k", never) == b"value"
            assert await cache.set("k", b"new") and await cache.delete("k") and await cache.clear("k")
            assert errors(cache) == {}
            if not tracking:
                await until(lambda: status(cache)["problems"], "the refusal is told")
                assert "permission" in str(status(cache)["problems"][server.address])
                assert not cache.in_use

    asyncio.run(run())


def test_no_memory_left_for_a_tombstone(server: Server) -> None:
    async def run() -> None:
        async with running(settings(server)) as cache:
            await from_both_levels(cache, "k")
            server.call("CONFIG", "SET", "maxmemory", "1")
            try:
                assert not await cache.set("k", b"new"), "there is no room"
                assert await cache.get("k", Source(b"new")) == b"new"
                await until(lambda: not len(cache.unwritten), "the old value is removed all the same")
                assert server.call("EXISTS", name("k")) == 0
            finally:
                server.call("CONFIG", "SET", "maxmemory", "0")
            assert status(cache)["connected"]

    asyncio.run(run())
