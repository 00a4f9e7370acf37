"""What is done about a silence, of those that there are: nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import silences, silencing
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.errors import MonitoringFailure
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.matchers import Matcher, parse_matcher

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=timezone.utc)
HOST = frozenset([Matcher("host", "=", "web-1")])
OPTIONS: dict[str, Any] = {
    "matchers": ['host="web-1"'], "duration": "1h", "least": None, "comment": "New kernel", "author": "ansible"
}  # fmt: skip


def told(
    minutes: int, state: str = "active", matchers: frozenset[Matcher] = HOST, identity: str = "1"
) -> dict[str, Any]:
    """A silence as Alertmanager tells it, that ends so many minutes from now."""
    return {
        "id": identity,
        "status": {"state": state},
        "matchers": [silences.told_matcher(matcher) for matcher in matchers],
        "startsAt": "2026-11-30T07:00:00.123Z",
        "endsAt": silences.told_time(NOW + timedelta(minutes=minutes)),
        "createdBy": "somebody",
        "comment": "Disk",
    }


def present(*found: dict[str, Any], **options: Any) -> silences.Plan:
    return silences.plan_present(silences.parse_silences(found), silencing.wish_of({**OPTIONS, **options}), NOW)


def test_a_silence_begins_now_and_ends_by_itself() -> None:
    plan = present()
    assert plan.changes and plan.kept is None
    assert plan.body == {
        "startsAt": "2026-11-30T08:00:00.000Z",
        "endsAt": "2026-11-30T09:00:00.000Z",
        "matchers": [{"name": "host", "value": "web-1", "isRegex": False, "isEqual": True}],
        "createdBy": "ansible",
        "comment": "New kernel",
    }


OTHER = frozenset([*HOST, Matcher("severity", "=", "warning")])


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (told(60), True),
        (told(30), True),  # half of the duration
        (told(29), False),
        (told(600), True),  # somebody wanted it longer
        (told(60, "expired"), False),
        (told(60, "pending"), False),  # of another time
        (told(60, matchers=OTHER), False),
        (told(60, matchers=frozenset([Matcher("host", "=~", "web-1")])), False),
        (told(60, matchers=frozenset([Matcher("host", "!=", "web-1")])), False),
    ],
)
def test_an_equal_silence_that_lasts_is_kept(found: dict[str, Any], kept: bool) -> None:
    assert present(found).changes is not kept


def test_one_that_ends_soon_is_made_longer_and_stays_the_same() -> None:
    plan = present(told(5), told(20, identity="2"), told(3, identity="3"))
    assert plan.body is not None and plan.kept is not None
    assert (plan.body["id"], plan.body["startsAt"]) == ("2", "2026-11-30T07:00:00.123Z")
    assert plan.body["endsAt"] == "2026-11-30T09:00:00.000Z"
    assert present(told(20), least="20m").body is None


def test_absent_ends_every_equal_one_that_is_not_over() -> None:
    found = [
        told(5),
        told(60, "pending", identity="2"),
        told(-5, "expired", identity="3"),
        told(9, matchers=OTHER, identity="4"),
    ]
    plan = silences.plan_absent(silences.parse_silences(found), HOST)
    assert [one.id for one in plan.ended] == ["1", "2"]
    assert not silences.plan_absent([], HOST).changes


@given(
    st.lists(
        st.builds(
            told,
            st.integers(1, 200),
            st.sampled_from(["active", "pending", "expired"]),
            st.sampled_from([HOST, OTHER]),
            st.uuids().map(str),
        )
    )
)
def test_what_was_done_is_not_done_again(found: list[dict[str, Any]]) -> None:
    plan = present(*found)
    if plan.body:
        found = [one for one in found if one["id"] != plan.body.get("id")]
        found.append({**plan.body, "id": "new", "status": {"state": "active"}})
    assert not present(*found).changes
    ended = silences.plan_absent(silences.parse_silences(found), HOST).ended
    left = [one for one in found if one["id"] not in {silence.id for silence in ended}]
    assert not silences.plan_absent(silences.parse_silences(left), HOST).changes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matchers": []}, "matchers: the list is empty"),
        ({"matchers": ["host"]}, "matchers: 'host' is no matcher; right would be"),
        ({"matchers": ['host=""', "a!=b", "c=~.*"]}, "matchers: each matches an alert without its label"),
        ({"duration": "1 hour"}, "duration: '1 hour' is no length of time"),
        ({"least": "x"}, "least: 'x' is no length of time"),
        ({"least": "2h"}, "least: 2h is longer than the duration"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MonitoringFailure) as failure:
        silencing.wish_of({**OPTIONS, **options})
    assert failure.value.message.startswith(message)


@pytest.mark.parametrize(
    "text", ["2026-11-30T08:00:00Z", "2026-11-30T08:00:00.000Z", "2026-11-30T09:00:00.000000001+01:00"]
)
def test_times(text: str) -> None:
    assert silences.parse_time(text) == NOW


@pytest.mark.parametrize(
    ("text", "matched", "not_matched"),
    [
        ("a=b", "b", ""),
        ("a!=b", "", "b"),
        ('a=~"b|c"', "c", "bc"),
        ('a!~"b|c"', "bc", "c"),
        ('a=""', "", "b"),
        ("a=~b*", "", "c"),
    ],
)
def test_what_a_matcher_matches(text: str, matched: str, not_matched: str) -> None:
    assert parse_matcher(text).matches(matched)
    assert not parse_matcher(text).matches(not_matched)
