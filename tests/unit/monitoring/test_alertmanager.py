"""Delivery below its daemon: routes, receivers, inhibition. The real Alertmanager judges the same configurations in
tests/integration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.monitoring.delivery_cases import (
    CONFIGURATIONS,
    EVERYTHING,
    PAGERDUTY,
    SECRET_HEARTBEAT,
    SLACK,
    TOLD,
    USUAL,
    WEBHOOK,
)

from ansible_collections.omnimind.platform.plugins.filter import monitoring_alertmanager
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import SAME, alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.durations import milliseconds
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.matchers import Matcher, parse_matcher

# --- who is told ---------------------------------------------------------------------------------------------


def told(configuration: dict[str, Any], labels: dict[str, str]) -> list[str]:
    """The receivers that an alert reaches, as Alertmanager finds them: the deepest routes, in order, until one ends it."""
    return list(_reached(configuration["route"], labels))


def _reached(route: dict[str, Any], labels: dict[str, str]) -> Iterator[str]:
    reached = False
    for inner in route.get("routes", ()):
        if all(_matches(parse_matcher(text), labels) for text in inner.get("matchers", ())):
            reached = True
            yield from _reached(inner, labels)
            if not inner.get("continue"):
                break
    if not reached:
        yield route["receiver"]


def _matches(matcher: Matcher, labels: dict[str, str]) -> bool:
    value = labels.get(matcher.label, "")
    equal = bool(re.fullmatch(matcher.value, value)) if matcher.pattern else value == matcher.value
    return equal != matcher.negative


@pytest.mark.parametrize(("name", "labels", "receivers"), TOLD)
def test_who_is_told(name: str, labels: dict[str, str], receivers: list[str]) -> None:
    assert told(alertmanager_config(CONFIGURATIONS[name]), labels) == receivers


LEVELS = st.sampled_from(["critical", "warning", "info", "ticket"])
SLACKS = st.builds(lambda severities: {**SLACK, "severities": severities}, st.lists(LEVELS, unique=True))
PAGERS = st.builds(
    lambda severities: {**PAGERDUTY, "severities": severities},
    st.lists(st.sampled_from(["critical", "warning"]), unique=True),
)
HOOKS = st.builds(lambda severities: {**WEBHOOK, "severities": severities}, st.lists(LEVELS, unique=True))
RECEIVERS = st.lists(st.one_of(SLACKS, PAGERS, HOOKS), max_size=5).map(
    lambda found: [{**receiver, "name": f"{receiver['name']}{index}"} for index, receiver in enumerate(found)]
)


@given(
    receivers=RECEIVERS,
    severity=st.sampled_from(["critical", "warning", "info", "odd", ""]),
    channel=st.sampled_from(["", "ticket"]),
)
def test_every_receiver_gets_its_severities_and_no_pager_a_ticket(
    receivers: list[dict[str, Any]], severity: str, channel: str
) -> None:
    labels = {"alertname": "Some", "severity": severity, "channel": channel}
    reached = told(alertmanager_config({"receivers": receivers}), labels)
    by_name = {receiver["name"]: receiver for receiver in receivers}
    known = severity if severity in ("critical", "warning", "info") else "warning"
    wanted = {name for name, one in by_name.items() if known in one["severities"]}
    if channel:
        ticketed = {name for name, one in by_name.items() if "ticket" in one["severities"]}
        wanted = ticketed or {
            name for name, one in by_name.items() if "warning" in one["severities"] and one["type"] != "pagerduty"
        }
        assert not any(by_name[name]["type"] == "pagerduty" for name in reached if name != "none")
    assert sorted(reached) == (sorted(wanted) or ["none"])


@given(receivers=RECEIVERS, kind=st.sampled_from(["slack", "pagerduty", "webhook"]))
def test_a_failing_channel_is_told_by_another(receivers: list[dict[str, Any]], kind: str) -> None:
    labels = {"alertname": "NotificationsFailing", "severity": "critical", "integration": kind}
    reached = told(alertmanager_config({"receivers": receivers}), labels)
    critical = {one["name"]: one["type"] for one in receivers if "critical" in one["severities"]}
    others = {name for name, type_ in critical.items() if type_ != kind}
    if others and kind in {one["type"] for one in receivers}:
        assert set(reached) == others
    else:
        assert set(reached) == (set(critical) or {"none"})


def test_a_second_host_is_never_in_the_group_of_a_first() -> None:
    assert {"alertname", "instance"} <= set(alertmanager_config(USUAL)["route"]["group_by"])


def test_times_of_a_route_are_those_of_its_receivers() -> None:
    """Alertmanager hands down times of grouping to inner routes, but no time intervals."""
    routes = alertmanager_config(EVERYTHING)["route"]["routes"]
    (route,) = [one for one in routes if 'alertname=~"Redis.+"' in one.get("matchers", ())]
    assert route["repeat_interval"] == "1d"
    assert route["routes"] == [
        {"receiver": "slack", "mute_time_intervals": ["nights"], "continue": True},
        {
            "receiver": "archive",
            "active_time_intervals": ["office"],
            "mute_time_intervals": ["nights"],
            "continue": True,
        },
    ]


def test_heartbeat_is_repeated_at_every_interval() -> None:
    """Each flush comes an interval after the last, and by then the last message is older than is asked for."""
    route = alertmanager_config({"heartbeat": {"url": "http://heartbeat", "interval": "1m"}})["route"]["routes"][0]
    assert milliseconds(route["repeat_interval"]) < milliseconds(route["group_interval"]) == 60_000


# --- what is not told -----------------------------------------------------------------------------------------


def inhibited(labels: dict[str, str], source: dict[str, str], **variables: Any) -> bool:
    for rule in alertmanager_config({**USUAL, **variables})["inhibit_rules"]:
        sources, targets = ([parse_matcher(text) for text in rule[f"{side}_matchers"]] for side in ("source", "target"))
        fires = all(_matches(one, source) for one in sources) and all(_matches(one, labels) for one in targets)
        if fires and all(labels.get(label, "") == source.get(label, "") for label in rule["equal"]):
            return True
    return False


DOWN = {"alertname": "HostDown", "severity": "critical", "host": "web-1", "instance": "10.0.0.1:9100", "job": "node"}


@pytest.mark.parametrize(
    ("labels", "hidden"),
    [
        ({"alertname": "RedisDown", "host": "web-1", "instance": "10.0.0.1:7000"}, True),
        ({"alertname": "RedisDown", "host": "web-2", "instance": "10.0.0.2:7000"}, False),
        ({"alertname": "HostDown", "host": "web-1", "instance": "10.0.0.1:9100"}, False),
        ({"alertname": "NotificationsFailing", "host": "web-1"}, False),
        ({"alertname": "Watchdog", "host": "web-1"}, False),
        ({"alertname": "SloBurnFast", "slo": "latency"}, False),
    ],
)
def test_a_host_that_is_down_hides_what_is_on_it(labels: dict[str, str], hidden: bool) -> None:
    assert inhibited({"severity": "critical", **labels}, DOWN) is hidden
    # One without a host hides nothing.
    assert not inhibited({"severity": "critical", **labels}, {**DOWN, "host": ""})


@pytest.mark.parametrize("label", SAME)
def test_critical_hides_the_warning_about_the_same_thing_only(label: str) -> None:
    about = {"alertname": "HostDiskFull", "instance": "10.0.0.1:9100", "host": "web-1", "job": "node"}
    critical = {**about, "severity": "critical"}
    assert inhibited({**about, "severity": "warning"}, critical)
    assert not inhibited({**about, "severity": "warning", label: "another"}, critical)
    assert not inhibited({**about, "severity": "critical", label: "another"}, critical)


def test_own_inhibition_comes_beside() -> None:
    rule = {"source_matchers": ["alertname=PowerLost"], "target_matchers": ["severity=critical"], "equal": ["rack"]}
    lost = {"alertname": "PowerLost", "rack": "7"}
    assert inhibited({"alertname": "HostDown", "severity": "critical", "rack": "7"}, lost, inhibit_rules=[rule])
    assert not inhibited({"alertname": "HostDown", "severity": "critical", "rack": "8"}, lost, inhibit_rules=[rule])


# --- receivers ------------------------------------------------------------------------------------------------


def receiver(name: str, variables: dict[str, Any], version: str = "0.25") -> dict[str, Any]:
    """The settings of the one integration of a receiver, and its kind."""
    (found,) = [entry for entry in alertmanager_config(variables, version)["receivers"] if entry["name"] == name]
    ((kind, (settings,)),) = [(key, value) for key, value in found.items() if key != "name"]
    return {"kind": kind, **settings}


def test_secrets_are_files() -> None:
    assert receiver("slack", USUAL)["api_url_file"] == "/etc/omnimind-monitoring/secrets/slack_url"
    elsewhere = {**USUAL, "secrets_directory": "/srv/keys"}
    assert receiver("pagerduty", elsewhere)["routing_key_file"] == "/srv/keys/pagerduty_key"
    assert receiver("archive", EVERYTHING)["http_config"] == {
        "basic_auth": {"username": "omnimind", "password_file": "/etc/archive/password"},
        "tls_config": {"ca_file": "/etc/ssl/own.pem"},
        "proxy_url": "http://proxy.example.com:3128",
    }
    assert receiver("chat", EVERYTHING)["http_config"]["authorization"] == {
        "type": "Bearer",
        "credentials_file": "/etc/omnimind-monitoring/secrets/chat_token",
    }


def test_options_of_receivers() -> None:
    assert receiver("tickets", EVERYTHING)["channel"] == "#tickets"
    assert "channel" not in receiver("slack", USUAL)
    assert receiver("slack", EVERYTHING)["send_resolved"] is False
    assert receiver("slack", USUAL)["send_resolved"] is True
    assert receiver("pagerduty", EVERYTHING)["url"].startswith("https://events.eu.")


@pytest.mark.parametrize(
    ("version", "kind", "key"),
    [
        ("0.25.0", "slack_configs", "api_url_file"),
        ("0.26.0", "webhook_configs", "url_file"),
        ("0.28.1+ds-1", "webhook_configs", "url_file"),
        ("1.0", "webhook_configs", "url_file"),
    ],
)
def test_an_address_that_is_a_secret_is_read_from_a_file(version: str, kind: str, key: str) -> None:
    found = receiver("heartbeat", SECRET_HEARTBEAT, version)
    assert (found["kind"], found[key]) == (kind, "/etc/omnimind-monitoring/secrets/heartbeat_url")


def test_source_is_the_host() -> None:
    for version, key in (("0.25", "client"), ("0.28.1", "source")):
        assert "omnimind.pagerduty.source" in receiver("pagerduty", USUAL, version)[key]


def test_the_filter_is_the_function() -> None:
    assert monitoring_alertmanager.FilterModule().filters()["alertmanager_config"](USUAL) == alertmanager_config(USUAL)
