"""The real amtool loads every configuration that is made, finds the same receivers, and writes the messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integration.alert_sinks import ROUTING_KEY, SLACK_PATH, PagerDuty, Slack
from integration.alertmanager_files import amtool, group, installed_version, lay, render
from integration.monitoring_stack import need
from unit.monitoring.delivery_cases import CONFIGURATIONS, TOLD, USUAL

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config


@pytest.fixture(scope="module", autouse=True)
def alertmanager_is_installed() -> None:
    need("prometheus-alertmanager")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every configuration, laid as the role lays it, by its name."""
    directories = {name: tmp_path_factory.mktemp("alertmanager") for name in CONFIGURATIONS}
    return {name: lay(directory, CONFIGURATIONS[name], installed_version()) for name, directory in directories.items()}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_amtool_takes_it(name: str, files: dict[str, Path]) -> None:
    answer = amtool("check-config", files[name])
    assert "SUCCESS" in answer and "FAILED" not in answer
    assert "- 1 templates" in answer


@pytest.mark.parametrize(("name", "labels", "receivers"), TOLD)
def test_amtool_finds_the_same_receivers(
    name: str, labels: dict[str, str], receivers: list[str], files: dict[str, Path]
) -> None:
    words = [f"{label}={value}" for label, value in labels.items()]
    answer = amtool("config", "routes", "test", f"--config.file={files[name]}", *words)
    # Before it stands a warning, where this machine has an Alertmanager of its own.
    assert answer.splitlines()[-1] == ",".join(receivers)


# --- messages -------------------------------------------------------------------------------------------------

DOWN = {
    "labels": {"alertname": "HostDown", "severity": "critical", "host": "web-1", "instance": "10.0.0.1:9100", "job": "node"},
    "annotations": {
        "summary": "Host web-1 does not answer", "description": "It is down,\n or cut off.", "value": "0",
        "runbook_url": "https://docs.example.com/HostDown.md", "dashboard_url": "https://grafana.example.com/d/omnimind-system?a=1&b=2",
    },
}  # fmt: skip
DISK = {
    "labels": {"alertname": "HostDiskFull", "severity": "warning", "instance": "10.0.0.1:9100", "mountpoint": "/srv"},
    "annotations": {"summary": "/srv is full"},
}
OTHER_DISK = {**DISK, "labels": {**DISK["labels"], "mountpoint": "/"}, "status": "resolved"}


def slack_message(alerts: list[dict[str, Any]], directory: Path) -> dict[str, str]:
    """The attachment that Slack gets, which takes it."""
    (receiver,) = [one for one in alertmanager_config(USUAL)["receivers"] if one["name"] == "slack"]
    texts = {key: text for key, text in receiver["slack_configs"][0].items() if isinstance(text, str) and "{{" in text}
    attachment = render(texts, group(alerts), directory)
    headers = {"Content-Type": "application/json"}
    Slack().check("POST", SLACK_PATH, headers, json.dumps({"attachments": [attachment]}).encode())
    return attachment


def pagerduty_event(alerts: list[dict[str, Any]], directory: Path) -> dict[str, Any]:
    """The event that PagerDuty gets, which takes it."""
    (receiver,) = [one for one in alertmanager_config(USUAL, "0.28.1")["receivers"] if one["name"] == "pagerduty"]
    settings = receiver["pagerduty_configs"][0]
    links = {f"link {number}": link["href"] for number, link in enumerate(settings["links"])}
    details = {f"detail {key}": text for key, text in settings["details"].items()}
    texts = {key: text for key, text in settings.items() if isinstance(text, str) and "{{" in text}
    told = render({**texts, **links, **details}, group(alerts), directory)
    event = {
        "routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "1", "client": settings["client"],
        "client_url": told["client_url"],
        "links": [{"href": told[name], "text": "x"} for name in links if told[name]],
        "payload": {
            "summary": told["description"], "custom_details": {key.partition(" ")[2]: told[key] for key in details},
            **{key: told[key] for key in ("source", "severity", "class", "component", "group")},
        },
    }  # fmt: skip
    PagerDuty().check("POST", PagerDuty.path, {"Content-Type": "application/json"}, json.dumps(event).encode())
    return event


def test_slack_tells_what_where_and_what_to_do(tmp_path: Path) -> None:
    message = slack_message([DOWN], tmp_path)
    assert (message["title"], message["color"]) == ("[CRITICAL] HostDown on web-1", "danger")
    assert message["fallback"] == message["title"]
    first, second, third, links = message["text"].split("\n")
    assert first == "*Host web-1 does not answer*"
    assert second == "It is down, or cut off."
    assert third.startswith("host `web-1`, instance `10.0.0.1:9100`, value `0`, since <!date^1796025600^")
    assert links.startswith(
        "<https://docs.example.com/HostDown.md|Runbook> · <https://grafana.example.com/d/omnimind-system?a=1&amp;b=2|Dash"
    )
    silence = unquote(
        links.partition("<http://alertmanager.example.com:9093/#/silences/new?filter=")[2].partition("|")[0]
    )
    assert silence == '{alertname="HostDown", instance="10.0.0.1:9100"}'


def test_slack_tells_that_it_is_over(tmp_path: Path) -> None:
    message = slack_message([{**DOWN, "status": "resolved"}], tmp_path)
    assert (message["title"], message["color"]) == ("[RESOLVED] HostDown on web-1", "good")
    assert "Silence" not in message["text"] and "since" not in message["text"]


def test_slack_tells_of_each_in_a_group(tmp_path: Path) -> None:
    message = slack_message([DISK, {**DISK, "labels": {**DISK["labels"], "mountpoint": "/var"}}, OTHER_DISK], tmp_path)
    assert (message["title"], message["color"]) == (
        "[WARNING] HostDiskFull on 10.0.0.1:9100 (2 firing, 1 resolved)",
        "warning",
    )
    firing, _word, resolved = message["text"].partition("Resolved:\n")
    assert "`/srv`" in firing and "`/var`" in firing and "mountpoint `/`" in resolved


@pytest.mark.parametrize(
    ("severities", "title", "color", "pager"),
    [
        (["warning", "critical", "info"], "[CRITICAL]", "danger", "critical"),
        (["warning", "info"], "[WARNING]", "warning", "warning"),
        (["info"], "[INFO]", "#439fe0", "info"),
        (["odd", "info"], "[WARNING]", "warning", "error"),
        ([""], "[WARNING]", "warning", "error"),
    ],
)
def test_the_worst_gives_its_colour(severities: list[str], title: str, color: str, pager: str, tmp_path: Path) -> None:
    alerts = [{"labels": {"alertname": "Some", "instance": "a:1", "severity": severity}} for severity in severities]
    message = slack_message(alerts, tmp_path)
    assert (message["title"].partition(" ")[0], message["color"]) == (title, color)
    assert pagerduty_event(alerts, tmp_path)["payload"]["severity"] == pager


def test_a_long_group_stays_short(tmp_path: Path) -> None:
    alerts = [
        {
            "labels": {
                "alertname": "Long" * 40,
                "instance": "a:1",
                **{f"label{n}": str(number) * 300 for n in range(20)},
            },
            "annotations": {"summary": "summary " * 100, "description": "description & more " * 300},
        }
        for number in range(60)
    ]
    message = slack_message(alerts, tmp_path)
    assert "and more: 60 fire in all" in message["text"]
    event = pagerduty_event(alerts, tmp_path)
    assert event["payload"]["custom_details"]["firing"].endswith("and more: 60 fire in all")
    assert event["payload"]["custom_details"]["num_firing"] == "60"


def test_words_of_an_alert_are_no_commands(tmp_path: Path) -> None:
    evil = "<!channel> & <http://evil.example.com|click> `x`"
    labels = {"alertname": evil, "instance": f'a"}}{evil}', "severity": "critical", "label": evil}
    message = slack_message([{"labels": labels, "annotations": {"summary": evil, "description": evil}}], tmp_path)
    shown = message["text"] + message["title"]
    assert "<!channel>" not in shown and "<http://evil" not in shown
    assert "&lt;!channel&gt; &amp;" in shown


def test_links_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    bare = {
        "labels": DOWN["labels"],
        "annotations": {"runbook_url": "HostDown.md", "dashboard_url": "/d/omnimind-system"},
    }
    message = slack_message([bare], tmp_path)
    assert "Runbook" not in message["text"] and "Dashboard" not in message["text"] and "|Silence>" in message["text"]
    assert len(pagerduty_event([bare], tmp_path)["links"]) == 1


def test_pagerduty_tells_what_where_and_what_to_do(tmp_path: Path) -> None:
    event = pagerduty_event([DOWN], tmp_path)
    payload = event["payload"]
    assert payload["summary"] == "HostDown on web-1: Host web-1 does not answer"
    kept = {key: payload[key] for key in ("source", "severity", "class", "component", "group")}
    assert kept == {
        "source": "web-1",
        "severity": "critical",
        "class": "HostDown",
        "component": "node",
        "group": "omnimind",
    }
    assert [link["href"] for link in event["links"][:2]] == [
        DOWN["annotations"]["runbook_url"],
        DOWN["annotations"]["dashboard_url"],
    ]
    assert payload["custom_details"]["firing"] == (
        "Host web-1 does not answer\n  It is down, or cut off.\n  host web-1, instance 10.0.0.1:9100, value 0, "
        "since 2026-11-30 08:00:00 UTC\n"
    )


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x1e"), max_size=60)
NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
ALERTS = st.builds(
    lambda labels, annotations, severity, status: {
        "labels": {**labels, "alertname": "Some", "severity": severity}, "annotations": annotations, "status": status
    },
    st.dictionaries(NAMES, TEXTS, max_size=6),
    st.dictionaries(st.sampled_from(["summary", "description", "value", "runbook_url", "dashboard_url"]), TEXTS),
    st.sampled_from(["critical", "warning", "info", "odd", ""]),
    st.sampled_from(["firing", "resolved"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(alerts=st.lists(ALERTS, min_size=1, max_size=8))
def test_any_alerts_make_messages_that_are_taken(
    alerts: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.getbasetemp()
    slack_message(alerts, directory)
    pagerduty_event(alerts, directory)
