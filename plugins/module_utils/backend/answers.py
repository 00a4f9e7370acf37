# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What instances of a backend answer, and whether it is what they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Of one instance: the documents of /ready and /api/status with their HTTP status, 0 where nobody answered.

    Args:
        port: of the instance.
        ready_status, ready: of /ready.
        status_status, status: of /api/status.
        problem: why nobody answered.
    """

    port: int
    ready_status: int = 0
    ready: Mapping[str, Any] = field(default_factory=dict)
    status_status: int = 0
    status: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def version(self) -> str:
        return str(self.status.get("version") or "")

    @property
    def missing(self) -> dict[str, str]:
        return dict(self.ready.get("missing") or {})

    @property
    def compression(self) -> Mapping[str, Any]:
        return self.status.get("compression") or {}


@dataclass(frozen=True)
class Expected:
    """What an instance must be to be fit.

    Args:
        version: that it says it is; any where it is empty.
        missing: names of what may be missing.
        read_since: when it must have read the settings of compression, in seconds since 1970.
    """

    version: str = ""
    missing: frozenset[str] = frozenset()
    read_since: float = 0.0


def objection(answer: Answer, expected: Expected) -> str:
    """Why an instance is not fit; empty when it is."""
    if answer.problem:
        return answer.problem
    if is_outdated(answer, expected):
        return f"it runs {answer.version or 'no version'}, not {expected.version}"
    if answer.ready_status != 200:
        return f"/ready answers {answer.ready_status}, {answer.ready.get('status') or 'without a status'}"
    unexpected = {name: why for name, why in answer.missing.items() if name not in expected.missing}
    if unexpected:
        return "it is without " + ", ".join(f"{name} ({why})" for name, why in sorted(unexpected.items()))
    if answer.compression.get("problem"):
        return f"compression.yaml is not followed: {answer.compression['problem']}"
    if is_unread(answer, expected):
        return "it has not read compression.yaml since that was written"
    return ""


def is_outdated(answer: Answer, expected: Expected) -> bool:
    """Whether an instance must be started anew to become what is expected: it is another, or not there."""
    return bool(answer.problem) or bool(expected.version and answer.version != expected.version)


def is_unread(answer: Answer, expected: Expected) -> bool:
    """Whether settings of compression in force are older than those that are expected."""
    # The backend rounds to a thousandth of a second.
    return float(answer.compression.get("read_at") or 0) + 0.001 < expected.read_since


def describe(answers: Iterable[Answer], expected: Expected, urls: Mapping[int, str]) -> dict[str, Any]:
    """The answers as plain data, with what must be done about them."""
    found = list(answers)
    reasons = {answer.port: objection(answer, expected) for answer in found}
    return {
        "fit": not any(reasons.values()),
        "instances": [_instance(answer, urls[answer.port], reasons[answer.port]) for answer in found],
        "outdated": [answer.port for answer in found if is_outdated(answer, expected)],
        "unread": [a.port for a in found if not is_outdated(a, expected) and _follows_old(a, expected)],
        "missing": sorted({name for answer in found for name in answer.missing}),
    }


def _follows_old(answer: Answer, expected: Expected) -> bool:
    return is_unread(answer, expected) or bool(answer.compression.get("problem"))


def _instance(answer: Answer, url: str, reason: str) -> dict[str, Any]:
    return {
        "port": answer.port,
        "url": url,
        "answers": not answer.problem,
        "ready": answer.ready_status == 200,
        "version": answer.version,
        "uptime_seconds": answer.status.get("uptime_seconds"),
        "missing": answer.missing,
        "cache": dict(answer.status.get("cache") or {}),
        "compression": dict(answer.compression),
        "objection": reason,
    }
