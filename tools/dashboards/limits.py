"""Where the colour of a panel changes. A number that an alert has too stands in thresholds.yml, and is only named here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

FILE = Path(__file__).resolve().parents[2] / "roles" / "monitoring" / "files" / "thresholds.yml"
GOOD, WARNING, CRITICAL = "green", "orange", "red"


@dataclass(frozen=True)
class Step:
    """From `value` on, everything has this colour.

    Args:
        name: the threshold that the value comes from; "" for one that no user changes.
        complement: the value is 1 minus the threshold's.
    """

    color: str
    value: float | None = None
    name: str = ""
    complement: bool = False


Limits = Sequence[Step]
NEUTRAL: Limits = (Step("blue"),)
PLAIN: Limits = (Step(GOOD),)
SOME: Limits = (Step(GOOD), Step(WARNING, 1))  # of a count: any is worth a look
ANY: Limits = (Step(GOOD), Step(CRITICAL, 1))  # of a count: one is too many


@cache
def thresholds() -> dict[str, dict[str, Any]]:
    """What thresholds.yml says, by name."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def above(signal: str) -> Limits:
    """Green, orange from <signal>_warning on, red from <signal>_critical on; either may not exist."""
    return [Step(GOOD), *(_step(color, name) for color, name in _colors(signal))]


def below(signal: str) -> Limits:
    """Red up to <signal>_critical, orange up to <signal>_warning, then green."""
    worst, *rest = list(_colors(signal))[::-1]
    colors = [color for color, _name in rest] + [GOOD]
    names = [worst[1], *(name for _color, name in rest)]
    return [Step(worst[0]), *(_step(color, name) for color, name in zip(colors, names))]


def share_left_of(signal: str) -> Limits:
    """Of what is left when the share that the signal's thresholds are about is taken from 1."""
    worst, *rest = list(_colors(signal))[::-1]
    colors = [color for color, _name in rest] + [GOOD]
    names = [worst[1], *(name for _color, name in rest)]
    return [Step(worst[0]), *(_step(color, name, True) for color, name in zip(colors, names))]


def _colors(signal: str) -> list[tuple[str, str]]:
    levels = [(WARNING, f"{signal}_warning"), (CRITICAL, f"{signal}_critical")]
    return [(color, name) for color, name in levels if name in thresholds()]


def _step(color: str, name: str, complement: bool = False) -> Step:
    value = thresholds()[name]["value"]
    return Step(color, round(1 - value, 9) if complement else value, name, complement)


def config(limits: Limits) -> ThresholdsConfig:
    """As Grafana wants it."""
    steps = [Threshold(step.value, step.color) for step in limits]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def unit(name: str) -> str:
    """What a threshold is measured in, as Grafana calls it."""
    return {"ratio": "percentunit", "seconds": "s", "celsius": "celsius", "deviations": "none"}[
        thresholds()[name]["unit"]
    ]
