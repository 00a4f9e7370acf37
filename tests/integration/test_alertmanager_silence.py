"""Silences in a real Alertmanager, through Ansible itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.ansible_run import run_module
from integration.encryption import Certificates
from integration.monitoring_stack import Alertmanager
from integration.servers import free_ports

MATCHERS = ['host="web-1"', 'severity=~"warning|critical"']
ALERT = {"labels": {"alertname": "HostDown", "severity": "critical", "host": "web-1"}}
PASSWORD = "tuna-fish-sandwich"
# bcrypt of it; the fewest rounds, as it protects nothing.
HASHED = "$2b$04$abcdefghijklmnopqrstuuMa6nWtJVqCeC7/pzOvZSbAk6mdwVLGu"


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    with Alertmanager(tmp_path_factory.mktemp("silences") / "alertmanager") as running:
        yield running


def silence(alertmanager: Alertmanager, *flags: str, **options: Any) -> dict[str, Any]:
    return run_module("alertmanager_silence", {"url": alertmanager.url, "matchers": MATCHERS, **options}, *flags)


def active(alertmanager: Alertmanager) -> list[dict[str, Any]]:
    return [one for one in alertmanager.get("/api/v2/silences") if one["status"]["state"] == "active"]


def state_of_alert(alertmanager: Alertmanager) -> str:
    """Whether it would be told, found by a new look at all silences."""
    alertmanager.client.post("/api/v2/alerts", json=[ALERT]).raise_for_status()
    (found,) = alertmanager.alerts()
    return found["status"]["state"]


def test_a_silence_begins_once_is_made_longer_and_ends(alertmanager: Alertmanager) -> None:
    planned = silence(alertmanager, "--check", "--diff")
    assert planned["changed"] and planned["silence_id"] == "" and active(alertmanager) == []
    assert '+host="web-1", severity=~"warning|critical" until ' in planned["output"].replace('\\"', '"')

    begun = silence(alertmanager, comment="New kernel", author="me")
    (found,) = active(alertmanager)
    assert begun["changed"] and begun["silence_id"] == found["id"] and begun["ends_at"] == found["endsAt"]
    assert (found["comment"], found["createdBy"]) == ("New kernel", "me")

    again = silence(alertmanager, matchers=MATCHERS[::-1])
    assert not again["changed"] and again["silence_id"] == begun["silence_id"]

    longer = silence(alertmanager, duration="4h")
    assert longer["changed"] and longer["ends_at"] > begun["ends_at"]
    assert [one["id"] for one in active(alertmanager)] == [longer["silence_id"]]
    assert not silence(alertmanager, duration="4h")["changed"]

    other = silence(alertmanager, matchers=['host="web-2"'])
    assert silence(alertmanager, "--check", state="absent")["ended"] == [longer["silence_id"]]
    assert silence(alertmanager, state="absent")["changed"]
    assert [one["id"] for one in active(alertmanager)] == [other["silence_id"]]
    assert not silence(alertmanager, state="absent")["changed"]


def test_it_silences(alertmanager: Alertmanager) -> None:
    assert state_of_alert(alertmanager) in ("active", "unprocessed")
    assert silence(alertmanager)["changed"]
    assert state_of_alert(alertmanager) == "suppressed"
    assert silence(alertmanager, state="absent")["changed"]
    assert state_of_alert(alertmanager) in ("active", "unprocessed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matchers": ["host"]}, "matchers: 'host' is no matcher; right would be"),
        ({"duration": "soon"}, "duration: 'soon' is no length of time"),
        ({"url": f"http://127.0.0.1:{free_ports(1)[0]}"}, "gives no answer: "),
    ],
)
def test_what_is_wrong_is_told(options: dict[str, Any], message: str, alertmanager: Alertmanager) -> None:
    answer = silence(alertmanager, **options)
    assert answer["failed"] and message in answer["msg"]


def test_tls_and_a_login(tmp_path: Path) -> None:
    pair = Certificates(tmp_path / "certificates").issue("alertmanager")
    settings = {
        "tls_server_config": {"cert_file": pair["tls-cert-file"], "key_file": pair["tls-key-file"]},
        "basic_auth_users": {"operator": HASHED},
    }
    (tmp_path / "web.yml").write_text(yaml.safe_dump(settings))
    authority = pair["tls-ca-cert-file"]
    secure = {"scheme": "https", "client": {"verify": authority, "auth": ("operator", PASSWORD)}}
    with Alertmanager(
        tmp_path / "alertmanager", None, f"--web.config.file={tmp_path / 'web.yml'}", **secure
    ) as running:
        login = {"username": "operator", "password": PASSWORD, "ca_certs": authority}
        assert silence(running, "-vvv", **login)["changed"]
        assert not silence(running, **login)["changed"]
        wrong = silence(running, **{**login, "password": "another"})
        assert wrong["failed"] and "with 401" in wrong["msg"]
        strange = silence(running, username="operator", password=PASSWORD)
        assert strange["failed"] and "gives no answer" in strange["msg"] and PASSWORD not in strange["msg"]
        assert silence(running, username="operator", password=PASSWORD, validate_certs=False)["failed"] is False
        assert len(active(running)) == 1
