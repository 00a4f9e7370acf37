# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Quantities such as 100m, 1Gi or 1e3, exactly: as fractions, never as floating point."""
from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .errors import ManifestError
from .fields import read_mapping

_BINARY = {name: Fraction(1024**power) for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {
    name: Fraction(10) ** power
    for name, power in (
        ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)
    )
}  # fmt: skip
_QUANTITY = re.compile(r"(?P<number>[+-]?(\d+\.?\d*|\.\d+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?")
_FINEST = _DECIMAL["n"]
_MOST = Fraction(2**63 - 1)
# What is written in powers of two.
_BYTES = ("memory", "storage", "hugepages-")


def read_quantity(where: str, value: Any) -> Fraction:
    """A quantity that is not negative; ManifestError if it is none.

    As in the API, what is finer than a billionth counts as a whole one, and nothing is more than 2**63 - 1.
    """
    text = str(value)
    found = None if isinstance(value, bool) or not isinstance(value, (str, int, float)) else _QUANTITY.fullmatch(text)
    if found is None:
        raise ManifestError(where, f"it is a quantity such as 100m, 2 or 1Gi, not {value!r}")
    exact = Fraction(found["number"].rstrip(".") or 0) * _factor(found["suffix"] or "")
    if exact < 0:
        raise ManifestError(where, f"it is not below 0, as {text} is")
    return min(_MOST, -(-exact // _FINEST) * _FINEST)


def _factor(suffix: str) -> Fraction:
    if suffix in _BINARY:
        return _BINARY[suffix]
    return _DECIMAL[suffix] if suffix in _DECIMAL else Fraction(10) ** int(suffix[1:])


def read_quantities(where: str, value: Any) -> dict[str, Fraction]:
    """Quantities by the name of the resource; ManifestError if they are none. What is absent has none."""
    fields: Mapping[str, Any] = read_mapping(where, {} if value is None else value)
    return {name: read_quantity(f"{where}.{name}", content) for name, content in fields.items()}


def format_quantity(resource: str, quantity: Fraction) -> str:
    """As people write an amount of this resource: whole numbers, with the greatest suffix that leaves one."""
    if any(word in resource for word in _BYTES) and quantity and quantity.denominator == 1:
        for suffix, factor in reversed(list(_BINARY.items())):
            if quantity % factor == 0:
                return f"{quantity // factor}{suffix}"
    for suffix in ("", "m", "u"):
        if (quantity / _DECIMAL[suffix]).denominator == 1:
            return f"{quantity / _DECIMAL[suffix]}{suffix}"
    return f"{quantity / _FINEST}n"
