# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with what users set about delivery, as sentences that begin with the variable at fault.

A value that may be a secret is never shown. What only Alertmanager knows, such as the words within a time interval, its
own check tells before its file is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .alertmanager import fixed_routes
from .alertmanager_receiver_checks import receiver_complaints
from .alertmanager_route_checks import route_complaints
from .alertmanager_settings import DEFAULTS, GROUPING, SECRETS, receivers_of, secret_path, with_defaults
from .alertmanager_value_checks import (
    check_address,
    check_each,
    check_grouping,
    check_labels,
    check_matchers,
    check_once,
    check_one_address,
    check_options,
    check_parsed,
    check_path,
    check_secret,
    is_named,
)
from .durations import milliseconds

_KIND = {list: "list", dict: "mapping", str: "text"}
_RIGHT = {list: "a list, even of one", dict: "a mapping such as {url: https://...}", str: "a text"}
_HEARTBEAT = ("url", "url_file", "interval", "ca_file")
_INHIBITION = ("source_matchers", "target_matchers", "equal")


def complaints(variables: Mapping[str, Any], version: str = "") -> list[str]:
    """Everything that is wrong. Variables by their names without the role's prefix; others are not looked at.

    Args:
        version: of the Alertmanager; without it, what only some versions can is not looked at.
    """
    settings = with_defaults(variables)
    shapes = [
        f"{name}: it is no {_KIND[type(default)]}; right would be {_RIGHT[type(default)]}"
        for name, default in DEFAULTS.items()
        if not isinstance(settings[name], type(default))
    ]
    if shapes:
        return shapes
    intervals = [one["name"] for one in settings["time_intervals"] if is_named(one)]
    of_receivers = list(receiver_complaints(settings["receivers"], set(intervals), version))
    # Receivers that are not sound have no routes yet. What the Watchdog's route matches is the same without a heartbeat.
    fixed = fixed_routes({"heartbeat": {}}, [] if of_receivers else receivers_of(settings))
    proxy = settings["alertmanager_proxy_url"]
    return [
        *of_receivers,
        *route_complaints(settings["routes"], settings["receivers"], set(intervals), fixed),
        *check_each("inhibit_rules", settings["inhibit_rules"], _inhibition),
        *check_each("time_intervals", settings["time_intervals"], _interval),
        *check_once("time_intervals", intervals),
        *_heartbeat(settings["heartbeat"]),
        *check_grouping("alertmanager_", {name: settings[f"alertmanager_{name}"] for name in GROUPING}),
        *(check_address("alertmanager_proxy_url", proxy) if proxy else ()),
    ]


def secret_files(variables: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every file with a secret that sound variables name: the variable, and the file's path on the host."""
    settings = with_defaults(variables)
    named = [
        (f"receivers[{index}].{key}", receiver[key])
        for index, receiver in enumerate(settings["receivers"])
        for key in SECRETS[receiver["type"]]
        if receiver.get(key)
    ]
    if settings["heartbeat"].get("url_file"):
        named.append(("heartbeat.url_file", settings["heartbeat"]["url_file"]))
    return [(where, secret_path(file, settings["secrets_directory"])) for where, file in named]


def missing(where: str, path: str) -> str:
    """What is said of such a file that is not there, or that the daemon cannot read, or that is empty."""
    return f"{where}: {path} is not on this host, or is empty; right would be a file that Alertmanager's user can read"


def _inhibition(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from check_options(where, entry, _INHIBITION)
    yield from check_matchers(f"{where}.source_matchers", entry.get("source_matchers"))
    yield from check_matchers(f"{where}.target_matchers", entry.get("target_matchers"))
    yield from check_labels(f"{where}.equal", entry.get("equal", []))


def _interval(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from check_options(where, entry, ("name", "time_intervals"))
    if not is_named(entry):
        yield f"{where}.name: it is missing; right would be a name such as office_hours"
    times = entry.get("time_intervals")
    if not isinstance(times, list) or not times or not all(isinstance(one, Mapping) for one in times):
        yield f"{where}.time_intervals: it has no times; right would be a list such as [{{weekdays: ['monday:friday']}}]"


def _heartbeat(entry: Mapping[str, Any]) -> Iterator[str]:
    if not entry:
        return
    yield from check_options("heartbeat", entry, _HEARTBEAT)
    yield from check_one_address("heartbeat", entry)
    if entry.get("url"):
        yield from check_address("heartbeat.url", entry["url"])
    yield from check_secret("heartbeat.url_file", entry.get("url_file"))
    yield from check_path("heartbeat.ca_file", entry.get("ca_file"))
    if entry.get("interval") is not None:
        yield from check_parsed("heartbeat.interval", milliseconds, entry["interval"])
