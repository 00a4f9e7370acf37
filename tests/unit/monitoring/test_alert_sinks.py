"""The servers that stand for Slack and PagerDuty refuse what those refuse: else nothing were proved by what they take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from integration.alert_sinks import ROUTING_KEY, SLACK_PATH, PagerDuty, Slack

JSON = {"Content-Type": "application/json"}
ATTACHMENT = {
    "title": "x",
    "text": "<https://host|x> at <!date^1796025600^{time}|8:00>",
    "fallback": "x",
    "color": "good",
}
EVENT: dict[str, Any] = {
    "routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "1", "links": [{"href": "https://host", "text": "x"}],
    "payload": {"summary": "x", "source": "web-1", "severity": "critical", "custom_details": {"a": "b"}},
}  # fmt: skip


def slack(body: Any, path: str = SLACK_PATH, headers: Mapping[str, str] | None = None) -> int:
    return Slack().answer("POST", path, headers or JSON, body if isinstance(body, bytes) else json.dumps(body).encode())[0]


def pagerduty(body: Any, path: str = PagerDuty.path) -> int:
    return PagerDuty().answer("POST", path, JSON, json.dumps(body).encode())[0]


def test_slack_takes_what_is_right() -> None:
    assert slack({"attachments": [ATTACHMENT]}) == slack({"text": "x", "channel": "#x"}) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ([], 400),
        ({}, 400),
        ({"attachments": []}, 400),
        ({"attachments": [{}]}, 400),
        ({"attachments": [ATTACHMENT] * 101}, 400),
        ({"attachments": [{**ATTACHMENT, "color": "red"}]}, 400),
        ({"attachments": [{**ATTACHMENT, "text": "<!channel>"}]}, 400),
        ({"attachments": [{**ATTACHMENT, "text": "<javascript:x|x>"}]}, 400),
        ({"attachments": [{**ATTACHMENT, "text": "x" * 4001}]}, 400),
        ({"attachments": [{**ATTACHMENT, "titel": "x"}]}, 400),
        ({"attachments": [{**ATTACHMENT, "title_link": "/x"}]}, 400),
        ({"text": "x", "routing_key": "x"}, 400),
    ],
)
def test_slack_refuses_the_rest(body: Any, status: int) -> None:
    assert slack(body) == status


def test_slack_knows_its_addresses() -> None:
    assert slack({"text": "x"}, SLACK_PATH + "x") == 404
    assert slack({"text": "x"}, headers={"Content-Type": "text/plain"}) == 400


def test_pagerduty_takes_what_is_right() -> None:
    assert pagerduty(EVENT) == pagerduty({**EVENT, "event_action": "resolve", "payload": None}) == 202


@pytest.mark.parametrize(
    "change",
    [
        {"routing_key": "x" * 32},
        {"routing_key": None},
        {"event_action": "open"},
        {"event_action": "resolve", "dedup_key": None},
        {"dedup_key": "x" * 256},
        {"payload": None},
        {"payload": {**EVENT["payload"], "summary": ""}},
        {"payload": {**EVENT["payload"], "summary": "x" * 1025}},
        {"payload": {**EVENT["payload"], "source": " "}},
        {"payload": {**EVENT["payload"], "severity": "high"}},
        {"payload": {**EVENT["payload"], "details": {}}},
        {"payload": {**EVENT["payload"], "custom_details": "x"}},
        {"links": [{"href": "", "text": "x"}]},
        {"links": [{"href": "/d/omnimind-system", "text": "x"}]},
        {"images": [{"src": "http://host/x.png"}]},
        {"client_url": "x"},
        {"attachments": []},
    ],
)
def test_pagerduty_refuses_the_rest(change: dict[str, Any]) -> None:
    assert pagerduty({**EVENT, **change}) == 400


def test_pagerduty_knows_its_address() -> None:
    assert pagerduty(EVENT, "/generic/2010-04-15/create_event.json") == 404


def test_a_sink_fails_as_often_as_it_is_told() -> None:
    sink = Slack()
    sink.answer_next(2, 503)
    content = json.dumps({"text": "x"}).encode()
    assert [sink.answer("POST", SLACK_PATH, JSON, content)[0] for _turn in range(3)] == [503, 503, 200]
    sink.status = 404
    assert sink.answer("POST", SLACK_PATH, JSON, content)[0] == 404
    assert (sink.attempts, len(sink.taken), sink.refused) == (4, 1, [])
