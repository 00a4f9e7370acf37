"""Settings: what is read from a URL, what is refused and in which words, and that no password is shown."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omnimind_backend.cache import CacheSettings, SettingsError

SECRET = "s3cret/@:word"
ENCODED = "s3cret%2F%40%3Aword"


def test_a_url_says_all() -> None:
    url = f"redis+cluster://app:{ENCODED}@a:7000,[::1]:7001,b?pool_size=5&ttl=10&refresh=0&prefix=x:"
    assert CacheSettings.from_url(url) == CacheSettings(
        topology="cluster", nodes=("a:7000", "[::1]:7001", "b:6379"), username="app", password=SECRET,
        pool_size=5, ttl=10.0, refresh=0.0, prefix="x:",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("none:", {"topology": "none", "nodes": ()}),
        ("redis://h", {"topology": "single", "nodes": ("h:6379",), "tls": False}),
        ("redis://u:a/b@c@h:1", {"nodes": ("h:1",), "username": "u", "password": "a/b@c"}),
        ("rediss://:p@h:1", {"topology": "single", "nodes": ("h:1",), "tls": True, "username": "", "password": "p"}),
        ("redis+sentinel://h,[::2]/main", {"nodes": ("h:26379", "[::2]:26379"), "service": "main"}),
    ],
)
def test_urls(url: str, told: dict[str, Any]) -> None:
    settings = CacheSettings.from_url(url)
    assert {name: getattr(settings, name) for name in told} == told


def test_an_ipv6_address_loses_its_brackets() -> None:
    assert CacheSettings(topology="single", nodes=("[::1]:7001",)).addresses == (("::1", 7001),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"topology": "ring"}, ["topology", "'ring'", "cluster, sentinel, single, none"]),
        ({"nodes": ()}, ["nodes", "at least one host:port"]),
        ({"nodes": ("a",)}, ["nodes", "'a'", "host:port"]),
        ({"nodes": ("a:0",)}, ["nodes", "'a:0'", "1 to 65535"]),
        ({"nodes": ("a:1", "b:2"), "topology": "single"}, ["nodes", "exactly one"]),
        ({"topology": "sentinel"}, ["service", "the master's name"]),
        ({"service": "main"}, ["service", "'main'", "empty"]),
        ({"username": "app"}, ["password", "username", "both"]),
        ({"ca_file": "/nowhere.pem", "tls": True}, ["ca_file", "'/nowhere.pem'", "PEM"]),
        ({"ca_file": "/etc/hostname"}, ["ca_file", "tls"]),
        ({"pool_size": 0}, ["pool_size", "0", "a whole number from 1"]),
        ({"pool_size": True}, ["pool_size", "True", "a whole number"]),
        ({"pool_size": 1.5}, ["pool_size", "1.5", "a whole number"]),
        ({"command_timeout": 0}, ["command_timeout", "0", "0.01"]),
        ({"connect_timeout": "1"}, ["connect_timeout", "'1'", "a number"]),
        ({"local_entries": -1}, ["local_entries", "-1", "from 0"]),
        ({"ttl": 0}, ["ttl", "0", "0.001"]),
        ({"ttl": float("nan")}, ["ttl", "nan", "a number"]),
        ({"refresh": 0.9}, ["refresh", "0.9", "to 0.5"]),
        ({"prefix": "{a}"}, ["prefix", "'{a}'", "braces"]),
        ({"prefix": ""}, ["prefix", "''", "not empty"]),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SettingsError) as refusal:
        CacheSettings(**{"topology": "cluster", "nodes": ("a:1",), **change})
    assert str(refusal.value).startswith(words[0] + ":")
    assert [word for word in words if word not in str(refusal.value)] == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://:{ENCODED}@h", ["url", "'http:...'", "redis+cluster"]),
        (f"redis://:{ENCODED}@h?tls=1", ["url", "?tls=", "pool_size"]),
        (f"redis://:{ENCODED}@h?ttl=soon", ["ttl", "'soon'", "a number"]),
        (f"redis://:{ENCODED}@h?pool_size=1.5", ["pool_size", "'1.5'", "a whole number"]),
        (f"redis://{ENCODED}@h", ["url", "user:password@host"]),
        (f"redis://:{ENCODED}@h:port", ["nodes", "'h:port'"]),
        ("redis://:s3?s3cret@h", ["url", "%3F"]),
    ],
)
def test_a_url_is_refused_without_its_password(url: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as refusal:
        CacheSettings.from_url(url)
    assert [word for word in words if word not in str(refusal.value)] == []
    assert "s3cret" not in str(refusal.value)


def test_a_password_is_never_shown() -> None:
    settings = CacheSettings(
        topology="single", nodes=("h:1",), username="app", password=SECRET, sentinel_password=SECRET
    )
    assert "s3cret" not in f"{settings!r} {settings}"
    assert pickle.loads(pickle.dumps(settings)).password == SECRET  # It is there all the same.


def test_settings_can_be_changed_by_copy_only(tmp_path: Path) -> None:
    settings = CacheSettings()
    with pytest.raises(AttributeError):
        settings.ttl = 1  # type: ignore[misc]
    (tmp_path / "ca.pem").touch()
    assert replace(settings, tls=True, ca_file=str(tmp_path / "ca.pem")).tls
