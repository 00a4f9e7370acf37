"""Which server may replace which, and in which order servers are restarted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.order import restart_order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.versions import (
    Version,
    parse_version,
    path_objection,
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("7.0.15", (7, 0, 15)), ("5:7.0.15-1~deb12u9", (7, 0, 15)), ("8.1.1+dfsg1-3", (8, 1, 1)), ("5:7.0*", (7, 0))],
)
def test_versions_of_servers_and_packages(text, numbers):
    assert parse_version("redis", text) == Version("redis", numbers)


@pytest.mark.parametrize("text", ["", "(none)", "unknown"])
def test_what_is_no_version(text):
    with pytest.raises(ValueError, match="no version of valkey"):
        parse_version("valkey", text)


def version(text: str) -> Version:
    return parse_version(*text.split())


@pytest.mark.parametrize(
    "path",
    [
        "redis 7.0.15 -> redis 7.0.15",
        "redis 7.0.15 -> redis 7.0",
        "redis 7.0 -> redis 7.2.4",
        "redis 6.2.1 -> redis 7.0.15",
        "redis 7.0.15 -> redis 8.0.2",
        "redis 7.0.15 -> valkey 8.1.1",
        "redis 7.2.5 -> valkey 7.2.5",
        "valkey 7.2.5 -> valkey 8.1.1",
        "valkey 8.1.1 -> valkey 9.0.0",
    ],
)
def test_supported_paths(path):
    assert path_objection(*map(version, path.split(" -> "))) == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("redis 7.0.15 -> redis 7.0.14", "a downgrade"),
        ("redis 8.0.2 -> redis 7.0", "a downgrade"),
        ("valkey 8.1.1 -> valkey 8.0.1", "a downgrade"),
        ("redis 5.0.3 -> redis 7.0.15", "go through version 6 first"),
        ("redis 7.0.15 -> redis 9.0.0", "go through version 8 first"),
        ("redis 6.2.1 -> valkey 8.1.1", "go through version 7 first"),
        ("valkey 7.2.5 -> valkey 9.0.0", "go through version 8 first"),
        ("redis 7.4.0 -> valkey 8.1.1", "Valkey reads what Redis wrote until 7.2"),
        ("redis 8.0.2 -> valkey 9.0.0", "Valkey reads what Redis wrote until 7.2"),
        ("valkey 8.1.1 -> redis 8.2.0", "Redis does not read what Valkey writes"),
    ],
)
def test_refused_paths(path, reason):
    running, target = path.split(" -> ")
    objection = path_objection(version(running), version(target))
    assert objection.startswith(f"{running} cannot be replaced by {target}") and reason in objection


def answer(**servers: str) -> dict[str, dict]:
    """Of redis_restart_info, where all servers wait: role_port="host"."""
    roles = {f"{host}:{name.partition('_')[2]}": name.partition("_")[0] for name, host in servers.items()}
    return {"roles": roles, "waiting": {address: ["why"] for address in roles}}


def test_replicas_come_before_masters():
    answers = {f"host{i}": answer(master_7000=f"10.0.0.{i}", replica_7001=f"10.0.0.{i}") for i in (1, 2, 3)}
    order = restart_order(answers)
    assert [entry["role"] for entry in order] == ["replica"] * 3 + ["master"] * 3
    assert {entry["node"] for entry in order} == {f"10.0.0.{i}:{port}" for i in (1, 2, 3) for port in (7000, 7001)}
    assert order[0] == {
        "node": "10.0.0.1:7001", "host": "host1", "instance": "7001", "role": "replica", "reasons": ["why"],
    }  # fmt: skip


@given(st.permutations(["sentinel", "replica", "master", "sentinel", "replica"]))
def test_sentinels_come_first_and_the_master_last(roles):
    answers = {f"host{i}": answer(**{f"{role}_1": f"10.0.0.{i}"}) for i, role in enumerate(roles)}
    found = [entry["role"] for entry in restart_order(answers)]
    assert found == ["sentinel", "sentinel", "replica", "replica", "master"]


def test_instances_are_named_by_the_plain_ports_where_nodes_are_reached_through_tls():
    (entry,) = restart_order({"host1": answer(master_7101="[fd00::1]")}, port_offset=100)
    assert entry["node"] == "[fd00::1]:7101" and entry["instance"] == "7001"


def test_who_does_not_wait_is_left_alone():
    skipped = {"changed": False, "skipped": True}
    assert restart_order({"host1": {"roles": {"10.0.0.1:1": "master"}, "waiting": {}}, "host2": skipped}) == []
