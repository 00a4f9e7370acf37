"""How a value is written in Redis: a header that names the version and tells when it ends, then the bytes."""

from __future__ import annotations

import math
import os
import random
import struct
import time
from dataclasses import dataclass

# Mark, kind, random name of this version, wall-clock end in seconds, seconds that it lives and that its load took.
HEADER = struct.Struct(">2sc8sdff")
MARK, VALUE, GONE = b"\xf5\x01", b"v", b"g"


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis holds under a key.

    Args:
        value: None where there is none.
        token: names this very state, b"" for nothing at all; a new value replaces only the state it was made from.
        end: of its life, in seconds of the wall clock; 0 where that is not known.
        life: seconds from its writing to its end.
        load_seconds: that its load took.
        node: "host:port" that has told this.
    """

    value: bytes | None
    token: bytes = b""
    end: float = 0.0
    life: float = 0.0
    load_seconds: float = 0.0
    node: str = ""


def pack(value: bytes, life: float, load_seconds: float) -> bytes:
    return HEADER.pack(MARK, VALUE, os.urandom(8), time.time() + life, life, load_seconds) + value


def gone() -> bytes:
    """What is left of a value that was deleted, so that a load that began before is seen to be old."""
    return HEADER.pack(MARK, GONE, os.urandom(8), 0.0, 0.0, 0.0)


def token_of(raw: bytes) -> bytes:
    """What names this state of a key; empty where there is none."""
    return raw[: HEADER.size]


def unpack(raw: bytes | None) -> Found:
    """What was found. Bytes that another program wrote are a value as they are, whose end is not known."""
    if raw is None:
        return Found(None)
    if len(raw) < HEADER.size or not raw.startswith(MARK):
        return Found(raw, token_of(raw))
    _mark, kind, _name, end, life, load_seconds = HEADER.unpack_from(raw)
    token = token_of(raw)
    return Found(None, token) if kind == GONE else Found(raw[HEADER.size :], token, end, life, load_seconds)


def lead(fraction: float, life: float, load_seconds: float, chance: float | None = None) -> float:
    """Seconds before its end at which a value is loaded anew; 0 for never.

    As XFetch does it: the longer a load takes the earlier, and by a random share, so that of many processes one is
    first. Where an entry stays in a process it is drawn once, or a busy key would be loaded far too early.

    Args:
        fraction: of the value's life that is the usual lead; 0 for no refresh.
        life: seconds from the value's writing to its end.
        load_seconds: that its load took.
        chance: a number above 0 and up to 1, drawn when not given.
    """
    if not fraction:
        return 0.0
    drawn = 1.0 - random.random() if chance is None else chance
    return min(-math.log(drawn) * max(load_seconds, fraction * life), life / 2)
