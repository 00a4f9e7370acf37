"""When a value is loaded anew before its end, and how it is written in Redis."""

from __future__ import annotations

import math
import statistics
import time

import pytest
from omnimind_backend.cache.envelope import HEADER, gone, lead, pack, unpack


@pytest.mark.parametrize(
    ("fraction", "life", "load_seconds", "chance", "seconds"),
    [
        (0.1, 100.0, 0.0, math.exp(-1), 10.0),  # a fraction of its life
        (0.1, 100.0, 20.0, math.exp(-1), 20.0),  # a load that takes longer than that begins earlier
        (0.1, 100.0, 0.0, 1.0, 0.0),  # the least
        (0.1, 100.0, 0.0, 1e-300, 50.0),  # the most: half of its life
        (0.0, 100.0, 20.0, 1e-300, 0.0),  # never
    ],
)
def test_lead(fraction: float, life: float, load_seconds: float, chance: float, seconds: float) -> None:
    assert lead(fraction, life, load_seconds, chance) == pytest.approx(seconds)


def test_the_lead_differs_from_process_to_process() -> None:
    drawn = [lead(0.05, 100.0, 0.0) for _turn in range(2000)]
    assert 4.0 < statistics.mean(drawn) < 6.0
    assert min(drawn) < 0.5 and max(drawn) > 15.0
    assert all(0 <= seconds <= 50 for seconds in drawn)


def test_what_is_written_is_read() -> None:
    found = unpack(pack(b"\x00value", 60.0, 0.25))
    assert (found.value, found.life, found.load_seconds) == (b"\x00value", 60.0, 0.25)
    assert 59 < found.end - time.time() <= 60


def test_two_versions_of_one_value_have_two_names() -> None:
    assert unpack(pack(b"v", 1, 0)).token != unpack(pack(b"v", 1, 0)).token
    assert unpack(gone()).token != unpack(gone()).token


def test_a_tombstone_is_no_value() -> None:
    found = unpack(gone())
    assert found.value is None and len(found.token) == HEADER.size
    assert unpack(None).token == b""


@pytest.mark.parametrize("raw", [b"", b"plain", b"x" * 100, b"\xf5\x01v"])
def test_bytes_of_another_program_are_a_value_without_an_end(raw: bytes) -> None:
    assert (unpack(raw).value, unpack(raw).end) == (raw, 0.0)
