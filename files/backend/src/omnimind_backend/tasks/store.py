"""Tasks and their results, until they are too old or too many."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from omnimind_backend.problems import Problem

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a task made: the body of an answer, its type and further headers."""

    data: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Task:
    """One task. Times are seconds since 1970; `outcome` is None until it is done, and when it is no longer kept."""

    id: str
    kind: str
    created: float
    size: int  # bytes of input
    future: Future[Outcome] | None  # None when it has ended: a future would keep the result for ever
    ended: float | None = None
    state: str = ""  # "done" or "failed", when it has ended
    outcome: Outcome | None = None
    problem: Problem | None = None

    def document(self) -> dict[str, Any]:
        """The task as JSON knows it."""
        future, here = self.future, f"/api/tasks/{self.id}"
        known: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "state": self.state or ("running" if future and future.running() else "queued"),
            "created": round(self.created, 3),
            "ended": self.ended and round(self.ended, 3),
            "size": self.size,
            "href": here,
        }
        if self.outcome:
            known |= {"result": f"{here}/result", "result_size": len(self.outcome.data)}
        return known | ({"problem": self.problem.document()} if self.problem else {})


class Store:
    """Keeps tasks in the order in which they came; used by any thread.

    Args:
        tasks: that are remembered after they ended.
        result_bytes: of all results; the oldest are dropped first, their tasks stay.
        seconds: that an ended task is remembered.
        clock: returns seconds since 1970.
    """

    def __init__(
        self,
        tasks: int = 200,
        result_bytes: int = 64 * 2**20,
        seconds: float = 600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.tasks, self.result_bytes, self.seconds = tasks, result_bytes, seconds
        self._clock = clock
        self._known: dict[str, Task] = {}
        self._lock = RLock()

    def add(self, kind: str, size: int, future: Future[Outcome]) -> Task:
        """Remember a task that the pool accepted."""
        task = Task(secrets.token_urlsafe(12), kind, self._clock(), size, future)
        with self._lock:
            self._known[task.id] = task
        future.add_done_callback(lambda done: self._ended(task, done))
        return task

    def get(self, identity: str) -> Task | None:
        with self._lock:
            self._tidy()
            return self._known.get(identity)

    def newest(self, limit: int, before: str | None = None) -> list[Task]:
        """Return at most `limit` tasks, newest first, older than the task `before`; nothing where that is forgotten."""
        with self._lock:
            self._tidy()
            tasks = list(reversed(self._known.values()))
        if before:
            ids = [task.id for task in tasks]
            tasks = tasks[ids.index(before) + 1 :] if before in ids else []
        return tasks[:limit]

    def remove(self, task: Task) -> bool:
        """Forget a task that has ended, or can still be cancelled; return False for one that runs."""
        future = task.future
        if future and not future.cancel() and not future.done():
            return False
        with self._lock:
            self._known.pop(task.id, None)
        return True

    def __len__(self) -> int:
        return len(self._known)

    def _ended(self, task: Task, future: Future[Outcome]) -> None:
        if future.cancelled():
            return self._forget(task)
        error = future.exception()
        with self._lock:
            task.ended = self._clock()
            task.state = "failed" if error else "done"
            task.outcome = None if error else future.result()
            task.problem = _problem(error) if error else None
            task.future = None
            self._tidy()

    def _forget(self, task: Task) -> None:
        with self._lock:
            self._known.pop(task.id, None)

    def _tidy(self) -> None:
        """Forget what is too old and what is too much."""
        ended = [task for task in self._known.values() if task.ended is not None]
        oldest = self._clock() - self.seconds
        for index, task in enumerate(ended):
            if task.ended < oldest or index < len(ended) - self.tasks:
                del self._known[task.id]
        held = 0
        for task in reversed(ended):
            held += len(task.outcome.data) if task.outcome else 0
            if held > self.result_bytes:
                task.outcome = None


def _problem(error: BaseException) -> Problem:
    """What a client reads of an error."""
    if isinstance(error, Problem):
        return error.again()
    logger.error("A task failed", exc_info=error)
    return Problem(500, "Task failed", "The reason is in the log of the server.")
