"""The pool: bounded, lazy, and gone when it is told to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from images.serving import blocked
from loopback import wait_until
from omnimind_backend.problems import Problem
from omnimind_backend.tasks.pool import Overloaded, Pool, TookTooLong


def workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("task-")}


def test_workers_start_when_they_are_needed() -> None:
    before = workers()
    pool = Pool(workers=3)
    assert workers() == before
    assert pool.submit("a", lambda: 7).result(5) == 7
    assert len(workers() - before) == 1
    with blocked(pool, 8):
        assert len(workers() - before) == 3
    pool.stop(5)
    wait_until(lambda: workers() <= before)


def test_what_does_not_fit_is_refused_at_once() -> None:
    pool = Pool(workers=2, queue_limit=3)
    with blocked(pool, 5):
        started = time.monotonic()
        with pytest.raises(Overloaded) as refused:
            pool.submit("a", lambda: None)
        assert time.monotonic() - started < 5
        assert refused.value.status == 503 and int(refused.value.headers["Retry-After"]) >= 1
    assert pool.submit("a", lambda: 1).result(5) == 1
    assert pool.stop(5)


def test_no_more_run_at_a_time_than_there_are_workers() -> None:
    pool, lock = Pool(workers=2, queue_limit=50), threading.Lock()
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    for future in [pool.submit("a", work) for _turn in range(20)]:
        future.result(5)
    assert most == 2
    pool.stop(5)


def test_what_is_cancelled_makes_room_and_never_runs() -> None:
    pool, ran = Pool(workers=1, queue_limit=1), []
    with blocked(pool, 1):
        waiting = pool.submit("a", lambda: ran.append(1))
        assert waiting.cancel()
        after = pool.submit("a", lambda: "after")
    assert after.result(5) == "after" and not ran
    pool.stop(5)


def test_an_error_is_the_caller_s_and_the_worker_goes_on() -> None:
    pool = Pool(workers=1)
    with pytest.raises(ZeroDivisionError):
        pool.submit("a", lambda: 1 / 0).result(5)
    with pytest.raises(SystemExit):
        pool.submit("a", exit).result(5)
    assert pool.submit("a", lambda: 1).result(5) == 1
    pool.stop(5)


def test_it_stops_when_all_is_done() -> None:
    pool = Pool(workers=1, queue_limit=5)
    done = [pool.submit("a", lambda: time.sleep(0.05)) for _turn in range(4)]
    assert pool.stop(5)
    assert all(future.done() and not future.cancelled() for future in done)
    with pytest.raises(Overloaded, match="stops"):
        pool.submit("a", lambda: None)


def test_it_stops_at_its_deadline_and_cancels_what_waits() -> None:
    pool = Pool(workers=1, queue_limit=5)
    with blocked(pool, 1):
        waiting = pool.submit("a", lambda: None)
        started = time.monotonic()
        assert not pool.stop(0.2)
        assert 0.15 < time.monotonic() - started < 5
        assert waiting.cancelled()


def test_an_idle_pool_holds_no_input_and_no_result() -> None:
    class Large:
        pass

    pool, large = Pool(workers=1), Large()
    gone = weakref.ref(large)
    pool.submit("a", lambda held=large: None).result(5)
    del large
    wait_until(lambda: gc.collect() is not None and gone() is None)
    pool.stop(5)


def test_run_returns_raises_and_gives_up() -> None:
    async def story() -> None:
        pool = Pool(workers=1, queue_limit=2)
        assert await pool.run("a", lambda: 5, 5) == 5
        with pytest.raises(KeyError):
            await pool.run("a", lambda: {}["x"], 5)
        with blocked(pool, 1):
            with pytest.raises(Problem, match="Took too long") as late:
                await pool.run("a", lambda: None, 0.1)
            assert late.value.status == 503 and late.value.headers["Retry-After"]
            assert pool.status()["waiting"] == 0  # before the caller is told
            caller = asyncio.create_task(pool.run("a", lambda: None, 5))
            await asyncio.sleep(0.05)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            # Both made room again.
            for _turn in range(2):
                pool.submit("a", lambda: None)
        assert await asyncio.to_thread(pool.stop, 5)

    asyncio.run(story())


def test_the_metrics_tell_what_happens() -> None:
    registry = CollectorRegistry()
    pool = Pool(workers=1, queue_limit=2, registry=registry)
    value = registry.get_sample_value
    pool.metrics.know("a")
    assert value("omnimind_tasks_total", {"kind": "a", "outcome": "done"}) == 0
    with blocked(pool, 2):
        assert [value(f"omnimind_task_{name}") for name in ("queue", "workers_busy", "workers")] == [1, 1, 1]
        pool.submit("a", lambda: None).cancel()
        last = pool.submit("a", lambda: time.sleep(0.02))
        with pytest.raises(Overloaded):
            pool.submit("a", lambda: None)
    last.result(5)
    for error in (Problem(422, "Bad"), ValueError()):
        with pytest.raises(type(error)):
            pool.submit("a", raising(error)).result(5)
    counted = {name: value("omnimind_tasks_total", {"kind": "a", "outcome": name})
               for name in ("done", "refused", "failed", "overloaded", "cancelled")}  # fmt: skip
    assert counted == dict.fromkeys(counted, 1)
    assert value("omnimind_task_seconds_count", {"kind": "a"}) == 3
    assert 0.02 <= value("omnimind_task_seconds_sum", {"kind": "a"}) < 5
    wait_until(lambda: value("omnimind_task_workers_busy") == 0)
    assert value("omnimind_task_queue") == 0
    text = generate_latest(registry).decode()
    assert 'omnimind_tasks_total{kind="a",outcome="done"} 1.0' in text
    pool.stop(5)


def test_a_task_that_took_too_long_failed() -> None:
    """It met a deadline of ours, not a fault of its input."""
    registry = CollectorRegistry()
    pool = Pool(workers=1, registry=registry)
    with pytest.raises(TookTooLong):
        pool.submit("a", raising(TookTooLong(1))).result(5)
    assert registry.get_sample_value("omnimind_tasks_total", {"kind": "a", "outcome": "failed"}) == 1
    pool.stop(5)


def test_the_time_in_the_queue_is_not_the_time_at_work() -> None:
    registry = CollectorRegistry()
    pool = Pool(workers=1, queue_limit=3, registry=registry)
    pool.metrics.know("a")
    with blocked(pool, 1):
        late = pool.submit("a", lambda: None)
        given_up = pool.submit("a", lambda: None)
        assert given_up.cancel()
        with pytest.raises(concurrent.futures.TimeoutError):
            late.result(0.3)
    late.result(5)
    assert pool.stop(5)

    def value(name: str) -> float:
        return registry.get_sample_value(f"omnimind_task_{name}", {"kind": "a"}) or 0

    assert value("wait_seconds_count") == value("seconds_count") == 1, "what never began has not waited for anything"
    assert 0.3 <= value("wait_seconds_sum") < 5 and value("seconds_sum") < 0.3
    assert registry.get_sample_value("omnimind_task_queue_limit") == 3


def raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work
