"""Which content coding a client wants, by RFC 9110, section 12.5.3."""

from __future__ import annotations

import re
from functools import lru_cache

_QUALITY = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ALIASES = {"x-gzip": "gzip"}
# Longer fields are parsed each time, so that nobody can fill the cache with megabytes.
_LONGEST_CACHED = 256


def negotiate(accept: bytes | None, codings: tuple[str, ...]) -> str | None:
    """The coding of `codings` (best first) that the client likes most, or None for identity.

    Args:
        accept: the value of Accept-Encoding, joined with commas where there are several; None without the field.
        codings: what the server can do; its order decides where the client's q values tie.

    None also where the client would accept nothing at all: an identity answer is of more use than a 406.
    """
    if not accept:
        return None
    return _cached(accept, codings) if len(accept) <= _LONGEST_CACHED else _choose(accept, codings)


def qualities(accept: str) -> dict[str, float]:
    """Each coding the field names with its q value; members that are malformed are left out.

    Of a coding named twice the lower q counts: a refusal is never overruled.
    """
    found: dict[str, float] = {}
    for member in accept.split(","):
        coding, _semicolon, parameter = member.partition(";")
        coding = coding.strip(" \t").lower()
        quality = _quality(parameter) if _semicolon else 1.0
        if quality is None or not _TOKEN.fullmatch(coding):
            continue
        coding = _ALIASES.get(coding, coding)
        found[coding] = min(quality, found.get(coding, 1.0))
    return found


def _quality(parameter: str) -> float | None:
    name, _equals, value = parameter.strip(" \t").partition("=")
    if name.lower() != "q" or not _QUALITY.fullmatch(value):
        return None
    return float(value)


def _choose(accept: bytes, codings: tuple[str, ...]) -> str | None:
    wanted = qualities(accept.decode("latin-1"))
    others = wanted.get("*", 0.0)
    # Identity is acceptable without being named, but preferred only where it is named.
    best, best_quality = None, wanted.get("identity", 0.0)
    for coding in codings:
        quality = wanted.get(coding, others)
        if quality > 0 and (quality > best_quality or (best is None and quality == best_quality)):
            best, best_quality = coding, quality
    return best


_cached = lru_cache(maxsize=256)(_choose)
