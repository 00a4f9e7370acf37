# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How fast an error budget may burn before somebody is told.

The budget of an objective is the share of events that may be bad: 0.001 of them at 0.999. A service that fails that
share burns at 1, and has used the budget up exactly at the window's end. Each alarm asks that a share of the budget was
spent within its long window, and that it is still being spent, in its short one. See "Alerting on SLOs" in Google's
Site Reliability Workbook, whose numbers for 30 days these are: 14.4, 6, 3 and 1.
"""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .durations import seconds


@dataclass(frozen=True)
class Alarm:
    """One of the four.

    Args:
        name: of the alert.
        pages: whether somebody is woken.
        long, short: windows, as Prometheus writes them.
        share: of the budget, spent within the long window.
        within: the long window, as a person says it.
    """

    name: str
    pages: bool
    long: str
    short: str
    share: Decimal
    within: str


ALARMS = (
    Alarm("SloBurnFast", True, "1h", "5m", Decimal("0.02"), "hour"),
    Alarm("SloBurnSteady", True, "6h", "30m", Decimal("0.05"), "six hours"),
    Alarm("SloBurnTicket", False, "1d", "2h", Decimal("0.1"), "day"),
    Alarm("SloBurnSlow", False, "3d", "6h", Decimal("0.1"), "three days"),
)
# A steep start is not waited for until it has spent the fast alarm's share.
STEEPNESS = Decimal(5) / 3


def budget(objective: float) -> Decimal:
    """The share of events that may be bad, exact: 0.001 of 0.999."""
    return 1 - Decimal(str(objective))


def factor(alarm: Alarm, objective: float, window: str) -> Decimal:
    """How many times too fast the budget burns when the alarm goes off.

    Never below 1, as that is no fault; and low enough that a service of which everything fails is above it, which burns
    at 1 / budget.
    """
    wanted = max(Decimal(1), alarm.share * seconds(window) / seconds(alarm.long))
    return min(wanted, _most(objective))


def steep_factor(objective: float, window: str) -> Decimal:
    """The same for the steep start of the first alarm."""
    return min(STEEPNESS * factor(ALARMS[0], objective, window), _most(objective))


def _most(objective: float) -> Decimal:
    return Decimal("0.9") / budget(objective)


def plain(number: Decimal) -> str:
    """A number as PromQL takes it: the shortest, with twelve digits at most and no exponent."""
    return f"{number.normalize():.12f}".rstrip("0").rstrip(".")
