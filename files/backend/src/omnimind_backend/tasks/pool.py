"""A bounded pool of threads: what does not fit is refused at once instead of waiting for ever.

Threads are enough, as the codecs of pictures and compression let go of the interpreter's lock. They are daemons: one
that hangs in a codec must not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from omnimind_backend.problems import Problem, is_refusal

from .metrics import Metrics

T = TypeVar("T")


class Overloaded(Problem):
    """503: the queue is full, or the pool is stopping. `seconds`: after which it is worth trying again."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(503, "Overloaded", detail, {"Retry-After": str(seconds)})


class TookTooLong(Problem):
    """503: there is no result within `seconds`."""

    def __init__(self, seconds: float) -> None:
        retry = {"Retry-After": str(math.ceil(seconds))}
        super().__init__(503, "Took too long", f"It was not done within {seconds:g} s.", retry)


@dataclass(eq=False)
class _Job:
    kind: str
    work: Callable[[], Any]
    future: Future[Any] = field(default_factory=Future)
    accepted: float = field(default_factory=time.perf_counter)


class Pool:
    """Workers that start with the first task, so after a server has forked.

    Args:
        workers: threads; as many tasks are worked on at a time.
        queue_limit: tasks that may wait for a worker, with all the input they hold.
        registry: of the metrics.
    """

    def __init__(self, workers: int = 2, queue_limit: int = 8, registry: CollectorRegistry | None = None) -> None:
        self.workers, self.queue_limit = workers, queue_limit
        self.metrics = Metrics(registry, lambda: len(self._waiting), lambda: self._busy, workers, queue_limit)
        self._waiting: deque[_Job] = deque()
        self._changed = Condition()
        self._busy = self._started = 0
        self._stopping = False
        self._seconds = 1.0  # a task, about

    def submit(self, kind: str, work: Callable[[], T]) -> Future[T]:
        """Have `work` done. Until it has begun, the future can be cancelled, which makes room in the queue.

        Raises:
            Overloaded: at once, when there is no room.
        """
        job = _Job(kind, work)
        with self._changed:
            self.check_room(kind)
            self._waiting.append(job)
            if self._started < self.workers and self._started < self._busy + len(self._waiting):
                self._started += 1
                Thread(target=self._work, name=f"task-{self._started}", daemon=True).start()
            self._changed.notify()
        job.future.add_done_callback(lambda future: self._drop(job) if future.cancelled() else None)
        return job.future

    def check_room(self, kind: str) -> None:
        """Raise Overloaded when there is no room for a task: worth asking before a large body is read."""
        with self._changed:
            if self._busy + len(self._waiting) < self.workers + self.queue_limit and not self._stopping:
                return
            again = math.ceil(self._seconds * len(self._waiting) / self.workers)
        self.metrics.ended(kind, "overloaded")
        raise Overloaded("The server stops." if self._stopping else "Too many tasks wait.", max(1, again))

    async def run(self, kind: str, work: Callable[[], T], seconds: float) -> T:
        """Return what `work` returns. What has not begun when `seconds` are over, or the caller is gone, never will.

        Raises:
            Overloaded: at once, when there is no room.
            TookTooLong: when it does.
        """
        accepted = self.submit(kind, work)
        waiting = asyncio.wrap_future(accepted)
        try:
            done, _pending = await asyncio.wait([waiting], timeout=seconds)
        finally:  # without effect on what is done
            accepted.cancel()  # makes room before the caller is told; the other's way here would be a turn of the loop
            waiting.cancel()
        if not done:
            raise TookTooLong(seconds)
        return waiting.result()

    def status(self) -> dict[str, int]:
        """For people: how much there is to do."""
        return {"workers": self.workers, "busy": self._busy, "waiting": len(self._waiting), "queue": self.queue_limit}

    def stop(self, seconds: float) -> bool:
        """Accept nothing more, and let what was accepted end; return whether all of it did within `seconds`."""
        ends = time.monotonic() + seconds
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            drained = self._changed.wait_for(lambda: not self._waiting and not self._busy, ends - time.monotonic())
            left = list(self._waiting)
        for job in left:
            job.future.cancel()
        return drained

    def _work(self) -> None:
        """The life of a thread. No local name holds a job that is done: its input would stay in memory."""
        while self._next():
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _next(self) -> bool:
        """Do the next job; return False when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            if not self._waiting:
                return False
            job = self._waiting.popleft()
            self._busy += 1
        if job.future.set_running_or_notify_cancel():
            self._do(job)
        return True

    def _do(self, job: _Job) -> None:
        result = error = None
        started = time.perf_counter()
        self.metrics.begun(job.kind, started - job.accepted)
        try:
            result = job.work()
        except BaseException as raised:
            error = raised
        seconds = time.perf_counter() - started
        self._seconds += (seconds - self._seconds) / 8
        outcome = "done" if error is None else "refused" if is_refusal(error) else "failed"
        self.metrics.ended(job.kind, outcome, seconds)
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)

    def _drop(self, job: _Job) -> None:
        """Make room for another."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
            self._changed.notify_all()
        self.metrics.ended(job.kind, "cancelled")
