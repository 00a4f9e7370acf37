"""Silences in a real Alertmanager: what is done and left, and the module in a playbook."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.ansible_run import run
from integration.encryption import Certificates
from integration.monitoring_stack import Alertmanager
from integration.servers import free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import silencing
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_api import (
    Alertmanager as Server,
)

MATCHERS = ['host="web-1"', 'severity=~"warning|critical"']
ALERT = {"labels": {"alertname": "HostDown", "severity": "critical", "host": "web-1"}}
PASSWORD = "tuna-fish-sandwich"
# bcrypt of it; the fewest rounds, as it protects nothing.
HASHED = "$2b$04$abcdefghijklmnopqrstuuMa6nWtJVqCeC7/pzOvZSbAk6mdwVLGu"


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    with Alertmanager(tmp_path / "alertmanager") as running:
        yield running


def silence(
    alertmanager: Alertmanager, check_mode: bool = False, absent: bool = False, **options: Any
) -> dict[str, Any]:
    wanted = {"matchers": MATCHERS, "duration": "1h", "least": None, "comment": "New kernel", "author": "me", **options}
    act = silencing.unsilence if absent else silencing.silence
    return act(Server(alertmanager.url), silencing.wish_of(wanted), check_mode)


def active(alertmanager: Alertmanager) -> list[dict[str, Any]]:
    return [one for one in alertmanager.get("/api/v2/silences") if one["status"]["state"] == "active"]


def is_silent(alertmanager: Alertmanager) -> bool:
    """Whether an alert would not be told, found by a new look at all silences."""
    alertmanager.client.post("/api/v2/alerts", json=[ALERT]).raise_for_status()
    (found,) = alertmanager.alerts()
    return found["status"]["state"] == "suppressed"


def test_a_silence_begins_once_is_made_longer_and_ends(alertmanager: Alertmanager) -> None:
    planned = silence(alertmanager, check_mode=True)
    assert planned["changed"] and planned["silence_id"] == "" and active(alertmanager) == []
    assert not is_silent(alertmanager)

    begun = silence(alertmanager)
    (found,) = active(alertmanager)
    assert begun["changed"] and begun["silence_id"] == found["id"] and begun["ends_at"] == found["endsAt"]
    assert (found["comment"], found["createdBy"]) == ("New kernel", "me")
    assert is_silent(alertmanager)

    again = silence(alertmanager, matchers=MATCHERS[::-1], comment="Another")
    assert not again["changed"] and again["silence_id"] == begun["silence_id"]

    longer = silence(alertmanager, duration="4h")
    assert longer["changed"] and longer["ends_at"] > begun["ends_at"]
    assert [one["id"] for one in active(alertmanager)] == [longer["silence_id"]]
    assert not silence(alertmanager, duration="4h")["changed"]

    other = silence(alertmanager, matchers=['host="web-2"'])
    assert silence(alertmanager, check_mode=True, absent=True)["ended"] == [longer["silence_id"]]
    assert is_silent(alertmanager)
    assert silence(alertmanager, absent=True)["changed"]
    assert [one["id"] for one in active(alertmanager)] == [other["silence_id"]]
    assert not is_silent(alertmanager)
    assert not silence(alertmanager, absent=True)["changed"]


def played(directory: Path, tasks: Sequence[Mapping[str, Any]], *options: str) -> tuple[list[dict[str, Any]], str]:
    """The answers of the module to options, one after the other in one playbook, and what a person sees of it."""
    acts = [
        {
            "name": f"Act {number}", "omnimind.platform.alertmanager_silence": {"matchers": MATCHERS, **options_of_module},
            "register": f"answer{number}", "ignore_errors": True, "check_mode": check_mode,
        }
        for number, (options_of_module, check_mode) in enumerate(
            ({key: value for key, value in task.items() if key != "check_mode"}, task.get("check_mode", False)) for task in tasks
        )
    ]  # fmt: skip
    answers = ", ".join(f"answer{number}" for number in range(len(tasks)))
    copy = {"content": f"{{{{ [{answers}] | to_json }}}}", "dest": str(directory / "answers.json"), "mode": "0600"}
    keep = {"name": "Keep the answers", "ansible.builtin.copy": copy, "diff": False}
    play = {"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [*acts, keep]}
    (directory / "play.yml").write_text(json.dumps([play]))
    python = f"ansible_python_interpreter={sys.executable}"
    done = run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", python, str(directory / "play.yml"), *options]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((directory / "answers.json").read_text()), done.stdout + done.stderr


def test_the_module_in_a_playbook(alertmanager: Alertmanager, tmp_path: Path) -> None:
    url = {"url": alertmanager.url}
    answers, output = played(
        tmp_path,
        [
            {**url, "check_mode": True},
            url,
            url,
            {**url, "duration": "4h"},
            {**url, "state": "absent", "check_mode": True},
            {**url, "state": "absent"},
            {**url, "state": "absent"},
            {**url, "matchers": ["host"]},
            {**url, "duration": "soon"},
            {"url": f"http://127.0.0.1:{free_ports(1)[0]}"},
        ],
        "--diff",
    )
    assert [answer["changed"] for answer in answers] == [
        True,
        True,
        False,
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    messages = [answer["msg"] for answer in answers if answer["failed"]]
    assert len(messages) == 3
    assert messages[0].startswith("matchers: 'host' is no matcher; right would be")
    assert messages[1].startswith("duration: 'soon' is no length of time")
    assert "gives no answer: " in messages[2]
    assert output.count('+host="web-1", severity=~"warning|critical" until ') == 3
    assert output.count('-host="web-1", severity=~"warning|critical" until ') == 3
    assert active(alertmanager) == []


def test_tls_and_a_login(tmp_path: Path) -> None:
    pair = Certificates(tmp_path / "certificates").issue("alertmanager")
    settings = {
        "tls_server_config": {"cert_file": pair["tls-cert-file"], "key_file": pair["tls-key-file"]},
        "basic_auth_users": {"operator": HASHED},
    }
    (tmp_path / "web.yml").write_text(yaml.safe_dump(settings))
    authority = pair["tls-ca-cert-file"]
    client = {"verify": ssl.create_default_context(cafile=authority), "auth": ("operator", PASSWORD)}
    options = (f"--web.config.file={tmp_path / 'web.yml'}",)
    with Alertmanager(tmp_path / "alertmanager", None, *options, scheme="https", client=client) as running:
        login = {"url": running.url, "username": "operator", "password": PASSWORD}
        answers, output = played(
            tmp_path,
            [
                {**login, "ca_certs": authority},
                {**login, "ca_certs": authority, "password": "another"},
                {"url": running.url, "ca_certs": authority},
                login,
                {**login, "validate_certs": False},
            ],
            "-vvv",
        )
        begun, wrong, without, strange, unchecked = answers
        assert begun["changed"] and not begun["failed"]
        assert wrong["failed"] and "with 401" in wrong["msg"]
        assert without["failed"] and "with 401" in without["msg"]
        assert strange["failed"] and "gives no answer" in strange["msg"]
        assert not unchecked["failed"] and not unchecked["changed"]
        assert PASSWORD not in output
        assert len(active(running)) == 1
