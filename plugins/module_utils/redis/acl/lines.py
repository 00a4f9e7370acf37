# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user as a server tells it: a line of ACL LIST, to compare and to show without its passwords."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# A server says it of some users and not of others, and means the same.
_WITHOUT_MEANING = {"sanitize-payload"}


@dataclass(frozen=True)
class Line:
    """`rules` are everything but passwords and being enabled, in the server's own order and words."""

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
    return name, Line("on" in words, hashes, "nopass" in words, tuple(rules))
