"""Who must be told what: settings, alerts and receivers, for the tests of the core and for the real amtool."""

from __future__ import annotations

from typing import Any

SLACK = {"name": "slack", "type": "slack", "api_url_file": "slack_url"}
PAGERDUTY = {"name": "pagerduty", "type": "pagerduty", "routing_key_file": "pagerduty_key"}
TICKETS = {
    "name": "tickets",
    "type": "slack",
    "api_url_file": "tickets_url",
    "channel": "#tickets",
    "severities": ["ticket"],
}
WEBHOOK = {
    "name": "archive", "type": "webhook", "url": "https://archive.example.com/alerts", "severities": ["warning", "info"],
    "username": "omnimind", "password_file": "/etc/archive/password", "ca_file": "/etc/ssl/own.pem",
}  # fmt: skip
TOKEN_WEBHOOK = {"name": "chat", "type": "webhook", "url": "http://chat.example.com", "credentials_file": "chat_token"}
OFFICE = {
    "name": "office",
    "time_intervals": [{"weekdays": ["monday:friday"], "times": [{"start_time": "08:00", "end_time": "17:00"}]}],
}
NIGHTS = {
    "name": "nights",
    "time_intervals": [{"times": [{"start_time": "22:00", "end_time": "24:00"}], "location": "Europe/Berlin"}],
}

USUAL: dict[str, Any] = {"receivers": [SLACK, PAGERDUTY]}
NOBODY: dict[str, Any] = {}
SLACK_ONLY: dict[str, Any] = {"receivers": [SLACK]}
EVERYTHING: dict[str, Any] = {
    "receivers": [
        {**SLACK, "severities": ["critical", "warning"], "send_resolved": False},
        {**PAGERDUTY, "url": "https://events.eu.pagerduty.com/v2/enqueue"},
        TICKETS,
        {**WEBHOOK, "active_time_intervals": ["office"]},
        TOKEN_WEBHOOK,
    ],
    "routes": [
        {"matchers": ['team="ml"', 'severity=~"critical|warning"'], "receivers": ["chat"], "continue": True},
        {"matchers": ["host=web-9"], "receivers": []},
        {
            "matchers": ['alertname=~"Redis.+"', "severity!=critical"], "receivers": ["slack", "archive"], "mute_time_intervals": ["nights"],
            "group_by": ["alertname", "instance", "shard"], "group_wait": "1m30s", "repeat_interval": "1d",
        },
    ],
    "inhibit_rules": [
        {"source_matchers": ["alertname=PowerLost"], "target_matchers": ['severity=~"warning|info"'], "equal": ["rack"]},
    ],
    "time_intervals": [OFFICE, NIGHTS],
    "heartbeat": {"url": "https://heartbeat.example.com/omnimind", "interval": "5m"},
    "alertmanager_group_by": ["..."],
    "alertmanager_proxy_url": "http://proxy.example.com:3128",
}  # fmt: skip
SECRET_HEARTBEAT: dict[str, Any] = {"receivers": [SLACK, PAGERDUTY], "heartbeat": {"url_file": "heartbeat_url"}}
CONFIGURATIONS = {
    "usual": USUAL, "nobody": NOBODY, "slack only": SLACK_ONLY, "everything": EVERYTHING, "secret heartbeat": SECRET_HEARTBEAT,
}  # fmt: skip

# By the name of a configuration: labels of an alert, and the receivers that are told, in their order.
TOLD: list[tuple[str, dict[str, str], list[str]]] = [
    ("usual", {"alertname": "HostDown", "severity": "critical"}, ["slack", "pagerduty"]),
    ("usual", {"alertname": "HostCpuBusy", "severity": "warning"}, ["slack"]),
    ("usual", {"alertname": "HostRebooted", "severity": "info"}, ["slack"]),
    ("usual", {"alertname": "Own", "severity": "page"}, ["slack"]),
    ("usual", {"alertname": "Own"}, ["slack"]),
    ("usual", {"alertname": "DiskFilling", "severity": "critical", "channel": "ticket"}, ["slack"]),
    ("usual", {"alertname": "Watchdog", "severity": "info"}, ["none"]),
    ("usual", {"alertname": "NotificationsFailing", "severity": "critical", "integration": "slack"}, ["pagerduty"]),
    ("usual", {"alertname": "NotificationsFailing", "severity": "critical", "integration": "pagerduty"}, ["slack"]),
    (
        "usual",
        {"alertname": "NotificationsFailing", "severity": "critical", "integration": "webhook"},
        ["slack", "pagerduty"],
    ),
    ("nobody", {"alertname": "HostDown", "severity": "critical"}, ["none"]),
    ("nobody", {"alertname": "DiskFilling", "channel": "ticket"}, ["none"]),
    ("slack only", {"alertname": "NotificationsFailing", "severity": "critical", "integration": "slack"}, ["slack"]),
    ("secret heartbeat", {"alertname": "Watchdog", "severity": "critical"}, ["heartbeat"]),
    ("everything", {"alertname": "Watchdog", "host": "web-9"}, ["heartbeat"]),
    ("everything", {"alertname": "Slow", "severity": "critical", "team": "ml"}, ["chat", "slack", "pagerduty"]),
    ("everything", {"alertname": "Slow", "severity": "info", "team": "ml"}, ["archive"]),
    ("everything", {"alertname": "Slow", "severity": "critical", "host": "web-9"}, ["none"]),
    ("everything", {"alertname": "RedisDown", "severity": "warning"}, ["slack", "archive"]),
    ("everything", {"alertname": "RedisDown", "severity": "critical"}, ["slack", "pagerduty"]),
    ("everything", {"alertname": "AnomalyDetected", "severity": "warning", "channel": "ticket"}, ["tickets"]),
    ("everything", {"alertname": "Own", "severity": "odd"}, ["slack", "archive"]),
]
