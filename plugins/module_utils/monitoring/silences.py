# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which silences an Alertmanager has that are equal to one that is wanted, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .matchers import Matcher

_OPERATORS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}


@dataclass(frozen=True)
class Silence:
    """One that Alertmanager has.

    Args:
        state: active, pending or expired.
        starts: as Alertmanager has told it.
    """

    id: str
    state: str
    matchers: frozenset[Matcher]
    starts: str
    ends: datetime


@dataclass(frozen=True)
class Wish:
    """Alerts that these match are to be silent for so long.

    Args:
        least: an equal silence that lasts so long is left as it is.
    """

    matchers: frozenset[Matcher]
    duration: timedelta
    least: timedelta
    comment: str
    author: str


@dataclass(frozen=True)
class Plan:
    """What is to be done. Nothing when there is neither a body to send nor anything to end.

    Args:
        kept: the equal silence that is left as it is, or made longer.
        body: what is sent to have a silence.
        ended: silences that are to end.
    """

    kept: Silence | None = None
    body: Mapping[str, Any] | None = None
    ended: tuple[Silence, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.body or self.ended)


def parse_silences(answer: Iterable[Mapping[str, Any]]) -> list[Silence]:
    """The silences that GET /api/v2/silences tells."""
    return [
        Silence(
            one["id"],
            one["status"]["state"],
            frozenset(_matcher(matcher) for matcher in one["matchers"]),
            one["startsAt"],
            parse_time(one["endsAt"]),
        )
        for one in answer
    ]


def plan_present(silences: Sequence[Silence], wish: Wish, now: datetime) -> Plan:
    """Keep an equal silence that is active for long enough, make one longer, or begin one."""
    active = [silence for silence in silences if silence.state == "active" and silence.matchers == wish.matchers]
    longest = max(active, key=lambda silence: silence.ends, default=None)
    if longest and longest.ends - now >= wish.least:
        return Plan(kept=longest)
    # With the beginning as it was, it is the same silence; else Alertmanager ends it and begins another at once.
    same = {"id": longest.id, "startsAt": longest.starts} if longest else {"startsAt": told_time(now)}
    body = {
        **same,
        "endsAt": told_time(now + wish.duration),
        "matchers": [told_matcher(matcher) for matcher in sorted(wish.matchers, key=str)],
        "createdBy": wish.author,
        "comment": wish.comment,
    }
    return Plan(kept=longest, body=body)


def plan_absent(silences: Sequence[Silence], matchers: frozenset[Matcher]) -> Plan:
    """End every equal silence, also one that is yet to begin."""
    return Plan(ended=tuple(one for one in silences if one.state != "expired" and one.matchers == matchers))


def parse_time(text: str) -> datetime:
    """A time such as 2026-11-30T08:00:00.123Z; digits beyond a microsecond are left out."""
    whole, _dot, rest = text.replace("Z", "+00:00").partition(".")
    if not rest:
        return datetime.fromisoformat(whole)
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return datetime.fromisoformat(f"{whole}.{rest[:digits][:6]:0<6}{rest[digits:]}")


def told_time(time: datetime) -> str:
    """A time as Alertmanager reads it."""
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told_matcher(matcher: Matcher) -> dict[str, Any]:
    """A matcher as Alertmanager reads it."""
    return {"name": matcher.label, "value": matcher.value, "isRegex": matcher.pattern, "isEqual": not matcher.negative}


def _matcher(told: Mapping[str, Any]) -> Matcher:
    operator = _OPERATORS[bool(told.get("isEqual", True)), bool(told["isRegex"])]
    return Matcher(told["name"], operator, told["value"])
