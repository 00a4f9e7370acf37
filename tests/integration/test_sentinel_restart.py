"""Which Sentinels and data nodes wait for a restart, and that a node which waits is no master any more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.ansible_run import run_module
from integration.sentinels import NAME, PASSWORD, SENTINEL_PASSWORD, Node, Topology

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address
from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.waiting import Target, find_waiting
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scratch import build_of_program

PROGRAM = "/usr/bin/redis-server"


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    with Topology(tmp_path_factory.mktemp("group")) as servers:
        servers.converge()
        yield servers


def reasons(asked: Node, directory: Path | None = None, **wanted: object) -> tuple[str, ...]:
    """Why a server waits that shall run in this directory, its own when none is given."""
    place = {str(asked.port): {"port": str(asked.port), "dir": str(directory or asked.directory)}}
    target = {"settings": {}, "defaults": {}, "node_settings": place, "server": PROGRAM, **wanted}
    with Session(Login(password=asked.password)) as session:
        node = Address(asked.host, asked.port)
        found = find_waiting(session, [node], Target(build=build_of_program(target["server"]), **target), time.monotonic())
    return found[node].reasons


@pytest.mark.parametrize("kind", ["nodes", "sentinels"])
def test_the_module_tells_roles_and_who_waits(topology: Topology, kind: str, tmp_path: Path) -> None:
    servers, note = getattr(topology, kind), tmp_path / "note"
    master = "sentinel" if kind == "sentinels" else "master"
    replica = "sentinel" if kind == "sentinels" else "replica"
    note.touch()
    found = run_module(
        "redis_restart_info",
        {
            "nodes": [server.address for server in servers],
            "password": servers[0].password,
            "settings": {"appendonly": True},
            "files": [str(servers[0].directory / "missing")],
            "note": str(note),
        },
    )
    assert not found["changed"]
    assert found["roles"] == {s.address: master if s is topology.master else replica for s in servers}
    assert found["waiting"] == {server.address: ["a restart was asked for"] for server in servers}


def test_nobody_waits_for_what_can_be_set_live(topology: Topology) -> None:
    assert reasons(topology.nodes[0], settings={"appendonly": True}) == ()
    assert reasons(topology.nodes[0], settings={"databases": 17}) == ("the setting databases waits",)


def test_a_sentinel_waits_when_its_file_was_changed_and_comes_back_with_what_it_knows(topology: Topology) -> None:
    sentinel = topology.sentinels[0]
    files = [str(sentinel.ours)]
    assert reasons(sentinel, files=files) == ()
    sentinel.ours.write_text(sentinel.ours.read_text())
    assert reasons(sentinel, files=files) == (f"{sentinel.ours} was changed",)
    sentinel.kill()
    sentinel.start()
    sentinel.wait()
    assert reasons(sentinel, files=files) == ()
    assert topology.check(wait=True)["healthy"]


@pytest.mark.parametrize("kind", ["nodes", "sentinels"])
def test_both_wait_for_their_program_their_service_and_a_wish(topology: Topology, tmp_path: Path, kind: str) -> None:
    server = getattr(topology, kind)[0]
    other, note = tmp_path / "redis-server", tmp_path / "note"
    other.write_text(f"#!/bin/sh\n{PROGRAM} --version | sed s/build=/build=0/\n")
    other.chmod(0o755)
    note.touch()
    # The new program alone knows the setting.
    wanted = {"server": str(other), "note": str(note), "open_files": 10**9, "settings": {"new-in-it": "yes"}}
    replaced, limit, wish = reasons(server, **wanted)
    assert replaced == f"it does not run {other} as that is now"
    assert limit.startswith("it may open ") and wish == "a restart was asked for"
    os.utime(note, (0, 0))
    assert reasons(server, note=str(note)) == ()


@pytest.mark.parametrize("kind", ["nodes", "sentinels"])
def test_a_restart_in_an_empty_directory_is_refused(topology: Topology, kind: str) -> None:
    server = getattr(topology, kind)[0]
    with pytest.raises(RedisFailure, match=f"keeps its data in {server.directory}"):
        reasons(server, Path("/elsewhere"))


def test_a_master_is_none_any_more_and_a_replica_is_left_alone(topology: Topology) -> None:
    login = {"password": PASSWORD, "sentinel_password": SENTINEL_PASSWORD, "name": NAME}
    options = {"sentinels": [sentinel.address for sentinel in topology.sentinels], **login}
    assert topology.check(wait=True)["healthy"]
    old, replica = topology.master, topology.replicas[0]
    left = run_module("redis_sentinel_failover", {**options, "demote": replica.address})
    assert not left["changed"] and left["new_master"] == old.address
    # By a name: Sentinels know the number.
    done = run_module("redis_sentinel_failover", {**options, "demote": f"localhost:{old.port}"})
    assert done["changed"] and done["new_master"] == topology.master.address != old.address
    assert old.role == ("slave", topology.master.port)
