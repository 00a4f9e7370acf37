"""Delivery below its daemon: routes, receivers, inhibition, bad input. The real Alertmanager judges the same
configurations in tests/integration."""

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
    OFFICE,
    PAGERDUTY,
    SECRET_HEARTBEAT,
    SLACK,
    TOKEN_WEBHOOK,
    TOLD,
    USUAL,
    WEBHOOK,
)

from ansible_collections.omnimind.platform.plugins.filter import monitoring_alertmanager
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import alertmanager_settings as settings_of
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import SAME, alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_checks import (
    complaints,
    missing,
    secret_files,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.durations import milliseconds, seconds
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
    hook = {"name": "hook", "type": "webhook", "url_file": "hook_url", "severities": ["critical"]}
    assert complaints({"receivers": [hook]}, version) == ([] if kind == "webhook_configs" else [
        "receivers[0].url_file: Alertmanager 0.25.0 reads none; right would be 0.26 or newer, or url"
    ])  # fmt: skip


def test_source_is_the_host() -> None:
    for version, key in (("0.25", "client"), ("0.28.1", "source")):
        assert "omnimind.pagerduty.source" in receiver("pagerduty", USUAL, version)[key]


def test_the_filter_is_the_function() -> None:
    assert monitoring_alertmanager.FilterModule().filters()["alertmanager_config"](USUAL) == alertmanager_config(USUAL)


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_good_input(name: str) -> None:
    assert complaints(CONFIGURATIONS[name]) == []


def test_what_is_none_is_not_given() -> None:
    assert complaints(dict.fromkeys(settings_of.DEFAULTS)) == []
    assert alertmanager_config(dict.fromkeys(settings_of.DEFAULTS)) == alertmanager_config({})


def test_a_route_of_failures_is_reached_where_there_is_no_other_channel() -> None:
    route = {"matchers": ["alertname=NotificationsFailing", "integration=slack"], "receivers": ["slack"]}
    assert complaints({"receivers": [SLACK], "routes": [route]}) == []


KEY = "R0123456789ABCDEFGHIJKLMNOPQRSTU"
BUSY = {"active_time_intervals": ["office"]}
OWN_ROUTE = {"matchers": ["team=ml"], "receivers": ["slack"]}


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"receivers": {}}, "receivers: it is no list; right would be a list"),
        ({"heartbeat": "https://h"}, "heartbeat: it is no mapping; right would be"),
        ({"alertmanager_group_wait": 30}, "alertmanager_group_wait: it is no text"),
        ({"receivers": ["slack"]}, "receivers[0]: it is no mapping"),
        ({"receivers": [{**SLACK, "name": ""}]}, "receivers[0].name: it is missing"),
        ({"receivers": [{**SLACK, "name": "none"}]}, "receivers[0].name: 'none' is taken"),
        ({"receivers": [{**SLACK, "name": "heartbeat"}]}, "receivers[0].name: 'heartbeat' is taken"),
        ({"receivers": [SLACK, SLACK]}, "receivers: 'slack' is given twice"),
        ({"receivers": [{"name": "x", "type": "email"}]}, "receivers[0].type: 'email' is no type; right would be one of slack"),
        ({"receivers": [{"name": "x"}]}, "receivers[0].type: None is no type"),
        ({"receivers": [{**SLACK, "api_url": "x"}]}, "receivers[0].api_url: there is no such option; right would be any of"),
        ({"receivers": [{**SLACK, "routing_key_file": "x"}]}, "receivers[0].routing_key_file: there is no such option"),
        ({"receivers": [{**SLACK, "api_url_file": ""}]}, "receivers[0].api_url_file: it is missing; right would be a file"),
        ({"receivers": [{**PAGERDUTY, "routing_key_file": None}]}, "receivers[0].routing_key_file: it is missing"),
        ({"receivers": [{**SLACK, "api_url_file": "https://hooks.example.com/T/B"}]}, "receivers[0].api_url_file: it looks like the secret"),
        ({"receivers": [{**PAGERDUTY, "routing_key_file": KEY}]}, "receivers[0].routing_key_file: it looks like the secret"),
        ({"receivers": [{**SLACK, "api_url_file": "keys/slack"}]}, "receivers[0].api_url_file: it is no file; right would be an absolute"),
        ({"receivers": [{**SLACK, "api_url_file": "../slack"}]}, "receivers[0].api_url_file: it is no file"),
        ({"receivers": [{**SLACK, "channel": 5}]}, "receivers[0].channel: 5 is no text"),
        ({"receivers": [{**SLACK, "send_resolved": "no"}]}, "receivers[0].send_resolved: 'no' is not possible"),
        ({"receivers": [{**SLACK, "ca_file": "own.pem"}]}, "receivers[0].ca_file: 'own.pem' is no path"),
        ({"receivers": [{**SLACK, "severities": "critical"}]}, "receivers[0].severities: 'critical' is no list"),
        ({"receivers": [{**SLACK, "severities": ["page"]}]}, "receivers[0].severities: 'page' is no severity; right would be any of"),
        ({"receivers": [{**PAGERDUTY, "severities": ["ticket"]}]}, "receivers[0].severities: ticket wakes nobody"),
        ({"receivers": [{**PAGERDUTY, "severities": ["critical", "info"]}]}, "receivers[0].severities: info wakes nobody"),
        ({"receivers": [{**SLACK, "severities": []}]}, "receivers[0]: nothing is told to 'slack'"),
        ({"receivers": [TOKEN_WEBHOOK]}, "receivers[0]: nothing is told to 'chat'"),
        ({"receivers": [{**PAGERDUTY, "url": "events.pagerduty.com"}]}, "receivers[0].url: it is no address"),
        ({"receivers": [{**WEBHOOK, "url": "https://me:secret@host/"}]}, "receivers[0].url: it has a login in it"),
        ({"receivers": [{**WEBHOOK, "url": "http://[::1"}]}, "receivers[0].url: it is no address"),
        ({"receivers": [{**WEBHOOK, "url": ""}]}, "receivers[0].url: it is missing, as is url_file"),
        ({"receivers": [{**WEBHOOK, "url_file": "x"}]}, "receivers[0].url: it is beside url_file"),
        ({"receivers": [{**WEBHOOK, "password_file": ""}]}, "receivers[0].username: it goes with password_file"),
        ({"receivers": [{**WEBHOOK, "credentials_file": "x"}]}, "receivers[0].credentials_file: there is a username"),
        ({"receivers": [{**SLACK, "mute_time_intervals": ["nights"]}]}, "receivers[0].mute_time_intervals: 'nights' is no time interval"),
        ({"receivers": [{**SLACK, "mute_time_intervals": "office"}]}, "receivers[0].mute_time_intervals: 'office' is no list"),
        (
            {"receivers": [{**SLACK, **BUSY, "mute_time_intervals": ["office"]}], "time_intervals": [OFFICE]},
            "receivers[0].mute_time_intervals: it is mute whenever it is active",
        ),
        (
            {
                "receivers": [{**SLACK, **BUSY}], "time_intervals": [OFFICE],
                "routes": [{**OWN_ROUTE, "mute_time_intervals": ["office"]}],
            },
            "routes[0].mute_time_intervals: it is mute whenever it is active",
        ),
        ({"routes": [{**OWN_ROUTE, "receivers": ["pager"]}]}, "routes[0].receivers: 'pager' is no receiver; right would be one of slack"),
        ({"receivers": [], "routes": [OWN_ROUTE]}, "routes[0].receivers: 'slack' is no receiver; right would be one that receivers has"),
        ({"routes": [{**OWN_ROUTE, "receivers": "slack"}]}, "routes[0].receivers: 'slack' is no list"),
        ({"routes": [{**OWN_ROUTE, "receivers": ["slack", "slack"]}]}, "routes[0].receivers: 'slack' is given twice"),
        ({"routes": [{"receivers": ["slack"]}]}, "routes[0].matchers: there is none"),
        ({"routes": [{**OWN_ROUTE, "matchers": ["team"]}]}, "routes[0].matchers: 'team' is no matcher; right would be"),
        ({"routes": [{**OWN_ROUTE, "matchers": ["team == ml", "=x"]}]}, "routes[0].matchers: '=x' is no matcher"),
        ({"routes": [{**OWN_ROUTE, "matchers": ["team=~(a"]}]}, "routes[0].matchers: 'team=~(a' has no regular expression"),
        ({"routes": [{**OWN_ROUTE, "matchers": ['team="a']}]}, "routes[0].matchers: 'team=\"a' has a quote that does not close"),
        ({"routes": [{**OWN_ROUTE, "matchers": ['team=a"b']}]}, "routes[0].matchers: 'team=a\"b' has a quote within"),
        ({"routes": [{**OWN_ROUTE, "matchers": ["a=1", "a=2"]}]}, "routes[0].matchers: no alert has a=\"1\" and a=\"2\""),
        ({"routes": [{**OWN_ROUTE, "matchers": ["a=1", "a!=1"]}]}, "routes[0].matchers: no alert has"),
        ({"routes": [{**OWN_ROUTE, "continue": "yes"}]}, "routes[0].continue: 'yes' is not possible"),
        ({"routes": [{**OWN_ROUTE, "receiver": "slack"}]}, "routes[0].receiver: there is no such option"),
        ({"routes": [{**OWN_ROUTE, "group_wait": "soon"}]}, "routes[0].group_wait: 'soon' is no length of time"),
        ({"routes": [{**OWN_ROUTE, "group_by": ["alertname"]}]}, "routes[0].group_by: without instance one message would hide"),
        ({"routes": [{**OWN_ROUTE, "active_time_intervals": ["x"]}]}, "routes[0].active_time_intervals: 'x' is no time interval"),
        ({"routes": [OWN_ROUTE, {**OWN_ROUTE, "matchers": ["a=b", "team=ml"]}]}, "routes[1]: no alert gets here, as routes[0] ends"),
        ({"routes": [{**OWN_ROUTE, "matchers": ["alertname=Watchdog"]}]}, "routes[0]: no alert gets here, as the role's own route of"),
        (
            {"routes": [{**OWN_ROUTE, "matchers": ["alertname=NotificationsFailing", "integration=slack"]}]},
            "routes[0]: no alert gets here, as the role's own route of",
        ),
        ({"alertmanager_group_by": ["alertname"]}, "alertmanager_group_by: without instance one message would hide another"),
        ({"alertmanager_group_by": []}, "alertmanager_group_by: without alertname and instance"),
        ({"alertmanager_group_by": ["alertname", "instance", "a b"]}, "alertmanager_group_by: 'a b' is no label"),
        ({"alertmanager_repeat_interval": "4 hours"}, "alertmanager_repeat_interval: '4 hours' is no length of time; right would be"),
        ({"alertmanager_group_interval": "0s"}, "alertmanager_group_interval: '0s' is no length of time"),
        ({"alertmanager_proxy_url": "proxy:3128"}, "alertmanager_proxy_url: it is no address"),
        ({"inhibit_rules": [{"target_matchers": ["a=b"]}]}, "inhibit_rules[0].source_matchers: there is none"),
        ({"inhibit_rules": [{"source_matchers": ["a=b"], "target_matchers": ["a=b"], "equal": "host"}]}, "inhibit_rules[0].equal: 'host' is no list"),
        ({"time_intervals": [OFFICE, OFFICE]}, "time_intervals: 'office' is given twice"),
        ({"time_intervals": [{"name": "x", "time_intervals": []}]}, "time_intervals[0].time_intervals: it has no times"),
        ({"time_intervals": [{"name": "x", "times": []}]}, "time_intervals[0].times: there is no such option"),
        ({"heartbeat": {"interval": "1m"}}, "heartbeat.url: it is missing, as is url_file"),
        ({"heartbeat": {"url": "http://h", "interval": "often"}}, "heartbeat.interval: 'often' is no length of time"),
        ({"heartbeat": {"url": "http://h", "every": "1m"}}, "heartbeat.every: there is no such option"),
    ],
)  # fmt: skip
def test_bad_input_is_told_with_its_variable(variables: dict[str, Any], beginning: str) -> None:
    found = complaints({**USUAL, **variables})
    assert any(text.startswith(beginning) for text in found), found
    assert not any("secret@" in text or KEY in text or "hooks.example" in text for text in found)


SOUND_TEXTS = st.sampled_from(
    ["slack", "pagerduty", "webhook", "critical", "a=b", "5m", "https://host", "/file", "..."]
)
KEYS = st.sampled_from(
    [
        "name", "type", "severities", "api_url_file", "routing_key_file", "url", "url_file", "matchers", "receivers", "continue",
        "group_by", "group_wait", "interval", "time_intervals", "mute_time_intervals", "source_matchers", "target_matchers", "equal",
    ]
)  # fmt: skip
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), SOUND_TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, st.integers()), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(settings_of.DEFAULTS)), ANYTHING))
def test_whatever_is_set_is_refused_or_makes_a_configuration(variables: dict[str, Any]) -> None:
    found = complaints(variables)
    if not found:
        alertmanager_config(variables)
        secret_files(variables)
    assert all(re.match(r"[a-z_]+[\[.:]", text) for text in found)


# --- files with secrets ---------------------------------------------------------------------------------------


def test_every_file_with_a_secret_is_named_by_its_variable() -> None:
    assert secret_files({**USUAL, "heartbeat": {"url_file": "/srv/heartbeat"}}) == [
        ("receivers[0].api_url_file", "/etc/omnimind-monitoring/secrets/slack_url"),
        ("receivers[1].routing_key_file", "/etc/omnimind-monitoring/secrets/pagerduty_key"),
        ("heartbeat.url_file", "/srv/heartbeat"),
    ]
    assert missing("receivers[0].api_url_file", "/x").startswith("receivers[0].api_url_file: /x is not on this host")


# --- matchers and lengths of time -----------------------------------------------------------------------------


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
