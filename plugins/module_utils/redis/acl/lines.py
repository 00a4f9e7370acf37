# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user as a server tells it: a line of ACL LIST, to compare and to show without its passwords."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

# A server says it of some users and not of others, and means the same.
_WITHOUT_MEANING = {"sanitize-payload"}


@dataclass(frozen=True)
class Line:
    """`rules` are everything but passwords and being enabled, in the server's own words."""

    enabled: bool
    hashes: frozenset[str]
    nopass: bool
    rules: tuple[str, ...]

    def shown(self) -> str:
        """For people: how many passwords there are, not which."""
        count = "any password" if self.nopass else f"{len(self.hashes)} password{'' if len(self.hashes) == 1 else 's'}"
        return " ".join(["on" if self.enabled else "off", f"({count})", *self.rules])


def parse_lines(answer: Iterable[str]) -> dict[str, Line]:
    """The answer of ACL LIST, by the user's name."""
    return dict(_parse(line) for line in answer)


def _parse(line: str) -> tuple[str, Line]:
    _user, name, *words = line.split(" ")
    hashes = frozenset(word[1:] for word in words if word.startswith("#"))
    rules = [w for w in words if w[:1] != "#" and w not in {"on", "off", "nopass", *_WITHOUT_MEANING}]
    return name, Line("on" in words, hashes, "nopass" in words, tuple(_in_one_order(rules)))


def _in_one_order(rules: Iterable[str]) -> Iterator[str]:
    """Rules for single commands that follow each other are sorted.

    Redis 7.0 works them out anew for each answer, in no order. The others keep them as they came, once a command, so
    that their order among themselves says nothing.
    """
    parted = (part for rule in rules for part in re.findall(r"^\(|[^()]+|\)$|[()]", rule))
    for single, group in groupby(parted, lambda part: part[:1] in ("+", "-") and part[1:2] != "@"):
        yield from sorted(group) if single else group
