# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ACL users as an inventory describes them: checked, and as the words of ACL SETUSER and of redis.conf.

A role of a user is a set of rules that we keep right; passwords become SHA-256 sums here and nowhere else.
"""
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import RedisFailure
from ..settings import quote_word

DEFAULT = "default"

# Functions and cached scripts are shared by all users, and no category tells their owners from their callers.
_SHARED_CODE = ("-function|delete", "-function|flush", "-function|restore", "-script|flush")
# What clients ask to find their way. Not within @read, and INFO counts as dangerous.
_CLUSTER_CLIENT = (
    "+info", "+cluster|info", "+cluster|keyslot", "+cluster|myid", "+cluster|nodes", "+cluster|shards",
    "+cluster|slots",
)  # fmt: skip
_HARMLESS = ("-@admin", "-@dangerous")


@dataclass(frozen=True)
class Role:
    """Rules for commands, and what is put before a key pattern (empty where the role has no keys)."""

    rules: tuple[str, ...]
    keys: str = ""


ROLES = {
    "administrator": Role(("+@all",), "~"),
    "application": Role(("+@all", *_HARMLESS, *_SHARED_CODE, *_CLUSTER_CLIENT), "~"),
    "readonly": Role(
        ("+@read", "+@connection", "+@pubsub", "-publish", "-spublish", *_HARMLESS, *_CLUSTER_CLIENT), "%R~"
    ),
    # Not CONFIG GET: its answer has the password of replication.
    "monitor": Role(
        (
            "+@connection", *_HARMLESS, *_CLUSTER_CLIENT, "+client|list", "+latency|histogram", "+latency|history",
            "+latency|latest", "+memory|stats", "+role", "+slowlog|get", "+slowlog|len",
        )
    ),
    "replication": Role(("+psync", "+replconf", "+ping")),
}  # fmt: skip

_WORDS = {
    "allchannels", "allcommands", "allkeys", "nocommands", "resetchannels", "resetkeys", "sanitize-payload",
    "skip-sanitize-payload",
}  # fmt: skip
_RULE = r"(?:[+-]@?[A-Za-z0-9_.|-]+|(?:~|&|%(?:R|W|RW|WR)~)[^\s()]*)"
_SIMPLE = re.compile(_RULE)
_SELECTOR = re.compile(rf"\({_RULE}(?: {_RULE})*\)")
_HASH = re.compile(r"[0-9a-f]{64}")
_OF_OTHER_OPTIONS = {
    ">": "passwords", "<": "passwords", "#": "password_hashes", "!": "password_hashes", "nopass": "passwords",
    "resetpass": "passwords", "on": "enabled", "off": "enabled",
}  # fmt: skip


@dataclass(frozen=True)
class User:
    """One user; `hashes` are the SHA-256 sums of its passwords in hexadecimal."""

    name: str
    hashes: tuple[str, ...]
    rules: tuple[str, ...]
    enabled: bool = True

    def words(self) -> list[str]:
        """What ACL SETUSER is given after the name, to make the user this and nothing else."""
        return ["reset", "on" if self.enabled else "off", *(f"#{sum}" for sum in self.hashes), *self.rules]

    def config_line(self) -> str:
        """The user as a line of redis.conf."""
        return " ".join(["user", *map(quote_word, [self.name, *self.words()[1:]])])


def hash_of(password: str) -> str:
    """What a server keeps of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def parse_users(entries: Sequence[Mapping[str, Any]]) -> list[User]:
    """The users of a module's option `users`. Raises RedisFailure with every complaint."""
    found = user_complaints(entries)
    if found:
        raise RedisFailure("; ".join(found))
    return [_user(entry) for entry in entries]


def _user(entry: Mapping[str, Any]) -> User:
    sums = [*map(hash_of, entry.get("passwords") or ()), *(entry.get("password_hashes") or ())]
    return User(entry["name"], tuple(dict.fromkeys(sums)), tuple(_rules(entry)), entry.get("enabled", True))


def _rules(entry: Mapping[str, Any]) -> Iterator[str]:
    """Patterns of keys and channels, the rules of the role, then the user's own, which have the last word."""
    role = ROLES[entry["role"]] if entry.get("role") else Role((), "~")
    everything = ["*"] if entry.get("role") and role.keys else []
    keys, channels = (everything if entry.get(name) is None else entry[name] for name in ("keys", "channels"))
    yield from (f"{role.keys}{pattern}" for pattern in keys)
    yield from (f"&{pattern}" for pattern in channels)
    yield from role.rules
    yield from entry.get("rules") or ()


def user_complaints(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Everything that is wrong with the entries, as sentences that show no password."""
    names = [entry["name"] for entry in entries]
    found = [f"users: {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for entry in entries:
        found += [f"users: {entry['name']}: {text}" for text in _complaints(entry)]
    return found


def _complaints(entry: Mapping[str, Any]) -> Iterator[str]:
    if not entry["name"] or not entry["name"].isprintable() or " " in entry["name"]:
        yield f"name: {entry['name']!r} is empty, or has a blank or a control character in it"
    yield from _password_complaints(entry)
    role = entry.get("role")
    if role and not ROLES[role].keys:
        for option in ("keys", "channels"):
            if entry.get(option):
                yield f"{option}: the role {role} has none, leave it out"
    for option in ("keys", "channels"):
        for pattern in entry.get(option) or ():
            if not pattern or re.search(r"[\s()]", pattern) or not pattern.isprintable():
                yield f"{option}: {pattern!r} is empty, or has a blank, a bracket or a control character in it"
    yield from _rule_complaints(entry.get("rules") or ())
    if not role and not entry.get("rules"):
        yield "role: there is none, and no rules, so this user could do nothing"


def _password_complaints(entry: Mapping[str, Any]) -> Iterator[str]:
    passwords, hashes = entry.get("passwords") or (), entry.get("password_hashes") or ()
    if not passwords and not hashes:
        yield "passwords: there is none; give one, or its SHA-256 in password_hashes"
    if any(not password for password in passwords):
        yield "passwords: one is empty"
    if any(character in password for password in passwords for character in "\r\n\0"):
        yield "passwords: one contains a line break, which no client can send"
    if any(not _HASH.fullmatch(sum) for sum in hashes):
        yield "password_hashes: one is no SHA-256 of 64 hexadecimal digits in lower case"


def _rule_complaints(rules: Iterable[str]) -> Iterator[str]:
    for rule in rules:
        option = _OF_OTHER_OPTIONS.get(rule) or _OF_OTHER_OPTIONS.get(rule[:1])
        if option:  # never shown: it may be a password
            yield f"rules: a rule does what the option {option} is for"
        elif rule not in _WORDS and not _SIMPLE.fullmatch(rule) and not _SELECTOR.fullmatch(rule):
            yield f"rules: {rule!r} is no ACL rule, such as '+get', '-@dangerous', '~orders:*' or '&news:*'"
