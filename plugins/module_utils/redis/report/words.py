# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers as a person reads them."""
from __future__ import annotations

NO_BREAK = "\N{NO-BREAK SPACE}"


def number(value: int | None) -> str:
    """12,345, or a dash for what is not known."""
    return "\N{EN DASH}" if value is None else f"{value:,}"


def count(value: int, noun: str) -> str:
    """1 slot, 2 slots."""
    return f"{value:,}{NO_BREAK}{noun}{'' if value == 1 else 's'}"


def size(value: int | None) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    if value is None:
        return "\N{EN DASH}"
    amount, units = float(value), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while amount >= 999.5 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    digits = 0 if units[0] == "B" or amount >= 99.5 else 1
    return f"{amount:,.{digits}f}{NO_BREAK}{units[0]}"


def duration(seconds: int | None) -> str:
    """The largest unit of a time that is not zero."""
    if seconds is None:
        return "\N{EN DASH}"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length}{NO_BREAK}{unit}"
    return f"{seconds}{NO_BREAK}s"


def some_ranges(text: str, most: int = 6) -> str:
    """The first slot ranges of a text, and how many there are more."""
    ranges = text.split(",")
    shown = ", ".join(ranges[:most])
    return f"{shown} and {count(len(ranges) - most, 'more range')}" if len(ranges) > most else shown
