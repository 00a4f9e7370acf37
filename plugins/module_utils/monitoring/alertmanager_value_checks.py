# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with one value that users set about delivery, wherever it stands. A value that may be a secret is never shown.

Each `check_...` tells it as sentences that begin with `where`, the variable at fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .alertmanager_settings import EVERYTHING, GROUPING, INTERVALS
from .durations import milliseconds
from .matchers import parse_matcher

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|/[^\s]+")
_KEY = re.compile(r"[0-9a-zA-Z+]{32}")  # a routing key of PagerDuty


def check_each(
    name: str, entries: Sequence[Any], check: Callable[[str, Mapping[str, Any]], Iterator[str]]
) -> Iterator[str]:
    for index, entry in enumerate(entries):
        where = f"{name}[{index}]"
        if isinstance(entry, Mapping):
            yield from check(where, entry)
        else:
            yield f"{where}: it is no mapping; right would be one with the options of {name}"


def check_once(where: str, names: Sequence[str]) -> Iterator[str]:
    yield from (
        f"{where}: {name!r} is given twice; right would be once"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    )


def check_options(where: str, entry: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    yield from (
        f"{where}.{key}: there is no such option; right would be any of {', '.join(known)}"
        for key in entry
        if key not in known
    )


def is_named(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str) and bool(entry["name"].strip())


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def check_text(where: str, given: Any) -> Iterator[str]:
    if given is not None and not isinstance(given, str):
        yield f"{where}: {given!r} is no text; right would be one, in quotes"


def check_truth(where: str, given: Any) -> Iterator[str]:
    if given is not None and not isinstance(given, bool):
        yield f"{where}: {given!r} is not possible; right would be true or false"


def check_path(where: str, given: Any) -> Iterator[str]:
    if given not in (None, "") and (not isinstance(given, str) or not given.startswith("/")):
        yield f"{where}: {given!r} is no path; right would be an absolute one"


def check_address(where: str, given: Any) -> Iterator[str]:
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


def check_one_address(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if bool(entry.get("url")) == bool(entry.get("url_file")):
        yield f"{where}.url: it is {'beside' if entry.get('url') else 'missing, as is'} url_file; right would be one of the two"


def check_secret(where: str, given: Any) -> Iterator[str]:
    """A file, by name or path. What was given may be the secret itself, so it is not shown."""
    if given in (None, ""):
        return
    words = isinstance(given, str)
    if words and (re.match(r"[a-z]+://", given, re.IGNORECASE) or _KEY.fullmatch(given)):
        yield f"{where}: it looks like the secret itself; right would be the name of a file that has it"
    elif not words or not _FILE.fullmatch(given):
        yield f"{where}: it is no file; right would be an absolute path, or a name alone of a file in secrets_directory"


def check_labels(where: str, given: Any) -> Iterator[str]:
    if not isinstance(given, list):
        yield f"{where}: {given!r} is no list; right would be a list of labels"
        return
    yield from (
        f"{where}: {label!r} is no label; right would be one such as instance"
        for label in given
        if not isinstance(label, str) or not _LABEL.fullmatch(label)
    )


def check_matchers(where: str, given: Any) -> Iterator[str]:
    if not isinstance(given, list) or not given:
        yield f'{where}: there is none; right would be a list of matchers such as severity="critical"'
        return
    for text in given:
        yield from check_parsed(where, parse_matcher, text)


def check_intervals(where: str, entry: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for key in INTERVALS:
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


def check_grouping(prefix: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Grouping and its times, of all routes or of one. The prefix goes before the names of GROUPING in messages."""
    by, *times = GROUPING
    labels = entry.get(by)
    if labels is not None and labels != [EVERYTHING]:
        yield from check_labels(f"{prefix}{by}", labels)
        lacks = [label for label in ("alertname", "instance") if label not in as_list(labels)]
        if lacks:
            hidden = " and ".join(lacks)
            yield f"{prefix}{by}: without {hidden} one message would hide another; right would be to have it, or ['...']"
    for name in times:
        if entry.get(name) is not None:
            yield from check_parsed(f"{prefix}{name}", milliseconds, entry[name])


def check_parsed(where: str, parse: Callable[[Any], Any], given: Any) -> Iterator[str]:
    try:
        parse(given)
    except ValueError as error:
        yield f"{where}: {error}"
