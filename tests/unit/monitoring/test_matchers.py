"""Matchers, and lengths of time, as Alertmanager reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.durations import milliseconds, seconds
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.matchers import Matcher, parse_matcher


@given(
    st.builds(
        Matcher, st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True), st.sampled_from(["=", "!="]), st.text()
    )
)
def test_a_matcher_reads_back_as_it_was(matcher: Matcher) -> None:
    assert parse_matcher(str(matcher)) == matcher


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("a=b", Matcher("a", "=", "b")),
        (" a != b c ", Matcher("a", "!=", "b c")),
        ('a=~"b|c"', Matcher("a", "=~", "b|c")),
        ('a!~"\\\\d+"', Matcher("a", "!~", r"\d+")),
        ("a=~b=c", Matcher("a", "=~", "b=c")),
        ('a=""', Matcher("a", "=", "")),
        (r'a=~"\\p{L}+"', Matcher("a", "=~", r"\p{L}+")),  # Go knows it, Python does not
    ],
)
def test_matchers(text: str, matcher: Matcher) -> None:
    assert parse_matcher(text) == matcher


@pytest.mark.parametrize(
    ("text", "length"), [("1h30m", 5_400_000), ("10ms", 10), ("1m1ms", 60_001), ("5m", 300_000), ("2d", 172_800_000)]
)
def test_lengths_of_time(text: str, length: int) -> None:
    assert milliseconds(text) == length
    if length % 1000:
        with pytest.raises(ValueError, match="no whole number of seconds"):
            seconds(text)
    else:
        assert seconds(text) == length // 1000
