# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes the users of one server right, in an order in which nobody is shut out.

First every server gets what is missing. Only when all have it, is the password of replication replaced, and
what is no longer wanted taken away.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .lines import Line
from .users import DEFAULT, User

# The settings with which a replica logs in to its master.
REPLICATION = ("masteruser", "masterauth")


@dataclass(frozen=True)
class State:
    """What a server has: its users, and its settings of REPLICATION."""

    lines: Mapping[str, Line]
    replication: Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """What it shall have. Settings of replication that are not there are left alone."""

    users: Sequence[User]
    replication: Mapping[str, str] = field(default_factory=dict)
    keep_unknown: bool = False


@dataclass(frozen=True)
class Change:
    """A command, and what it does in words that show no password."""

    command: tuple[str, ...]
    meaning: str


def additions(state: State, wanted: Wanted) -> list[Change]:
    """Users that are missing, and passwords that are missing."""
    return list(_additions(state, wanted))


def _additions(state: State, wanted: Wanted) -> Iterator[Change]:
    for user in wanted.users:
        line = state.lines.get(user.name)
        if not line:
            yield Change(("ACL", "SETUSER", user.name, *user.words()), f"user {user.name} is added")
        elif not line.nopass and not line.hashes.issuperset(user.hashes):
            missing = [f"#{sum}" for sum in user.hashes if sum not in line.hashes]
            meaning = f"user {user.name} takes {len(missing)} more password{'s'[: len(missing) > 1]}"
            yield Change(("ACL", "SETUSER", user.name, *missing), meaning)


def replication_changes(state: State, wanted: Wanted) -> list[Change]:
    """Another login of a replica at its master, name and password at once."""
    different = {name: value for name, value in wanted.replication.items() if state.replication.get(name) != value}
    if not different:
        return []
    command = ("CONFIG", "SET", *(word for pair in different.items() for word in pair))
    return [Change(command, f"replication logs in with another {' and '.join(different)}")]


def removals(state: State, wanted: Wanted, exact: Mapping[str, Line]) -> list[Change]:
    """Whatever else differs from `exact`, the wanted users in this server's words, and users that nobody wants."""
    return list(_removals(state, wanted, exact))


def _removals(state: State, wanted: Wanted, exact: Mapping[str, Line]) -> Iterator[Change]:
    for user in wanted.users:
        line, goal = state.lines.get(user.name), exact[user.name]
        if line and line != goal:
            meanings = list(_differences(line, goal))
            if meanings:
                meaning = f"user {user.name} {', '.join(meanings)}"
                yield Change(("ACL", "SETUSER", user.name, *user.words()), meaning)
    if not wanted.keep_unknown:
        unknown = sorted(set(state.lines) - {user.name for user in wanted.users} - {DEFAULT})
        yield from (Change(("ACL", "DELUSER", name), f"user {name} is removed") for name in unknown)


def _differences(line: Line, goal: Line) -> Iterator[str]:
    """Beyond passwords to add, which are additions."""
    if line.nopass:
        yield "needs a password"
    dropped = len(line.hashes - goal.hashes)
    if dropped:
        yield f"loses {dropped} password{'s'[: dropped > 1]}"
    if line.enabled != goal.enabled:
        yield "is enabled" if goal.enabled else "is disabled"
    if line.rules != goal.rules:
        yield f"may do {' '.join(goal.rules)}"
