"""Nine days of five signals with faults that are known, for tests of early warning."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

DAYS = 9
MINUTES = DAYS * 1440
SIGNALS = ("requests", "latency", "errors", "cpu", "memory")


@dataclass(frozen=True)
class Fault:
    """What goes wrong: from which minute, for how many, and by how much the signal is multiplied, at the end for `grows`."""

    name: str
    signal: str
    start: int
    minutes: int
    factor: float
    grows: bool = False

    def at(self, minute: int) -> float:
        """The factor at a minute; 1 outside."""
        since = minute - self.start
        if not 0 <= since < self.minutes:
            return 1.0
        return 1 + (self.factor - 1) * (since / self.minutes if self.grows else 1)


def faults(chance: random.Random) -> list[Fault]:
    """Six in the last two days, none of which begins within three hours of another, at times of the seed."""
    first = (DAYS - 2) * 1440
    starts = [first + 60 + index * 460 + chance.randrange(240) for index in range(6)]
    kinds = [
        ("a spike of requests", "requests", 40, 2.2, False),
        ("slow answers", "latency", 60, 1.8, False),
        ("errors", "errors", 60, 2.5, False),
        ("a busy processor", "cpu", 60, 1.6, False),
        ("a leak", "memory", 120, 1.9, True),
        ("lost traffic", "requests", 60, 0.45, False),
    ]
    chance.shuffle(starts)
    return [Fault(name, signal, start, *rest) for start, (name, signal, *rest) in zip(starts, kinds)]


def samples(seed: int) -> tuple[dict[str, list[float]], list[Fault]]:
    """A value a minute of each signal, and the faults that are in them.

    Traffic has a day and a week, and others follow it; noise has a memory of some minutes; a job of every night costs
    processor time.
    """
    chance = random.Random(seed)
    planted = faults(chance)
    noise = {signal: list(_noise(chance)) for signal in SIGNALS}
    found: dict[str, list[float]] = {signal: [] for signal in SIGNALS}
    for minute in range(MINUTES):
        day = minute / 1440
        load = (1 + 0.6 * math.sin(2 * math.pi * (day - 0.3))) * (0.85 if int(day) % 7 in (5, 6) else 1.0)
        nightly = 0.15 if 120 <= minute % 1440 < 150 else 0.0
        normal = {
            "requests": 200 * load,
            "latency": 0.05 + 0.02 * load,
            "errors": 0.004,
            "cpu": 0.2 + 0.2 * load + nightly,
            "memory": 0.5 + 0.02 * load,
        }
        spread = {"requests": 0.05, "latency": 0.06, "errors": 0.12, "cpu": 0.05, "memory": 0.01}
        for signal in SIGNALS:
            factor = math.prod(fault.at(minute) for fault in planted if fault.signal == signal)
            found[signal].append(normal[signal] * (1 + spread[signal] * noise[signal][minute]) * factor)
    return found, planted


def _noise(chance: random.Random) -> Iterator[float]:
    """Normal, of variance 1, that remembers."""
    memory, value = 0.7, 0.0
    for _minute in range(MINUTES):
        value = memory * value + math.sqrt(1 - memory**2) * chance.gauss(0, 1)
        yield value


def openmetrics(values: dict[str, list[float]], first: int) -> Iterator[str]:
    """Lines for promtool: each signal as rules record it, a value a minute from a time in seconds on."""
    for signal, series in values.items():
        for minute, value in enumerate(series):
            yield f'anomaly:signal:raw{{signal="{signal}"}} {value:.6g} {first + 60 * minute}\n'
