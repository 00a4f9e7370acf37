"""What is kept of tasks: bounded in number, bytes and time."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from omnimind_backend.problems import Problem
from omnimind_backend.tasks.store import Outcome, Store, Task


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def add(store: Store, result: bytes | Exception | None = b"x") -> Task:
    """A task that has ended with a result or an error; one that waits for None."""
    future: Future[Outcome] = Future()
    task = store.add("a", 3, future)
    if isinstance(result, Exception):
        future.set_exception(result)
    elif result is not None:
        future.set_result(Outcome(result, "text/plain"))
    return task


def test_a_task_is_told_from_beginning_to_end() -> None:
    store, future = Store(clock=Clock()), Future()
    task = store.add("a", 3, future)
    assert task.document()["state"] == "queued" and "result" not in task.document()
    future.set_running_or_notify_cancel()
    assert task.document()["state"] == "running" and task.document()["ended"] is None
    future.set_result(Outcome(b"abc", "text/plain"))
    told = task.document()
    assert (told["state"], told["result_size"], told["ended"], told["size"]) == ("done", 3, 1000, 3)
    assert task.future is None  # or it would keep the result


def test_an_error_of_the_client_is_told_and_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    assert add(store, Problem(422, "Bad", "very")).document()["problem"]["detail"] == "very"
    assert not caplog.records
    told = add(store, RuntimeError("hunter2")).document()
    assert told["state"] == "failed" and "hunter2" not in str(told) and "hunter2" in caplog.text


def test_only_so_many_are_remembered_and_none_that_waits_is_forgotten() -> None:
    store = Store(tasks=3)
    waiting = add(store, None)
    tasks = [add(store) for _turn in range(5)]
    assert [task.id for task in store.newest(10)] == [task.id for task in (*reversed(tasks[2:]), waiting)]
    assert len(store) == 4


def test_results_are_dropped_by_their_bytes_oldest_first() -> None:
    store = Store(result_bytes=10)
    first, second, third = add(store, b"1" * 4), add(store, b"2" * 4), add(store, b"3" * 4)
    assert [task.outcome is None for task in (first, second, third)] == [True, False, False]
    assert first.state == "done" and "result" not in first.document()
    large = add(store, b"4" * 11)
    assert [task.outcome is None for task in (second, third, large)] == [True, True, True]


def test_old_tasks_are_forgotten() -> None:
    clock = Clock()
    store = Store(seconds=60, clock=clock)
    old, waiting = add(store), add(store, None)
    clock.now += 59
    assert store.get(old.id) is old
    clock.now += 2
    assert store.get(old.id) is None and store.get(waiting.id) is waiting


def test_pages_follow_each_other() -> None:
    store = Store()
    ids = [add(store).id for _turn in range(5)][::-1]
    assert [task.id for task in store.newest(2)] == ids[:2]
    assert [task.id for task in store.newest(2, ids[1])] == ids[2:4]
    assert [task.id for task in store.newest(2, ids[3])] == ids[4:]
    assert store.newest(2, "unknown") == []


def test_what_waits_is_cancelled_what_runs_is_not() -> None:
    store = Store()
    waiting, done = add(store, None), add(store)
    running = add(store, None)
    running.future.set_running_or_notify_cancel()
    future = waiting.future
    assert store.remove(waiting) and future.cancelled() and store.get(waiting.id) is None
    assert not store.remove(running) and store.get(running.id)
    assert store.remove(done) and store.get(done.id) is None
