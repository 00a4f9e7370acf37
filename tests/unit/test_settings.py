"""Settings of redis.conf: as lines, and compared with what a running server answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import settings

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}


def words(line: str) -> list[str]:
    """The words of a line as Redis parts them (sds.c, sdssplitargs): the oracle for quoting."""
    found, rest = [], line.strip(" \t\r\n")
    while rest:
        if rest[0] == '"':
            match = re.match(r'"((?:[^"\\]|\\.)*)"(?=\s|$)', rest, re.DOTALL)
            assert match, f"unbalanced quotes: {rest!r}"
            found.append(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), match[1], flags=re.DOTALL))
        else:
            match = re.match(r"[^\s\"']+(?=\s|$)", rest)
            assert match, f"quotes within a word: {rest!r}"
            found.append(match[0])
        rest = rest[match.end() :].lstrip()
    return found


def line(name: str, value: Any) -> str:
    (found,) = settings.config_lines({name: value})
    return found


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("appendonly", True, "appendonly yes"),
        ("appendonly", False, "appendonly no"),
        ("port", 7000, "port 7000"),
        ("maxmemory", "512mb", "maxmemory 512mb"),
        ("masterauth", None, 'masterauth ""'),
        ("cluster-announce-ip", "", 'cluster-announce-ip ""'),
        ("save", "", 'save ""'),
        ("save", [], 'save ""'),
        ("bind", "127.0.0.1 -::1", "bind 127.0.0.1 -::1"),
        ("requirepass", "two words", 'requirepass "two words"'),
        ("requirepass", "# no comment", 'requirepass "# no comment"'),
        ("requirepass", 'a"b\\c', r'requirepass "a\"b\\c"'),
        ("requirepass", "пароль", 'requirepass "пароль"'),
        (
            "client-output-buffer-limit",
            {"normal": "0 0 0", "replica": "256mb 64mb 60"},
            "client-output-buffer-limit normal 0 0 0 replica 256mb 64mb 60",
        ),
    ],
)
def test_a_setting_as_a_line(name: str, value: Any, text: str) -> None:
    assert line(name, value) == text


def test_snapshot_points_replace_those_that_were_read_before() -> None:
    """A server adds up the points of several files."""
    assert settings.config_lines({"save": ["3600 1", "300 100"]}) == ['save ""', "save 3600 1 300 100"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_password_is_one_word_of_one_line(password: str) -> None:
    text = line("requirepass", password)
    assert "\n" not in text
    assert words(text) == ["requirepass", password]


@given(st.dictionaries(st.sampled_from(["port", "dir", "loglevel"]), st.integers()))
def test_every_setting_is_one_line(some: dict[str, int]) -> None:
    assert settings.config_lines(some) == [f"{name} {value}" for name, value in some.items()]


@pytest.mark.parametrize(
    ("name", "wanted", "running"),
    [
        ("maxmemory", "1gb", "1073741824"),
        ("maxmemory", "1GB", "1073741824"),
        ("maxmemory", "1g", "1000000000"),
        ("maxmemory", "512kb", "524288"),
        ("maxmemory", 0, "0"),
        ("repl-backlog-size", "10m", "10000000"),
        ("appendonly", True, "yes"),
        ("save", ["3600 1", "300 100"], "3600 1 300 100"),
        ("save", "", ""),
        ("save", [], ""),
        ("bind", "127.0.0.1 -::1", "127.0.0.1 -::1"),
        ("bind", ["10.0.0.1", "127.0.0.1"], "10.0.0.1 127.0.0.1"),
        ("unixsocketperm", "0700", "700"),
        ("latency-tracking-info-percentiles", "50 99 99.9", "50 99 99.9"),
        ("oom-score-adj-values", [0, 200, 800], "0 200 800"),
        ("requirepass", "", ""),
        # Recorded: what a server answers after CONFIG SET notify-keyspace-events KEA.
        ("notify-keyspace-events", "KEA", "AKE"),
    ],
)
def test_a_server_that_has_the_setting(name: str, wanted: Any, running: str) -> None:
    assert settings.is_same(name, wanted, running)


@pytest.mark.parametrize(
    ("name", "wanted", "running"),
    [
        ("maxmemory", "1gb", "1000000000"),
        ("maxmemory", "1g", "1073741824"),
        ("appendonly", True, "no"),
        ("save", ["3600 1"], "3600 1 300 100"),
        ("save", "", "3600 1"),
        ("bind", "127.0.0.1", "127.0.0.1 -::1"),
        (
            "bind",
            "10.0.0.1 127.0.0.1",
            "127.0.0.1 10.0.0.1",
        ),  # the first is the one a node binds for going out
        ("requirepass", "new", "old"),
        ("requirepass", "Secret", "secret"),
        ("requirepass", "", "old"),
        # A password is no amount of memory, and its blanks count.
        ("requirepass", "1kb", "1024"),
        ("requirepass", "007", "7"),
        ("masterauth", "two  words", "two words"),
        ("masterauth", " word", "word"),
    ],
)
def test_a_server_that_has_it_not(name: str, wanted: Any, running: str) -> None:
    assert not settings.is_same(name, wanted, running)


RUNNING_LIMITS = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        ({"normal": "0 0 0", "replica": "256mb 64mb 60", "pubsub": "32mb 8mb 60"}, True),
        ({"replica": "256mb 64mb 60"}, True),  # only what is declared counts
        ({"pubsub": "32mb 8mb 60", "slave": "256mb 64mb 60"}, True),
        ("replica 268435456 67108864 60", True),
        ({"replica": [268435456, "64mb", 60]}, True),
        ({"replica": "256mb 64mb 61"}, False),
        ({"replica": "256m 64mb 60"}, False),
        ({"normal": "1 0 0"}, False),
    ],
)
def test_limits_of_clients_by_class(wanted: Any, same: bool) -> None:
    assert settings.is_same("client-output-buffer-limit", wanted, RUNNING_LIMITS) is same


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_setting_is_the_same_as_itself(text: str) -> None:
    assert settings.is_same("requirepass", text, settings.value_text(text))


def test_a_certificate_and_its_key_are_set_in_one_command():
    names = ["maxmemory", "tls-key-file", "tls-auth-clients", "tls-cert-file"]
    assert settings.set_together(names) == [["tls-cert-file", "tls-key-file"], ["maxmemory"], ["tls-auth-clients"]]
    assert settings.set_together(["maxmemory"]) == [["maxmemory"]]
    assert settings.set_together([]) == []
