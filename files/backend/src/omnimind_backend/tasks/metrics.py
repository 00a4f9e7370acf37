"""What the dashboards know of the pool."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WAITING_SECONDS = (0.001, 0.005, *SECONDS)
# refused: the input was bad; failed: we were, or too slow; overloaded: never accepted; cancelled: never begun.
OUTCOMES = ("done", "refused", "failed", "overloaded", "cancelled")


class Metrics:
    """The metrics of one pool.

    Args:
        registry: that they appear in; in none when None.
        queue: returns the number of tasks that wait.
        busy: returns the number of workers at work.
        workers: that there can be.
        queue_limit: tasks that may wait.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None,
        queue: Callable[[], int],
        busy: Callable[[], int],
        workers: int,
        queue_limit: int,
    ) -> None:
        self._tasks = Counter("omnimind_tasks", "Tasks that ended.", ["kind", "outcome"], registry=registry)
        self._seconds = Histogram(
            "omnimind_task_seconds", "Time at work, without waiting.", ["kind"], buckets=SECONDS, registry=registry
        )
        self._waited = Histogram(
            "omnimind_task_wait_seconds", "Time in the queue, of tasks that were begun.", ["kind"],
            buckets=WAITING_SECONDS, registry=registry,
        )  # fmt: skip
        gauges = {
            "omnimind_task_queue": ("Tasks that wait.", queue),
            "omnimind_task_queue_limit": ("Tasks that may wait.", lambda: queue_limit),
            "omnimind_task_workers_busy": ("Workers at work.", busy),
            "omnimind_task_workers": ("Workers that there can be.", lambda: workers),
        }
        for name, (description, value) in gauges.items():
            Gauge(name, description, registry=registry).set_function(value)

    def know(self, kind: str) -> None:
        """Let a kind be seen, at zero, before it is first worked on."""
        for outcome in OUTCOMES:
            self._tasks.labels(kind, outcome)
        self._seconds.labels(kind)
        self._waited.labels(kind)

    def begun(self, kind: str, waited: float) -> None:
        """Count the seconds that a task has waited for a worker."""
        self._waited.labels(kind).observe(waited)

    def ended(self, kind: str, outcome: str, seconds: float | None = None) -> None:
        """Count a task; `seconds` at work, None when it was never begun."""
        self._tasks.labels(kind, outcome).inc()
        if seconds is not None:
            self._seconds.labels(kind).observe(seconds)
