# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with receivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .alertmanager import LEVELS
from .alertmanager_receivers import SENDS_TO_URL_FILE
from .alertmanager_settings import HEARTBEAT, NOBODY, PAGERS, SECRETS, SEVERITIES, TICKET, at_least
from .alertmanager_value_checks import (
    check_address,
    check_each,
    check_intervals,
    check_once,
    check_one_address,
    check_options,
    check_path,
    check_secret,
    check_text,
    check_truth,
    is_named,
)

_SHARED = ("name", "type", "severities", "send_resolved", "active_time_intervals", "mute_time_intervals", "ca_file")
_OPTIONS = {
    "slack": ("api_url_file", "channel"),
    "pagerduty": ("routing_key_file", "url"),
    "webhook": ("url", "url_file", "credentials_file", "username", "password_file"),
}
_REQUIRED = {"slack": "api_url_file", "pagerduty": "routing_key_file"}
_MEANT = {"api_url_file": "a file with the address of a Slack webhook", "routing_key_file": "a file with a routing key"}


def receiver_complaints(receivers: Sequence[Any], intervals: set[str], version: str) -> Iterator[str]:
    """Everything that is wrong with each of them alone.

    Args:
        intervals: names of the time intervals that there are.
        version: of the Alertmanager; empty when what only some versions can is not looked at.
    """
    yield from check_each("receivers", receivers, lambda where, one: _receiver(where, one, intervals))
    yield from check_once("receivers", [one["name"] for one in receivers if is_named(one)])
    yield from check_each("receivers", receivers, lambda where, one: _too_new(where, one, version))


def _receiver(where: str, entry: Mapping[str, Any], intervals: set[str]) -> Iterator[str]:
    if not is_named(entry):
        yield f"{where}.name: it is missing; right would be a name such as slack"
    elif entry["name"] in (NOBODY, HEARTBEAT):
        yield f"{where}.name: {entry['name']!r} is taken by a receiver that is always there; right would be another"
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in SEVERITIES:
        yield f"{where}.type: {kind!r} is no type; right would be one of {', '.join(SEVERITIES)}"
        return
    yield from check_options(where, entry, (*_SHARED, *_OPTIONS[kind]))
    yield from _severities(f"{where}.severities", entry.get("severities"), kind)
    yield from check_intervals(where, entry, intervals)
    required = _REQUIRED.get(kind)
    if required and not entry.get(required):
        yield f"{where}.{required}: it is missing; right would be {_MEANT[required]}"
    for key in SECRETS[kind]:
        yield from check_secret(f"{where}.{key}", entry.get(key))
    if entry.get("url"):
        yield from check_address(f"{where}.url", entry["url"])
    for key in ("channel", "username"):
        yield from check_text(f"{where}.{key}", entry.get(key))
    yield from check_path(f"{where}.ca_file", entry.get("ca_file"))
    yield from check_truth(f"{where}.send_resolved", entry.get("send_resolved"))
    if kind == "webhook":
        yield from _webhook(where, entry)


def _webhook(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from check_one_address(where, entry)
    if bool(entry.get("username")) != bool(entry.get("password_file")):
        yield f"{where}.username: it goes with password_file; right would be both or none"
    if entry.get("username") and entry.get("credentials_file"):
        yield f"{where}.credentials_file: there is a username as well; right would be one of the two"


def _severities(where: str, given: Any, kind: str) -> Iterator[str]:
    known = [*LEVELS, TICKET]
    if given is None:
        return
    if not isinstance(given, list):
        yield f"{where}: {given!r} is no list; right would be a list of any of {', '.join(known)}"
        return
    for severity in given:
        if severity not in known:
            yield f"{where}: {severity!r} is no severity; right would be any of {', '.join(known)}"
        elif kind in PAGERS and severity in ("info", TICKET):
            yield f"{where}: {severity} wakes nobody; right would be critical, and warning at most, for {kind}"


def _too_new(where: str, entry: Mapping[str, Any], version: str) -> Iterator[str]:
    if (
        version
        and entry.get("type") == "webhook"
        and entry.get("url_file")
        and not at_least(version, SENDS_TO_URL_FILE)
    ):
        need = ".".join(map(str, SENDS_TO_URL_FILE))
        yield f"{where}.url_file: Alertmanager {version} reads none; right would be {need} or newer, or url"
