"""Quantities such as 500m, 1.5Gi and 2e3: what they are worth, and how the API writes them."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?")
COMPLAINT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@lru_cache(maxsize=None, typed=True)
def amount(text: Any) -> Fraction:
    """What a quantity is worth; ValueError when it is none."""
    number, exponent, suffix = _parts(text)
    if exponent:
        return number * Fraction(10) ** int(exponent[1:])
    return number * _unit(suffix)


def canonical(text: Any) -> str:
    """As the API writes it: no fraction, and the largest suffix of the same family that allows that."""
    suffix = _parts(text)[2]
    return written(amount(text), binary=suffix in _BINARY)


def written(value: Fraction, binary: bool = False) -> str:
    """A worth as a quantity."""
    if not value:
        return "0"
    family = ["", *_BINARY] if binary else list(_DECIMAL)
    for suffix in reversed(family):
        scaled = value / _unit(suffix)
        if scaled.denominator == 1:
            return f"{scaled.numerator}{suffix}"
    # What is no whole number of bytes is written in thousandths; what is finer than a billionth is rounded up.
    return written(value) if binary else f"{-(-value // _unit('n'))}n"


def _parts(text: Any) -> tuple[Fraction, str, str]:
    match = _FORM.fullmatch(str(text))
    if isinstance(text, bool) or not match:
        raise ValueError(COMPLAINT)
    return Fraction(match[1]), match[2] or "", match[3] or ""


def _unit(suffix: str) -> Fraction:
    return Fraction(1024) ** _BINARY[suffix] if suffix in _BINARY else Fraction(1000) ** _DECIMAL[suffix]
