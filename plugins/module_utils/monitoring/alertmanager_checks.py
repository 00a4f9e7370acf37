# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with what users set about delivery, as sentences that begin with the variable at fault.

A value that may be a secret is never shown. What only Alertmanager knows, such as the words within a time interval, its
own check tells before its file is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .alertmanager import LEVELS, fixed_routes
from .alertmanager_receivers import SENDS_TO_URL_FILE
from .alertmanager_settings import (
    DEFAULTS,
    EVERYTHING,
    HEARTBEAT,
    NOBODY,
    PAGERS,
    SECRETS,
    SEVERITIES,
    TICKET,
    at_least,
    receivers_of,
    secret_path,
    with_defaults,
)
from .durations import milliseconds
from .matchers import Matcher, covers, parse_matcher

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|/[^\s]+")
_KEY = re.compile(r"[0-9a-zA-Z+]{32}")  # a routing key of PagerDuty
_SHARED = ("name", "type", "severities", "send_resolved", "active_time_intervals", "mute_time_intervals", "ca_file")
_OPTIONS = {
    "slack": ("api_url_file", "channel"),
    "pagerduty": ("routing_key_file", "url"),
    "webhook": ("url", "url_file", "credentials_file", "username", "password_file"),
}
_REQUIRED = {"slack": "api_url_file", "pagerduty": "routing_key_file"}
_MEANT = {"api_url_file": "a file with the address of a Slack webhook", "routing_key_file": "a file with a routing key"}
_ROUTE = (
    "matchers", "receivers", "continue", "group_by", "group_wait", "group_interval", "repeat_interval",
    "active_time_intervals", "mute_time_intervals",
)  # fmt: skip
_TIMES = ("group_wait", "group_interval", "repeat_interval")
_INTERVALS = ("active_time_intervals", "mute_time_intervals")
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
    intervals = {one["name"] for one in settings["time_intervals"] if _named(one)}
    receivers = [one["name"] for one in settings["receivers"] if _named(one)]
    of_receivers = [
        *_each("receivers", settings["receivers"], lambda where, one: _receiver(where, one, intervals)),
        *_twice("receivers", receivers),
        *_each("receivers", settings["receivers"], lambda where, one: _too_new(where, one, version)),
    ]
    fixed = fixed_routes({"heartbeat": {}}, [] if of_receivers else receivers_of(settings))
    return [
        *of_receivers,
        *_each("routes", settings["routes"], lambda where, one: _route(where, one, receivers, intervals)),
        *_unreachable(settings["routes"], fixed),
        *_always_mute(settings["receivers"], settings["routes"]),
        *_never_told(settings["receivers"], settings["routes"]),
        *_each("inhibit_rules", settings["inhibit_rules"], _inhibition),
        *_each("time_intervals", settings["time_intervals"], _interval),
        *_twice("time_intervals", [one["name"] for one in settings["time_intervals"] if _named(one)]),
        *_heartbeat(settings["heartbeat"]),
        *_grouping("alertmanager_", settings),
        *(
            _address("alertmanager_proxy_url", settings["alertmanager_proxy_url"])
            if settings["alertmanager_proxy_url"]
            else ()
        ),
    ]


_KIND = {list: "list", dict: "mapping", str: "text"}
_RIGHT = {list: "a list, even of one", dict: "a mapping such as {url: https://...}", str: "a text"}


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


# --- receivers ---------------------------------------------------------------------------------------------


def _receiver(where: str, entry: Mapping[str, Any], intervals: set[str]) -> Iterator[str]:
    if not _named(entry):
        yield f"{where}.name: it is missing; right would be a name such as slack"
    elif entry["name"] in (NOBODY, HEARTBEAT):
        yield f"{where}.name: {entry['name']!r} is taken by a receiver that is always there; right would be another"
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in SEVERITIES:
        yield f"{where}.type: {kind!r} is no type; right would be one of {', '.join(SEVERITIES)}"
        return
    yield from _options(where, entry, (*_SHARED, *_OPTIONS[kind]))
    yield from _severities(f"{where}.severities", entry.get("severities"), kind)
    yield from _intervals(where, entry, intervals)
    required = _REQUIRED.get(kind)
    if required and not entry.get(required):
        yield f"{where}.{required}: it is missing; right would be {_MEANT[required]}"
    for key in SECRETS[kind]:
        yield from _secret(f"{where}.{key}", entry.get(key))
    if entry.get("url"):
        yield from _address(f"{where}.url", entry["url"])
    for key in ("channel", "username"):
        yield from _text(f"{where}.{key}", entry.get(key))
    yield from _path(f"{where}.ca_file", entry.get("ca_file"))
    yield from _truth(f"{where}.send_resolved", entry.get("send_resolved"))
    if kind == "webhook":
        yield from _webhook(where, entry)


def _webhook(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from _one_address(where, entry)
    if bool(entry.get("username")) != bool(entry.get("password_file")):
        yield f"{where}.username: it goes with password_file; right would be both or none"
    if entry.get("username") and entry.get("credentials_file"):
        yield f"{where}.credentials_file: there is a username as well; right would be one of the two"


def _too_new(where: str, entry: Mapping[str, Any], version: str) -> Iterator[str]:
    if (
        version
        and entry.get("type") == "webhook"
        and entry.get("url_file")
        and not at_least(version, SENDS_TO_URL_FILE)
    ):
        need = ".".join(map(str, SENDS_TO_URL_FILE))
        yield f"{where}.url_file: Alertmanager {version} reads none; right would be {need} or newer, or url"


def _one_address(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if bool(entry.get("url")) == bool(entry.get("url_file")):
        yield f"{where}.url: it is {'beside' if entry.get('url') else 'missing, as is'} url_file; right would be one of the two"


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


def _secret(where: str, given: Any) -> Iterator[str]:
    """A file, by name or path. What was given may be the secret itself, so it is not shown."""
    if given in (None, ""):
        return
    words = isinstance(given, str)
    if words and (re.match(r"[a-z]+://", given, re.IGNORECASE) or _KEY.fullmatch(given)):
        yield f"{where}: it looks like the secret itself; right would be the name of a file that has it"
    elif not words or not _FILE.fullmatch(given):
        yield f"{where}: it is no file; right would be an absolute path, or a name alone of a file in secrets_directory"


# --- routes ------------------------------------------------------------------------------------------------


def _route(where: str, entry: Mapping[str, Any], receivers: Sequence[str], intervals: set[str]) -> Iterator[str]:
    yield from _options(where, entry, _ROUTE)
    yield from _matchers(f"{where}.matchers", entry.get("matchers"))
    told = entry.get("receivers", [])
    if not isinstance(told, list):
        yield f"{where}.receivers: {told!r} is no list; right would be a list of names, even of one"
        told = []
    right = f"one of {', '.join(receivers)}" if receivers else "one that receivers has, which is empty"
    yield from (
        f"{where}.receivers: {name!r} is no receiver; right would be {right}" for name in told if name not in receivers
    )
    yield from _twice(f"{where}.receivers", [name for name in told if isinstance(name, str)])
    yield from _truth(f"{where}.continue", entry.get("continue"))
    yield from _intervals(where, entry, intervals)
    yield from _grouping(f"{where}.", entry)


def _unreachable(routes: Sequence[Any], fixed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Routes that no alert gets to: what they match ends at one before them, or cannot be."""
    ended = [(f"the role's own route of {', '.join(one['matchers'])}", _parsed(one) or []) for one in fixed]
    for index, route in enumerate(routes):
        matchers = _parsed(route)
        if matchers is None:
            continue
        where = f"routes[{index}]"
        contrary = _contrary(matchers)
        if contrary:
            yield f"{where}.matchers: no alert has {contrary[0]} and {contrary[1]}; right would be a route for each"
        before = next((name for name, earlier in ended if covers(earlier, matchers)), "")
        if before:
            yield f"{where}: no alert gets here, as {before} ends with all of them; right would be to have it first, or not at all"
        if not route.get("continue"):
            ended.append((where, matchers))


def _contrary(matchers: Sequence[Matcher]) -> tuple[Matcher, Matcher] | None:
    equal = [one for one in matchers if one.operator == "="]
    for one in equal:
        for other in matchers:
            differs = other.operator == "=" and other.value != one.value
            excludes = other.operator == "!=" and other.value == one.value
            if other.label == one.label and (differs or excludes):
                return one, other
    return None


def _parsed(route: Any) -> list[Matcher] | None:
    """The matchers of a route that are sound."""
    try:
        return [parse_matcher(text) for text in route["matchers"]] or None
    except (KeyError, TypeError, ValueError):
        return None


def _always_mute(receivers: Sequence[Any], routes: Sequence[Any]) -> Iterator[str]:
    """Receivers, and routes to them, that are mute whenever they are active. What a route says goes before."""
    own = {entry["name"]: entry for entry in receivers if _named(entry)}
    called = [(f"receivers[{index}]", entry, {}) for index, entry in enumerate(receivers) if isinstance(entry, Mapping)]
    for index, route in enumerate(routes):
        if isinstance(route, Mapping):
            names = [name for name in _list(route.get("receivers")) if isinstance(name, str) and name in own]
            called += [(f"routes[{index}]", own[name], route) for name in names]
    for where, receiver, route in called:
        active, mute = (_list(route.get(key) or receiver.get(key)) for key in _INTERVALS)
        if active and all(name in mute for name in active):
            yield f"{where}.mute_time_intervals: it is mute whenever it is active; right would be other intervals"


def _never_told(receivers: Sequence[Any], routes: Sequence[Any]) -> Iterator[str]:
    named = [name for route in routes if isinstance(route, Mapping) for name in _list(route.get("receivers"))]
    for index, entry in enumerate(receivers):
        if not _named(entry) or entry["name"] in named or not isinstance(entry.get("type"), str):
            continue
        usual = SEVERITIES.get(entry["type"], LEVELS)
        severities = entry.get("severities")
        if not (usual if severities is None else severities):
            yield f"receivers[{index}]: nothing is told to {entry['name']!r}; right would be severities, or a route that names it"


# --- the rest ----------------------------------------------------------------------------------------------


def _inhibition(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from _options(where, entry, _INHIBITION)
    yield from _matchers(f"{where}.source_matchers", entry.get("source_matchers"))
    yield from _matchers(f"{where}.target_matchers", entry.get("target_matchers"))
    yield from _labels(f"{where}.equal", entry.get("equal", []))


def _interval(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from _options(where, entry, ("name", "time_intervals"))
    if not _named(entry):
        yield f"{where}.name: it is missing; right would be a name such as office_hours"
    times = entry.get("time_intervals")
    if not isinstance(times, list) or not times or not all(isinstance(one, Mapping) for one in times):
        yield f"{where}.time_intervals: it has no times; right would be a list such as [{{weekdays: ['monday:friday']}}]"


def _heartbeat(entry: Mapping[str, Any]) -> Iterator[str]:
    if not entry:
        return
    yield from _options("heartbeat", entry, _HEARTBEAT)
    yield from _one_address("heartbeat", entry)
    if entry.get("url"):
        yield from _address("heartbeat.url", entry["url"])
    yield from _secret("heartbeat.url_file", entry.get("url_file"))
    yield from _path("heartbeat.ca_file", entry.get("ca_file"))
    if entry.get("interval") is not None:
        yield from _attempt("heartbeat.interval", milliseconds, entry["interval"])


def _grouping(prefix: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Grouping and its times, of all routes or of one."""
    labels = entry.get(f"{prefix}group_by" if prefix.endswith("_") else "group_by")
    if labels is not None and labels != [EVERYTHING]:
        yield from _labels(f"{prefix}group_by", labels)
        lacks = [label for label in ("alertname", "instance") if label not in _list(labels)]
        if lacks:
            hidden = " and ".join(lacks)
            yield f"{prefix}group_by: without {hidden} one message would hide another; right would be to have it, or ['...']"
    times = {name: entry.get(f"{prefix}{name}" if prefix.endswith("_") else name) for name in _TIMES}
    for name, value in times.items():
        if value is not None:
            yield from _attempt(f"{prefix}{name}", milliseconds, value)


def _each(name: str, entries: Sequence[Any], check: Callable[[str, Mapping[str, Any]], Iterator[str]]) -> Iterator[str]:
    for index, entry in enumerate(entries):
        where = f"{name}[{index}]"
        if isinstance(entry, Mapping):
            yield from check(where, entry)
        else:
            yield f"{where}: it is no mapping; right would be one with the options of {name}"


def _twice(where: str, names: Sequence[str]) -> Iterator[str]:
    yield from (
        f"{where}: {name!r} is given twice; right would be once"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    )


def _options(where: str, entry: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    yield from (
        f"{where}.{key}: there is no such option; right would be any of {', '.join(known)}"
        for key in entry
        if key not in known
    )


def _intervals(where: str, entry: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for key in _INTERVALS:
        names = entry.get(key)
        if names is None:
            continue
        if not isinstance(names, list):
            yield f"{where}.{key}: {names!r} is no list; right would be a list of names, even of one"
            continue
        right = f"one of {', '.join(sorted(known))}" if known else "one that time_intervals has, which is empty"
        yield from (
            f"{where}.{key}: {name!r} is no time interval; right would be {right}"
            for name in names
            if name not in known
        )


def _matchers(where: str, given: Any) -> Iterator[str]:
    if not isinstance(given, list) or not given:
        yield f'{where}: there is none; right would be a list of matchers such as severity="critical"'
        return
    for text in given:
        yield from _attempt(where, parse_matcher, text)


def _labels(where: str, given: Any) -> Iterator[str]:
    if not isinstance(given, list):
        yield f"{where}: {given!r} is no list; right would be a list of labels"
        return
    yield from (
        f"{where}: {label!r} is no label; right would be one such as instance"
        for label in given
        if not isinstance(label, str) or not _LABEL.fullmatch(label)
    )


def _attempt(where: str, parse: Callable[[Any], Any], given: Any) -> Iterator[str]:
    try:
        parse(given)
    except ValueError as error:
        yield f"{where}: {error}"


def _address(where: str, given: Any) -> Iterator[str]:
    """An address without a login, which would be a secret."""
    try:
        parts = urlsplit(given) if isinstance(given, str) else urlsplit("")
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound, parts = False, urlsplit("")
    if not sound:
        yield f"{where}: it is no address; right would be one such as https://host/path"
    elif parts.username is not None or parts.password is not None:
        yield f"{where}: it has a login in it; right would be username and password_file, or url_file"


def _path(where: str, given: Any) -> Iterator[str]:
    if given not in (None, "") and (not isinstance(given, str) or not given.startswith("/")):
        yield f"{where}: {given!r} is no path; right would be an absolute one"


def _text(where: str, given: Any) -> Iterator[str]:
    if given is not None and not isinstance(given, str):
        yield f"{where}: {given!r} is no text; right would be one, in quotes"


def _truth(where: str, given: Any) -> Iterator[str]:
    if given is not None and not isinstance(given, bool):
        yield f"{where}: {given!r} is not possible; right would be true or false"


def _named(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str) and bool(entry["name"].strip())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
