# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Matchers, which say what labels an alert must have, as people write them and as Alertmanager reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The form that every version since 0.22 reads; a value may stand in quotes.
_FORM = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!=|!~|=)\s*(.*?)\s*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS = {"n": "\n", '"': '"', "\\": "\\"}
# What Go's regular expressions have and Python's have not: such a one is left to Alertmanager to judge.
_NOT_PYTHON = re.compile(r"\\[pPQEzC]|\[\[:|\(\?[a-zA-Z-]")


@dataclass(frozen=True)
class Matcher:
    """One label and what its value must be.

    Args:
        operator: one of = != =~ !~
    """

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        """With its value in quotes, which every version reads alike."""
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{value}"'

    @property
    def negative(self) -> bool:
        return self.operator.startswith("!")

    @property
    def pattern(self) -> bool:
        """Whether the value is a regular expression."""
        return self.operator.endswith("~")

    def matches(self, value: str) -> bool:
        """Whether a label with this value, "" where it is missing, is matched. A pattern that only Go knows matches nothing."""
        if not self.pattern:
            return (value == self.value) != self.negative
        try:
            return bool(re.fullmatch(self.value, value)) != self.negative
        except re.error:
            return False


def parse_matcher(text: str) -> Matcher:
    """The matcher that a text stands for; ValueError, with what would be right, when it stands for none."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{text!r} is no matcher; right would be one such as severity="critical" or instance=~"web.*"')
    label, operator, written = found.groups()
    value = _unquoted(text, written)
    matcher = Matcher(label, operator, value)
    if matcher.pattern and not _NOT_PYTHON.search(value):
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{text!r} has no regular expression for a value: {error}") from error
    return matcher


def _unquoted(text: str, written: str) -> str:
    if not written.startswith('"'):
        if '"' in written:
            raise ValueError(
                f'{text!r} has a quote within its value; right would be the whole value in quotes, {{"}} as {{\\"}}'
            )
        return written
    inner = written[1:-1]
    if len(written) < 2 or not written.endswith('"') or re.search(r'(?<!\\)(\\\\)*"', inner) or _odd_end(inner):
        raise ValueError(f"{text!r} has a quote that does not close; right would be one at each end of the value")
    return _ESCAPED.sub(lambda found: _MEANINGS.get(found[1], found[0]), inner)


def _odd_end(text: str) -> bool:
    """Whether a backslash takes the closing quote."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def covers(earlier: list[Matcher], later: list[Matcher]) -> bool:
    """Whether every alert that the later ones match is surely matched by the earlier ones."""
    return set(earlier) <= set(later)
