"""Negotiation apart from HTTP: a table, and what holds for any header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimind_backend.compression.negotiate import negotiate, qualities

ALL = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, None),
        (b"", None),
        (b"identity", None),
        (b"gzip", "gzip"),
        (b"gzip;q=1, br;q=1, zstd;q=1", "zstd"),
        (b"gzip;q=1, br;q=0.999", "gzip"),
        (b"gzip, identity", "gzip"),
        (b"gzip;q=0.5, identity;q=0.501", None),
        (b"*;q=0.5, identity;q=0.1", "zstd"),
        (b"*, identity;q=0", "zstd"),
        (b"*;q=0, br;q=0.1", "br"),
        (b"gzip;q=0, *;q=0.3", "zstd"),
        (b"gzip, gzip;q=0", None),
        (b"gzip;q=0, x-gzip", None),
        (b"gzip;q=1.000", "gzip"),
        (b"gzip;q=1.", "gzip"),
        (b"gzip;q=1.001", None),
        (b"gzip;q=0.1234", None),
        (b"gzip;q=.5", None),
        (b"gzip;q=-1", None),
        (b"gzip;q=", None),
        (b"gzip;level=9", None),
        (b"gzip q=1", None),
        (b"g\xffzip, br", "br"),
        (b"\tGzIp\t;\tq=1\t", "gzip"),
        (b", ".join([b"deflate"] * 200) + b", br", "br"),
    ],
)
def test_choice(accept: bytes | None, chosen: str | None) -> None:
    assert negotiate(accept, ALL) == chosen


def test_the_servers_order_counts_where_q_ties() -> None:
    assert negotiate(b"zstd, br, gzip", ("gzip", "br", "zstd")) == "gzip"
    assert negotiate(b"zstd", ("gzip", "br")) is None


@given(st.binary(max_size=600))
def test_any_bytes_give_a_coding_that_they_name(accept: bytes) -> None:
    chosen = negotiate(accept, ALL)
    if chosen is not None:
        text = accept.lower()
        assert chosen.encode() in text or b"*" in text


@given(st.dictionaries(st.sampled_from([*ALL, "identity", "deflate"]), st.integers(0, 1000)))
def test_no_coding_is_liked_more_than_the_chosen_one(wanted: dict[str, int]) -> None:
    accept = ", ".join(f"{coding};q={quality / 1000:.3f}" for coding, quality in wanted.items())
    chosen = negotiate(accept.encode(), ALL)
    best = max((wanted.get(coding, 0) for coding in ALL), default=0)
    if chosen is None:
        assert best == 0 or best < wanted.get("identity", 0)
    else:
        assert wanted[chosen] == best > 0 and best >= wanted.get("identity", 0)
    assert qualities(accept) == {coding: quality / 1000 for coding, quality in wanted.items()}
