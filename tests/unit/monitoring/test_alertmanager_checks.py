"""What is wrong with what users set about delivery, and which files with secrets they name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.monitoring.delivery_cases import CONFIGURATIONS, OFFICE, PAGERDUTY, SLACK, TOKEN_WEBHOOK, USUAL, WEBHOOK

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import alertmanager_settings as settings_of
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_checks import (
    complaints,
    missing,
    secret_files,
)

# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_good_input(name: str) -> None:
    assert complaints(CONFIGURATIONS[name]) == []


@pytest.mark.parametrize("version", ["", "0.26.0", "0.28.1+ds-1", "1.0", "0.25.0"])
def test_a_webhook_with_a_secret_address_needs_an_alertmanager_that_reads_it(version: str) -> None:
    hook = {"name": "hook", "type": "webhook", "url_file": "hook_url", "severities": ["critical"]}
    assert complaints({"receivers": [hook]}, version) == ([] if version != "0.25.0" else [
        "receivers[0].url_file: Alertmanager 0.25.0 reads none; right would be 0.26 or newer, or url"
    ])  # fmt: skip


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
