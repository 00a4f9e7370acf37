"""What is measured, and how it compares with its peer and its target."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One value a round, all in `unit` ("" for a count)."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        text = f"{number(self.median)} {self.unit}".strip()
        if len(self.values) == 1:
            return text
        return f"{text} ({number(min(self.values))}-{number(max(self.values))}, n={len(self.values)})"


@dataclass(frozen=True)
class Figure:
    """A row: ours, the peer's from the same run (or in words), and the target of the median."""

    name: str
    ours: Sample
    peer: Sample | str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """In words; empty where there is none."""
        bounds = (("<=", self.at_most), (">=", self.at_least))
        given = [f"{sign} {bound:g} {self.ours.unit}" for sign, bound in bounds if bound is not None]
        return " and ".join(given).strip()

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if not self.target:
            return None
        value = self.ours.median
        too_much = self.at_most is not None and value > self.at_most
        too_little = self.at_least is not None and value < self.at_least
        return not (too_much or too_little)

    @property
    def ratio(self) -> float | None:
        """The peer's median in ours, where both were measured."""
        if not isinstance(self.peer, Sample) or not self.ours.median:
            return None
        return self.peer.median / self.ours.median


@dataclass
class Table:
    """A topic: its figures, whom they are compared with, and what a reader must know about them."""

    title: str
    peer: str = ""
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def number(value: float) -> str:
    """A figure with as many digits as mean something."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
