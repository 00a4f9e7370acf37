"""What developers of an OmniMind count and time their work with: vision, audio, fusion, embodied.

    modalities = Modalities({"audio": ("transcribe", "speak"), "embodied": ("move",)})
    app = create_app(modalities=modalities)

    with modalities.operation("audio", "transcribe"):
        ...
    async with modalities.operation("embodied", "move"):
        ...
    @modalities.operation("audio", "speak")
    async def speak(text): ...

An operation that ends without an exception has succeeded, one that raises has failed, but for two ends that say nothing
of how good the work is. Refused: the input was bad, a `Problem` below 500. Cancelled: whoever wanted the result has gone
away. Neither is in the share that fails, nor in the durations; they are counted apart. A deadline that the work itself
has to keep belongs inside the operation, where it raises TimeoutError and so has failed; around it, a cancellation is
all that is seen.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

from .problems import is_refusal

MODALITIES = ("vision", "audio", "fusion", "embodied")
OUTCOMES = ("succeeded", "failed")
UNJUDGED = ("refused", "cancelled")
# From a picture's thumbnail to minutes of speech.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
# Every operation is some twenty series in Prometheus, for ever: they are written down, never made of what users send.
MOST_OPERATIONS = 32
PROPER_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
GONE = (asyncio.CancelledError, concurrent.futures.CancelledError, GeneratorExit, KeyboardInterrupt)

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Series:
    """Of one operation, looked up once."""

    active: Gauge
    seconds: Histogram
    ends: Mapping[str, Counter]


class Modalities(Collector):
    """The metrics of one application; used by any thread and any event loop.

    Args:
        operations: by modality, as for `declare`.
    """

    def __init__(self, operations: Mapping[str, Iterable[str]] | None = None) -> None:
        named = ["modality", "operation"]
        self._operations = Counter("omnimind_modality_operations", "Operations that ended.", [*named, "outcome"], registry=None)
        self._unjudged = Counter(
            "omnimind_modality_operations_unjudged", "Operations that ended by no merit or fault of theirs.",
            [*named, "reason"], registry=None,
        )  # fmt: skip
        self._seconds = Histogram(
            "omnimind_modality_operation_seconds", "An operation that succeeded or failed.", named,
            buckets=SECONDS, registry=None,
        )  # fmt: skip
        self._active = Gauge("omnimind_modality_operations_active", "Operations under way.", ["modality"], registry=None)
        for modality in MODALITIES:
            self._active.labels(modality)
        self._series: dict[str, dict[str, _Series]] = {modality: {} for modality in MODALITIES}
        self._lock = Lock()
        for modality, names in (operations or {}).items():
            self.declare(modality, *names)

    def declare(self, modality: str, *operations: str) -> None:
        """Make operations known; they are seen at 0 from then on. What is known already stays as it is.

        Args:
            modality: one of MODALITIES.
            operations: verbs, such as `transcribe`.

        Raises:
            ValueError: for another modality, a name that is none, or more than MOST_OPERATIONS of a modality.
        """
        with self._lock:
            known = self._known(modality)
            for name in operations:
                if not PROPER_NAME.fullmatch(name):
                    raise ValueError(f"{name!r} cannot be an operation; right would be a verb such as 'transcribe'")
                if name not in known and len(known) >= MOST_OPERATIONS:
                    raise ValueError(f"{modality} has {MOST_OPERATIONS} operations already; {name!r} would be too many")
                known[name] = known.get(name) or self._made(modality, name)

    def operation(self, modality: str, operation: str) -> Operation:
        """Return what one `with` counts and times, or what decorates a function. Ask again for each `with`.

        Raises:
            ValueError: for what is not declared.
        """
        known = self._known(modality)
        if operation not in known:
            declared = ", ".join(known) or "none"
            raise ValueError(f"{modality} has no operation {operation!r}; declared are: {declared}")
        return Operation(f"{modality} {operation}", known[operation])

    def collect(self) -> Iterator[Metric]:
        """For a registry of prometheus_client, which `create_app` enters this in."""
        for metric in (self._operations, self._unjudged, self._seconds, self._active):
            yield from metric.collect()

    def describe(self) -> Iterable[Metric]:
        """The same: so a registry takes these metrics once, and not beside others of their names."""
        return self.collect()

    def _known(self, modality: str) -> dict[str, _Series]:
        if modality not in self._series:
            raise ValueError(f"{modality!r} is no modality; right would be one of {', '.join(MODALITIES)}")
        return self._series[modality]

    def _made(self, modality: str, name: str) -> _Series:
        ends = {outcome: self._operations.labels(modality, name, outcome) for outcome in OUTCOMES}
        ends |= {reason: self._unjudged.labels(modality, name, reason) for reason in UNJUDGED}
        return _Series(self._active.labels(modality), self._seconds.labels(modality, name), ends)


class Operation:
    """One piece of work: a context manager, also an asynchronous one, for one time; or a decorator, for any number.

    A decorated generator, also an asynchronous one, is under way from its first item to its end, so with the time that
    its consumer takes; one that is left before its end counts as cancelled.
    """

    def __init__(self, name: str, series: _Series) -> None:
        self._name, self._series = name, series
        self._started: float | None = None

    def __enter__(self) -> None:
        if self._started is not None:
            raise RuntimeError(f"{self._name} has begun already; right would be a new operation for each `with`")
        self._series.active.inc()
        self._started = time.perf_counter()

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        assert self._started is not None, "entered before"
        seconds = time.perf_counter() - self._started
        self._series.active.dec()
        end = _end(error)
        self._series.ends[end].inc()
        if end in OUTCOMES:
            self._series.seconds.observe(seconds)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self.__exit__(_type, error, _traceback)

    def __call__(self, function: Function) -> Function:
        """Return the function, each call of which is an operation of its own."""
        wrapper = next(made for is_it, made in _WRAPPERS if is_it(function))
        return functools.wraps(function)(wrapper(function, lambda: Operation(self._name, self._series)))


def _end(error: BaseException | None) -> str:
    if error is None:
        return "succeeded"
    return "cancelled" if isinstance(error, GONE) else "refused" if is_refusal(error) else "failed"


Begun = Callable[[], Operation]


def _plain(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    def measured(*args: Any, **kwargs: Any) -> Any:
        with begun():
            return function(*args, **kwargs)

    return measured


def _coroutine(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    async def measured(*args: Any, **kwargs: Any) -> Any:
        with begun():
            return await function(*args, **kwargs)

    return measured


def _generator(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    def measured(*args: Any, **kwargs: Any) -> Any:
        with begun():
            return (yield from function(*args, **kwargs))

    return measured


def _stream(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    async def measured(*args: Any, **kwargs: Any) -> Any:
        with begun():
            async with aclosing(function(*args, **kwargs)) as items:
                async for item in items:
                    yield item

    return measured


# The first that fits.
_WRAPPERS: tuple[tuple[Callable[[Any], bool], Callable[..., Any]], ...] = (
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isasyncgenfunction, _stream),
    (inspect.isgeneratorfunction, _generator),
    (callable, _plain),
)
