# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings an Alertmanager to have a silence, or not to have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from .alertmanager_api import Alertmanager
from .durations import milliseconds
from .errors import MonitoringFailure
from .matchers import parse_matcher
from .silences import Silence, Wish, parse_time, plan_absent, plan_present, told_time


def wish_of(options: Mapping[str, Any]) -> Wish:
    """What the options of a module ask for; MonitoringFailure, with the option at fault, when they are not sound."""
    if not options["matchers"]:
        raise MonitoringFailure(
            "matchers: the list is empty; right would be one matcher at least, as none match every alert"
        )
    matchers = frozenset(_sound("matchers", parse_matcher, text) for text in options["matchers"])
    if all(matcher.matches("") for matcher in matchers):
        raise MonitoringFailure("matchers: each matches an alert without its label; right would be one that does not")
    duration = timedelta(milliseconds=_sound("duration", milliseconds, options["duration"]))
    least = (
        timedelta(milliseconds=_sound("least", milliseconds, options["least"])) if options["least"] else duration / 2
    )
    if least > duration:
        raise MonitoringFailure(
            f"least: {options['least']} is longer than the duration; right would be as long at most"
        )
    return Wish(matchers, duration, least, options["comment"], options["author"])


def silence(server: Alertmanager, wish: Wish, check_mode: bool = False) -> dict[str, Any]:
    """What a module returns that has alerts silenced."""
    now = datetime.now(timezone.utc)
    found = server.silences()
    plan = plan_present(found, wish, now)
    identity = plan.kept.id if plan.kept else ""
    ends = plan.body["endsAt"] if plan.body else told_time(plan.kept.ends)
    if plan.body and not check_mode:
        identity = server.set_silence(plan.body)
    before = [plan.kept] if plan.kept else []
    return {
        "changed": plan.changes,
        "silence_id": identity,
        "ends_at": ends,
        "ended": [],
        "diff": {"before": _lines(before), "after": _line(wish, parse_time(ends))},
    }


def unsilence(server: Alertmanager, wish: Wish, check_mode: bool = False) -> dict[str, Any]:
    """What a module returns that has alerts told again."""
    plan = plan_absent(server.silences(), wish.matchers)
    if not check_mode:
        for one in plan.ended:
            server.end_silence(one.id)
    return {
        "changed": plan.changes,
        "silence_id": "",
        "ends_at": "",
        "ended": [one.id for one in plan.ended],
        "diff": {"before": _lines(plan.ended), "after": ""},
    }


def _sound(option: str, parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise MonitoringFailure(f"{option}: {error}") from error


def _lines(silences: Sequence[Silence]) -> str:
    return "".join(_line(one, one.ends) for one in silences)


def _line(silence_or_wish: Silence | Wish, ends: datetime) -> str:
    return f"{', '.join(sorted(map(str, silence_or_wish.matchers)))} until {told_time(ends)}\n"
