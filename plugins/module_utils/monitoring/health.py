# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What servers said of themselves, and what is wrong with it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What one server said.

    Args:
        url: where it was asked.
        problem: why it did not answer, or is not ready; empty when it is.
        read: whether it took its configuration when it read it last.
        read_at: when that was, in seconds since 1970.
        targets: of Prometheus, each with job, instance, host, health (up, down, unknown) and error.
        peers: of Alertmanager, the members of its cluster that it sees, itself included.
    """

    url: str
    problem: str = ""
    read: bool = True
    read_at: float = 0.0
    targets: Sequence[Mapping[str, str]] = field(default_factory=list)
    peers: int = 1


@dataclass(frozen=True)
class Expected:
    """What shall be so.

    Args:
        targets: how many each job has.
        peers: how many Alertmanagers form a cluster.
        changed: when a server's files changed last, by its name.
    """

    targets: Mapping[str, int] = field(default_factory=dict)
    peers: int = 1
    changed: Mapping[str, float] = field(default_factory=dict)


def problems(answers: Mapping[str, Answer], expected: Expected) -> list[str]:
    """Everything that is not as it shall be, as sentences; `answers` by the name of the server."""
    found = [f"{name} at {one.url}: {one.problem}" for name, one in answers.items() if one.problem]
    answering = {name: one for name, one in answers.items() if not one.problem}
    found += [f"{name} at {answering[name].url} did not take its configuration" for name in refused(answering)]
    found += [f"{name} at {answering[name].url} has yet to read its configuration" for name in unread(answering, expected)]
    if "prometheus" in answering:
        found += _target_problems(answering["prometheus"].targets, expected.targets)
    if "alertmanager" in answering and answering["alertmanager"].peers < expected.peers:
        seen = answering["alertmanager"].peers
        found.append(f"alertmanager at {answering['alertmanager'].url} sees {seen} of {expected.peers} members of its cluster")
    return found


def refused(answers: Mapping[str, Answer]) -> list[str]:
    """Servers that go on with an older configuration, as they did not take the last."""
    return [name for name, one in answers.items() if not one.problem and not one.read]


def unread(answers: Mapping[str, Answer], expected: Expected) -> list[str]:
    """Servers whose files changed since they read them."""
    return [
        name
        for name, one in answers.items()
        if not one.problem and one.read and one.read_at < expected.changed.get(name, 0.0)
    ]


def _target_problems(targets: Sequence[Mapping[str, str]], wanted: Mapping[str, int]) -> list[str]:
    found = []
    for job, count in wanted.items():
        there = [target for target in targets if target["job"] == job]
        if len(there) != count:
            found.append(f"job {job} has {len(there)} targets, and not {count}")
    for target in targets:
        if target["health"] != "up":
            error = f" ({target['error']})" if target["error"] else ""
            found.append(f"target {target['instance']} of job {target['job']} is {target['health']}{error}")
    return found


def described(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Answers as plain data."""
    return {
        name: {
            "url": one.url,
            "ready": not one.problem,
            "problem": one.problem,
            "peers": one.peers,
            "targets": [dict(target) for target in one.targets],
        }
        for name, one in answers.items()
    }
