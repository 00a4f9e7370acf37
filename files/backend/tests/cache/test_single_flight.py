"""Work that is done once: who joins it, who does not, and who is told of its end."""

from __future__ import annotations

import asyncio
import gc

import pytest
from omnimind_backend.cache.single_flight import SingleFlight

from cache.tools import Source


def test_a_hundred_wait_for_one() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        source = Source(seconds=0.02)
        assert await asyncio.gather(*(flights.join("k", None, source) for _turn in range(100))) == [b"value"] * 100
        assert source.loads == 1
        assert len(flights) == 0

    asyncio.run(run())


def test_one_who_is_cancelled_cancels_nobody_else() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        source = Source(seconds=0.05)
        first, second = (asyncio.create_task(flights.join("k", None, source)) for _turn in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second == b"value"
        with pytest.raises(asyncio.CancelledError):
            await first
        assert source.loads == 1

    asyncio.run(run())


def test_a_failure_is_told_to_all_and_not_remembered() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        source = Source(seconds=0.01)
        source.fails = OSError("no")
        told = await asyncio.gather(*(flights.join("k", None, source) for _turn in range(5)), return_exceptions=True)
        assert [str(error) for error in told] == ["no"] * 5
        source.fails = None
        assert await flights.join("k", None, source) == b"value"
        assert source.loads == 2

    asyncio.run(run())


def test_work_that_began_from_something_else_is_not_joined() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        old, new = Source(b"old", 0.02), Source(b"new", 0.01)
        first = asyncio.create_task(flights.join("k", b"1", old))
        await asyncio.sleep(0)
        assert await flights.join("k", b"2", new) == b"new"
        assert await first == b"old"

    asyncio.run(run())


def test_forgotten_work_goes_on_and_is_not_current() -> None:
    async def run() -> None:
        flights: SingleFlight[bool] = SingleFlight()
        goes_on = asyncio.Event()

        async def work() -> bool:
            await goes_on.wait()
            return flights.is_current("k")

        first = asyncio.create_task(flights.join("k", None, work))
        await asyncio.sleep(0)
        flights.forget("k")
        second = asyncio.create_task(flights.join("k", None, work))
        await asyncio.sleep(0)
        goes_on.set()
        assert (await first, await second) == (False, True)

    asyncio.run(run())


def test_who_asked_before_the_answer_was_there_gets_it() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        source = Source()
        await flights.join("k", None, source, asked=1.0)
        assert await flights.join("k", None, source, asked=1.0) == b"value"
        assert source.loads == 1
        await flights.join("k", None, source)
        assert source.loads == 2, "who asks later wants a later answer"

    asyncio.run(run())


def test_cancelled_work_is_an_error_of_the_work_not_of_those_who_wait() -> None:
    async def run() -> None:
        flights: SingleFlight[bytes] = SingleFlight()
        waiting = asyncio.create_task(flights.join("k", None, Source(seconds=60)))
        await asyncio.sleep(0)
        await flights.close(1)
        with pytest.raises(RuntimeError, match="'k' was cancelled"):
            await waiting

    asyncio.run(run())


def test_a_failure_nobody_waits_for_makes_no_noise() -> None:
    async def run() -> None:
        noise: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: noise.append(context))
        flights: SingleFlight[bytes] = SingleFlight()
        source = Source(seconds=0.01)
        source.fails = OSError("no")
        flights.start("k", None, source)
        await asyncio.sleep(0.03)
        gc.collect()
        assert (noise, len(flights)) == ([], 0)

    asyncio.run(run())
