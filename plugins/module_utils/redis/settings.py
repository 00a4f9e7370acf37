# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of redis.conf as a mapping: as lines of the file, and compared with a running server."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Settings whose value is several words; any other value with a blank in it is one quoted word.
SEVERAL_WORDS = {
    "bind",
    "client-output-buffer-limit",
    "latency-tracking-info-percentiles",
    "oom-score-adj-values",
    "save",
}

# Settings whose value nobody but the server may read.
SECRETS = {"masterauth", "requirepass", "tls-client-key-file-pass", "tls-key-file-pass"}

# A server loads these at once, and refuses a certificate without its key.
ONE_CERTIFICATE = ("tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir")

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}
_MEMORY = re.compile(r"(\d+)(b|k|kb|m|mb|g|gb)?", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=*-]+")
_HASH = re.compile(r"#[0-9a-f]{64}")
_NOT_BARE = re.compile(r"[\s\0\"']", re.ASCII)
_SECRET_LINE = re.compile(rf"\b({'|'.join(sorted(SECRETS))}) .*")


def value_text(value: Any) -> str:
    """A value as CONFIG SET takes it: booleans are yes and no, lists and mappings words in a row."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{key} {value_text(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(value_text(item) for item in value)
    return "" if value is None else str(value)


def set_together(names: Iterable[str]) -> list[list[str]]:
    """The names in groups, each of which a server must be given in one command."""
    names = list(names)
    certificate = [name for name in ONE_CERTIFICATE if name in names]
    return [certificate] * bool(certificate) + [[name] for name in names if name not in certificate]


def config_lines(settings: Mapping[str, Any]) -> list[str]:
    """The settings as lines of redis.conf, which replace what a file said that was read before."""
    return [line for name, value in settings.items() for line in _lines(name, value_text(value))]


def public_lines(text: str) -> str:
    """The text of a redis.conf, or a server's words about one, with its secrets left out."""
    lines = (_HASH.sub("(secret)", _SECRET_LINE.sub(r"\1 (secret)", line)) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _lines(name: str, text: str) -> list[str]:
    line = f"{name} {_quote(name, text)}"
    # A server adds the points of a second file to those of the first, unless they are taken away.
    return ['save ""', line] if name == "save" and text else [line]


def _quote(name: str, text: str) -> str:
    return text if name in SEVERAL_WORDS and text else quote_word(text)


def quote_word(text: str) -> str:
    """A text as one word of redis.conf."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def is_bare_word(text: str) -> bool:
    """Whether a text is one word of redis.conf without being quoted, as Sentinels write what they watch by."""
    return bool(text) and not _NOT_BARE.search(text)


def is_same(name: str, wanted: Any, running: str) -> bool:
    """Whether a server that answers `running` to CONFIG GET has the setting that is wanted."""
    text = value_text(wanted)
    if name in SECRETS:
        return text == running
    if name == "notify-keyspace-events":
        return set(text) == set(running)
    if name == "client-output-buffer-limit":
        return _limits(text).items() <= _limits(running).items()
    return _words(text) == _words(running)


def _words(text: str) -> list[str]:
    """The words of a value, amounts of memory in bytes."""
    return [_in_bytes(word) for word in text.split()]


def _in_bytes(word: str) -> str:
    match = _MEMORY.fullmatch(word)
    return str(int(match[1]) * _UNITS[(match[2] or "").lower()]) if match else word


def _limits(text: str) -> dict[str, list[str]]:
    """Class of client to its three limits; Redis still calls replicas slaves here."""
    words = ["slave" if word == "replica" else word for word in _words(text)]
    return {words[i]: words[i + 1 : i + 4] for i in range(0, len(words), 4)}
