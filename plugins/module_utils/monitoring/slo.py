# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service levels: recordings, the error budget that is left, and burn-rate alerts of each entry of monitoring_slos.

An entry is `name`, `objective` (0 to 1), `window`, `error_query` and `total_query` (events a second, with `$window`
where the range of a rate stands), and, if wished, `description`, `dashboard` (a uid) and `page` (false: nobody is
woken).
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .burning import ALARMS, Alarm, budget, factor, plain, steep_factor
from .durations import seconds
from .entries import entry_complaints, expression_check, name_check, text_check

REQUIRED = ("name", "objective", "error_query", "total_query")
WINDOW = "30d"
# Read from the targets' own counters; the longer ones add up what was recorded for them, which costs a hundredth.
SHORT = ("2m", "30m", "1h")
LONG = ("2h", "6h", "1d", "3d")
BURN_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
YEAR = 365 * 86400
INTERVAL = "30s"
# Evaluations that a steep start must last, of the seven that three minutes have at most.
_STEEP = "min_over_time({0}[3m]) > {1} and count_over_time({0}[3m]) >= 5"
_RANGE = re.compile(r"\[\s*\$window\s*[\]:]")


def slo_rules(
    entries: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float], runbooks: str, dashboards: str
) -> dict[str, Any]:
    """The content of a rule file.

    Args:
        entries: of monitoring_slos, without complaints.
        thresholds: number by name.
        runbooks: where the runbooks are, ending in a slash.
        dashboards: where Grafana is; empty for nowhere.
    """
    groups: list[dict[str, Any]] = []
    for entry in entries:
        slo = _Slo(entry, thresholds, runbooks, dashboards)
        groups += [slo.quick_group(), slo.slow_group()]
    return {"groups": groups}


def longest_window(entries: Iterable[Mapping[str, Any]]) -> int:
    """Seconds of history that must be kept for all entries; 0 for none."""
    return max((seconds(entry.get("window", WINDOW)) for entry in entries), default=0)


class _Slo:
    """One entry, and its rules."""

    def __init__(
        self, entry: Mapping[str, Any], thresholds: Mapping[str, float], runbooks: str, dashboards: str
    ) -> None:
        self.entry, self.thresholds, self.runbooks = entry, thresholds, runbooks
        self.name: str = entry["name"]
        self.selector = f'slo="{self.name}"'
        self.window: str = entry.get("window", WINDOW)
        self.budget = budget(entry["objective"])
        uid = entry.get("dashboard", "omnimind-application")
        self.dashboard = f"{dashboards}/d/{uid}" if dashboards else ""

    def quick_group(self) -> dict[str, Any]:
        """What a page depends on."""
        errors, events = self._series("slo:errors:rate5m"), self._series("slo:events:rate5m")
        rules = [
            self._record("slo:objective:ratio", f"vector({self.entry['objective']})"),
            self._record("slo:events:rate5m", self._total("5m")),
            self._record("slo:errors:rate5m", self._errors("5m")),
            self._record("slo:errors:ratio_rate5m", f"{errors} / ({events} > 0)"),
            *(
                self._record(f"slo:errors:ratio_rate{window}", self._ratio(window))
                for window in SHORT
            ),
            *(self._burn_rate(window) for window in BURN_WINDOWS if window not in LONG),
            *(self._burn_alert(alarm) for alarm in ALARMS if alarm.long not in LONG),
        ]
        return {"name": f"slo_{self.name}", "interval": INTERVAL, "rules": rules}

    def slow_group(self) -> dict[str, Any]:
        """What changes over hours and days."""
        rules = [
            *(self._record(f"slo:errors:ratio_rate{window}", self._ratio_over(window)) for window in LONG),
            self._record("slo:errors:ratio_window", self._ratio_over(self.window)),
            *(self._burn_rate(window) for window in LONG),
            self._record("slo:sla:ratio", f"1 - {self._series('slo:errors:ratio_window')}", window=self.window),
            self._record(
                "slo:error_budget:left_ratio", f"1 - {self._series('slo:errors:ratio_window')} / {plain(self.budget)}"
            ),
            self._exhaustion(),
            *(self._burn_alert(alarm) for alarm in ALARMS if alarm.long in LONG),
            self._budget_alert(),
        ]
        return {"name": f"slo_{self.name}_window", "interval": "1m", "rules": rules}

    # --- Expressions ----------------------------------------------------------------------------------

    def _series(self, record: str, *matchers: str) -> str:
        return f"{record}{{{', '.join((self.selector, *matchers))}}}"

    def _total(self, window: str) -> str:
        return f"({_filled(self.entry['total_query'], window)})"

    def _errors(self, window: str) -> str:
        """Where nothing was bad yet there is no series of it, and the total says 0 for it."""
        return f"({_filled(self.entry['error_query'], window)}) or {self._total(window)} * 0"

    def _ratio(self, window: str) -> str:
        return f"({self._errors(window)}) / ({self._total(window)} > 0)"

    def _ratio_over(self, window: str) -> str:
        """Events are weighted alike, however many there were at a time."""
        errors, events = self._series("slo:errors:rate5m"), self._series("slo:events:rate5m")
        return f"sum_over_time({errors}[{window}]) / (sum_over_time({events}[{window}]) > 0)"

    # --- Rules ----------------------------------------------------------------------------------------

    def _record(self, record: str, expression: str, **labels: str) -> dict[str, Any]:
        return {"record": record, "expr": expression, "labels": {"slo": self.name, **labels}}

    def _burn_rate(self, window: str) -> dict[str, Any]:
        ratio = self._series(f"slo:errors:ratio_rate{window}")
        return self._record("slo:burn_rate:ratio", f"{ratio} / {plain(self.budget)}", window=window)

    def _exhaustion(self) -> dict[str, Any]:
        """When it burns on as in the last six hours. A year stands for "not in sight"."""
        left, errors = self._series("slo:error_budget:left_ratio"), self._series("slo:errors:ratio_rate6h")
        forecast = f"{left} * {seconds(self.window)} / ({errors} / {plain(self.budget)} > 0)"
        expression = f"clamp({forecast} or {left} * 0 + {YEAR}, 0, {YEAR})"
        return self._record("omnimind:time_to_exhaustion_seconds", expression, resource="error_budget")

    def _burn_alert(self, alarm: Alarm) -> dict[str, Any]:
        times = factor(alarm, self.entry["objective"], self.window)
        limit = plain(times * self.budget)
        speed = "faster than it may" if times == 1 else f"more than {plain(round(times, 1))} times as fast as it may"
        long, short = (self._series(f"slo:errors:ratio_rate{window}") for window in (alarm.long, alarm.short))
        expression = f"{long} > {limit} and {short} > {limit}"
        within = alarm.within
        if alarm is ALARMS[0]:
            within += " (or, when they have just begun, in the last minutes)"
            steep = plain(steep_factor(self.entry["objective"], self.window) * self.budget)
            expression += " or " + _STEEP.format(self._series("slo:errors:ratio_rate2m"), steep)
        return {
            "alert": alarm.name,
            "expr": expression,
            "labels": {
                "slo": self.name,
                "severity": "critical" if alarm.pages and self.entry.get("page", True) else "warning",
            },
            "annotations": {
                "summary": f"{self.name} spends its error budget {speed}",
                "description": "{{ $value | humanizePercentage }} of the events that count for "
                f"{self._title()} were bad in the last {within}, and they still are. "
                f"{_percent(self.budget)} may be bad over {self.window}.",
                "runbook_url": f"{self.runbooks}{alarm.name}.md",
                "dashboard_url": self.dashboard,
            },
        }

    def _budget_alert(self) -> dict[str, Any]:
        """A ticket: severity info never reaches a pager. A forecast alone is noise, so it has a level too."""
        left = self._series("slo:error_budget:left_ratio")
        time = self._series("omnimind:time_to_exhaustion_seconds", 'resource="error_budget"')
        return {
            "alert": "ErrorBudgetRunningOut",
            "expr": f"{left} < {self.thresholds['error_budget_warning']} "
            f"and ignoring (resource) {time} < {self.thresholds['exhaustion_warning']}",
            "for": "30m",
            "labels": {"slo": self.name, "severity": "info", "channel": "ticket"},
            "annotations": {
                "summary": "{{ $value | humanizePercentage }} of the error budget of " + f"{self.name} is left",
                "description": f"Of what {self._title()} may fail over {self.window}, "
                "{{ $value | humanizePercentage }} is left, and it goes on to be spent. Below 0 % the promise is broken.",
                "runbook_url": f"{self.runbooks}ErrorBudgetRunningOut.md",
                "dashboard_url": self.dashboard,
            },
        }

    def _title(self) -> str:
        said = self.entry.get("description", "")
        return f"{self.name} ({said.rstrip('.')})" if said else self.name


def _filled(query: str, window: str) -> str:
    return " ".join(query.replace("$window", window).split())


def _percent(share: Any) -> str:
    return f"{plain(100 * share)} %"


# --- Complaints --------------------------------------------------------------------------------------


def complaints(entries: Any) -> list[str]:
    """What is wrong with monitoring_slos, as sentences."""
    return entry_complaints("slos", "service levels", entries, REQUIRED, _CHECKS)


def _objective_check(objective: Any) -> str:
    if isinstance(objective, bool) or not isinstance(objective, (int, float)):
        return f"{objective!r} is not a number"
    if not 0 < objective < 1:
        hint = f"; {objective}% is {objective / 100:g}" if 1 < objective < 100 else ""
        return f"{objective} is not between 0 and 1, both excluded{hint}"
    return ""


def _window_check(window: Any) -> str:
    try:
        length = seconds(window)
    except ValueError as error:
        return str(error)
    return "" if 7 * 86400 <= length <= 92 * 86400 else f"{window} is not between 7d and 92d"


def _query_check(query: Any) -> str:
    complaint = expression_check(query)
    if not complaint and not _RANGE.search(query):
        return "it has no [$window], which stands for the range of a rate"
    return complaint


_CHECKS = {
    "name": name_check("backend_availability"),
    "objective": _objective_check,
    "window": _window_check,
    "error_query": _query_check,
    "total_query": _query_check,
    "description": text_check,
    "dashboard": text_check,
    "page": lambda page: "" if isinstance(page, bool) else f"{page!r} is neither true nor false",
}
