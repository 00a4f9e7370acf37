"""What the dashboards know of the pool."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# refused: the input was bad; failed: we were; overloaded: never accepted; cancelled: never begun.
OUTCOMES = ("done", "refused", "failed", "overloaded", "cancelled")


class Metrics:
    """The metrics of one pool.

    Args:
        registry: that they appear in; in none when None.
        queue: returns the number of tasks that wait.
        busy: returns the number of workers at work.
        workers: that there can be.
    """

    def __init__(
        self, registry: CollectorRegistry | None, queue: Callable[[], int], busy: Callable[[], int], workers: int
    ) -> None:
        self._tasks = Counter("omnimind_tasks", "Tasks that ended.", ["kind", "outcome"], registry=registry)
        self._seconds = Histogram(
            "omnimind_task_seconds", "Time at work, without waiting.", ["kind"], buckets=SECONDS, registry=registry
        )
        gauges = {
            "omnimind_task_queue": ("Tasks that wait.", queue),
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

    def ended(self, kind: str, outcome: str, seconds: float | None = None) -> None:
        """Count a task; `seconds` at work, None when it was never begun."""
        self._tasks.labels(kind, outcome).inc()
        if seconds is not None:
            self._seconds.labels(kind).observe(seconds)
