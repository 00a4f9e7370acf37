# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Receivers in Alertmanager's own words. What messages say is in the role's files, in omnimind.tmpl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .alertmanager_settings import HEARTBEAT, NOBODY, Receiver, at_least, secret_path

SENDS_TO_URL_FILE = (0, 26)  # version that posts a webhook to an address in a file
KNOWS_SOURCE = (0, 26)


def receiver_entry(receiver: Receiver, proxy: str, version: str) -> dict[str, Any]:
    """One entry of `receivers`."""
    options = receiver.options
    kind, settings = _KINDS[receiver.type](options, version)
    connection = _connection(options, proxy)
    settings = {"send_resolved": options.get("send_resolved", True), **settings}
    return {"name": receiver.name, kind: [settings | ({"http_config": connection} if connection else {})]}


def nobody() -> dict[str, Any]:
    """Who gets what nobody is told."""
    return {"name": NOBODY}


def heartbeat_entry(heartbeat: Mapping[str, Any], directory: str, proxy: str, version: str) -> dict[str, Any]:
    """The receiver of the Watchdog: whoever misses it tells that monitoring itself is dead."""
    options = {key: value for key, value in heartbeat.items() if value not in (None, "")}
    if "url_file" in options:
        options["url_file"] = secret_path(options["url_file"], directory)
    if "url_file" in options and not at_least(version, SENDS_TO_URL_FILE):
        # Its webhook takes no address from a file. Its Slack does, and a service of heartbeats reads no body.
        settings = {"send_resolved": False, "api_url_file": options["url_file"], "text": "heartbeat"}
        kind = "slack_configs"
    else:
        kind, settings = _webhook(options, version)
        settings = {"send_resolved": False, **settings}
    connection = _connection(options, proxy)
    return {"name": HEARTBEAT, kind: [settings | ({"http_config": connection} if connection else {})]}


def _slack(options: Mapping[str, Any], version: str) -> tuple[str, dict[str, Any]]:
    return "slack_configs", {
        "api_url_file": options["api_url_file"],
        **({"channel": options["channel"]} if "channel" in options else {}),
        "color": _told("slack.color"),
        "title": _told("slack.title"),
        "title_link": _told("alerts"),
        "text": _told("slack.text"),
        "fallback": _told("slack.title"),
    }


def _pagerduty(options: Mapping[str, Any], version: str) -> tuple[str, dict[str, Any]]:
    place = _told("pagerduty.source")
    # Before it could be told by itself, a client was taken for the source.
    who = {"client": "OmniMind monitoring", "source": place} if at_least(version, KNOWS_SOURCE) else {"client": place}
    return "pagerduty_configs", {
        "routing_key_file": options["routing_key_file"],
        **({"url": options["url"]} if "url" in options else {}),
        **who,
        "client_url": _told("alerts"),
        "description": _told("pagerduty.summary"),
        "severity": _told("pagerduty.severity"),
        "class": _told("pagerduty.class"),
        "component": _told("pagerduty.component"),
        "group": _told("pagerduty.group"),
        "links": [{"href": _told(name), "text": text} for name, text in _LINKS],
        "details": {
            "firing": _told("pagerduty.firing"),
            "resolved": _told("pagerduty.resolved"),
            "num_firing": "{{ .Alerts.Firing | len }}",
            "num_resolved": "{{ .Alerts.Resolved | len }}",
        },
    }


def _webhook(options: Mapping[str, Any], version: str) -> tuple[str, dict[str, Any]]:
    return "webhook_configs", {key: options[key] for key in ("url", "url_file") if key in options}


_KINDS = {"slack": _slack, "pagerduty": _pagerduty, "webhook": _webhook}
_LINKS = (("runbook", "Runbook: what to do"), ("dashboard", "Dashboard"), ("silence", "Silence this"))


def _told(name: str) -> str:
    return f'{{{{ template "omnimind.{name}" . }}}}'


def _connection(options: Mapping[str, Any], proxy: str) -> dict[str, Any]:
    """How a receiver is reached. What is said here replaces what is said for all, so it says all."""
    found: dict[str, Any] = {}
    if "credentials_file" in options:
        found["authorization"] = {"type": "Bearer", "credentials_file": options["credentials_file"]}
    if "username" in options:
        found["basic_auth"] = {"username": options["username"], "password_file": options["password_file"]}
    if "ca_file" in options:
        found["tls_config"] = {"ca_file": options["ca_file"]}
    if proxy:
        found["proxy_url"] = proxy
    return found
