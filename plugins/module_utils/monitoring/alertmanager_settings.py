# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What users set about delivery, with defaults, as values that the rest works with."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# By type: the alerts that a receiver gets when nothing is said.
SEVERITIES = {"slack": ("critical", "warning", "info"), "pagerduty": ("critical",), "webhook": ()}
PAGERS = ("pagerduty",)
TICKET = "ticket"  # stands for alerts with the label channel="ticket", whatever their severity
NOBODY = "none"  # alerts are seen in Alertmanager only
HEARTBEAT = "heartbeat"
EVERYTHING = "..."  # to Alertmanager: every alert is a group of its own

# Options of a receiver that name files with secrets, by type.
SECRETS = {
    "slack": ("api_url_file",),
    "pagerduty": ("routing_key_file",),
    "webhook": ("url_file", "credentials_file", "password_file"),
}
# Options of a route: how its alerts are grouped and when they are told, and when it is active at all. The first are also
# those of all routes, by variables of their own.
GROUPING = ("group_by", "group_wait", "group_interval", "repeat_interval")
INTERVALS = ("active_time_intervals", "mute_time_intervals")
DEFAULTS: dict[str, Any] = {
    "receivers": [],
    "routes": [],
    "inhibit_rules": [],
    "time_intervals": [],
    "heartbeat": {},
    # Labels that tell one thing in trouble from another. So a second host is never hidden in the message of a first.
    "alertmanager_group_by": ["alertname", "instance", "host", "slo", "signal", "modality"],
    "alertmanager_group_wait": "10s",
    "alertmanager_group_interval": "1m",
    "alertmanager_repeat_interval": "4h",
    "alertmanager_proxy_url": "",
    "secrets_directory": "/etc/omnimind-monitoring/secrets",
}


@dataclass(frozen=True)
class Receiver:
    """Somebody who is told.

    Args:
        severities: of the alerts that come without a route of the user's own.
        options: the rest of what the user has set, with whole paths of files.
    """

    name: str
    type: str
    severities: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def pager(self) -> bool:
        return self.type in PAGERS


def with_defaults(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Each variable by its name without the role's prefix; one that is not given, or is None, is as by default."""
    return {name: default if variables.get(name) is None else variables[name] for name, default in DEFAULTS.items()}


def receivers_of(settings: Mapping[str, Any]) -> list[Receiver]:
    """The receivers of sound settings."""
    return [_receiver(entry, settings["secrets_directory"]) for entry in settings["receivers"]]


def _receiver(entry: Mapping[str, Any], directory: str) -> Receiver:
    options = {
        key: value
        for key, value in entry.items()
        if key not in ("name", "type", "severities") and value not in (None, "")
    }
    for key in SECRETS[entry["type"]]:
        if key in options:
            options[key] = secret_path(options[key], directory)
    severities = entry.get("severities")
    usual = SEVERITIES[entry["type"]]
    return Receiver(entry["name"], entry["type"], usual if severities is None else tuple(severities), options)


def secret_path(file: str, directory: str) -> str:
    """Where a file with a secret lies: a name alone is one in the directory of secrets."""
    return posixpath.join(directory, file)


def tells(receivers: Sequence[Receiver], severity: str) -> list[Receiver]:
    """Those that get alerts of a severity. Tickets go where warnings go when nobody is there for them, but to no pager."""
    found = [receiver for receiver in receivers if severity in receiver.severities]
    if severity == TICKET and not found:
        return [receiver for receiver in tells(receivers, "warning") if not receiver.pager]
    return found


def at_least(version: str, wanted: tuple[int, int]) -> bool:
    """Whether a version such as 0.25.0+ds is so new."""
    numbers = [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:2]]
    return tuple(numbers) >= wanted
