"""Notifications by Slack: what their configuration must be, and what of it is never shown."""

from __future__ import annotations

from typing import Any

from .credentials import ENCRYPTED
from .errors import invalid
from .store import Object

_SLACK = {"token": str, "channels": list}


def check_notification(content: Object, old: Object | None) -> None:
    configuration = content["notification_configuration"]
    missing = [name for name in _SLACK if name not in configuration]
    if missing:
        raise invalid("__all__", f"Missing required fields for Notification Configuration: {missing}.")
    for name, kind in _SLACK.items():
        if not isinstance(configuration[name], kind):
            raise invalid("__all__", f"Configuration field '{name}' incorrect type, expected {kind.__name__}.")
    if not configuration["channels"]:
        raise invalid("__all__", "No values specified for field 'channels'")
    if configuration["token"] == ENCRYPTED and old:
        configuration["token"] = old["notification_configuration"]["token"]


def shown_configuration(item: Object) -> dict[str, Any]:
    return {**item["notification_configuration"], "token": ENCRYPTED}
