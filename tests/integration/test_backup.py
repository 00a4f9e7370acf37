"""Backups of real clusters, under writers that note every acknowledgement, damaged and killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from benchmarks.load import Load
from integration.ansible_run import run_module
from integration.backups import (
    back_up,
    children,
    client,
    command_lines,
    family,
    fill,
    fill_fast,
    key_count,
    masters,
    module_process,
    restore,
    verify,
)
from integration.conftest import SIX_ON_THREE_HOSTS
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup import manifest as manifests
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

DELAY = "repl-diskless-sync-delay"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def slow_down(cluster, microseconds: int) -> None:
    """Have every node take so long for each key of a snapshot."""
    for server in cluster.servers:
        server.call("CONFIG", "SET", "rdb-key-save-delay", microseconds)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def wait_for(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_every_write_acknowledged_before_the_call_is_in_it(start, directory):
    patient = ("--cluster-node-timeout", "15000")  # large values on a busy machine are no failure
    cluster = start(SIX_ON_THREE_HOSTS, *patient)
    cluster.form()
    with client(cluster) as opened, Load([(s.host, s.port) for s in cluster.servers], PASSWORD, rate=1500) as load:
        time.sleep(0.7)
        # Its replica has not read them when the call begins: who does not wait for it misses the last one.
        for number in range(3):
            opened.set(f"{{late}}{number}", "x" * 50 * 2**20)
        opened.set("{late}last", "here")
        called = time.monotonic()
        answer = back_up(cluster, directory)
        time.sleep(0.3)
        result = load.stop()
    roles = {node["address"]: node["role"] for node in cluster.check()["nodes"]}
    assert {roles[source["source"]] for source in answer["sources"]} == {"replica"}
    assert {server.setting(DELAY) for server in cluster.servers} == {"5"}
    assert not result.failed and answer["paused_ms"] == 0
    five = start(["127.0.0.1"] * 5, *patient)
    five.form(Wish(replicas=0))
    restored = restore(five, answer["path"])
    assert key_count(five) == restored["keys_restored"] == answer["manifest"]["key_count"]
    before = [write.key for write in result.acknowledged if write.answered < called]
    with client(five) as opened:
        assert opened.get("{late}last") == b"here"
        found = opened.mget_nonatomic(before)
    assert len(before) > 500 and [key for key, value in zip(before, found) if value is None] == []


def test_a_consistent_backup_is_of_one_moment(cluster, start, directory):
    """The writer sets `first` and then `second` in another shard to the same number: second is never ahead."""
    first, second = "{b}first", "{a}second"  # slots of the first and the last shard: their snapshots begin in this order
    ended = threading.Event()

    def write() -> None:
        with client(cluster) as opened:
            for number in range(10**9):
                if ended.is_set():
                    return
                opened.set(first, number)
                opened.set(second, number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with client(cluster) as opened:
            wait_for(lambda: opened.exists(second))
        taken = []
        for number in range(4):
            time.sleep(0.1)
            taken.append(back_up(cluster, directory, name=f"b{number}", consistent=True, pause_limit=5.0))
    finally:
        ended.set()
        writer.join()
    three = start(["127.0.0.1"] * 3)
    three.form(Wish(replicas=0))
    for answer in taken:
        restore(three, answer["path"], existing="replace")
        with client(three) as opened:
            one, two = int(opened.get(first)), int(opened.get(second))
        assert one in (two, two + 1)
        assert answer["manifest"]["consistent"] and 0 < answer["paused_ms"] < 5000


def test_writes_go_on_when_a_consistent_backup_fails(cluster, directory):
    replica = cluster.replica(0)
    replica.pause()
    try:
        with pytest.raises(RedisFailure):
            back_up(cluster, directory, consistent=True, pause_limit=1.5, seconds=10)
        with client(cluster) as opened:
            started = time.monotonic()
            for number in range(30):
                opened.set(f"after:{number}", number)
            assert time.monotonic() - started < 1
    finally:
        replica.resume()
    assert names(directory) == []


def test_what_cannot_be_backed_up_is_refused(cluster, directory):
    master, replica = cluster.shard(0)
    (directory / "taken").mkdir(parents=True)
    for order, reason in (
        ({"name": "taken"}, "is there already"),
        ({"name": "../x"}, "no name of a backup"),
        ({"keep": -1}, "keep: -1 is negative"),
        ({"consistent": True, "pause_limit": 0}, "pause_limit: 0 is no time"),
        ({"client": "/nowhere/redis-cli"}, "no program"),
    ):
        with pytest.raises(Refused, match=reason):
            back_up(cluster, directory, **order)
    (directory / "file").touch()
    with pytest.raises(Refused, match="is no directory"):
        back_up(cluster, directory / "file" / "below")
    replica.call("CONFIG", "SET", "masterauth", "wrong")
    replica.call("CLIENT", "KILL", "TYPE", "master")
    wait_for(lambda: "link_down" in str(cluster.problems()))
    with pytest.raises(Refused, match=f"{master.address}.*no replica to take the backup from.*no replication link"):
        back_up(cluster, directory)
    answer = back_up(cluster, directory, source="prefer_replica", name="good")
    assert [source["source"] == source["master"] for source in answer["sources"]] == [True, False, False]
    cluster.master(1).call("CLUSTER", "DELSLOTS", 8000)
    with pytest.raises(Refused, match="slots 8000 belong to no node"):
        back_up(cluster, directory, source="prefer_replica")
    assert names(directory) == ["file", "good", "taken"]


def test_killed_at_any_point_it_leaves_nothing_that_looks_like_a_backup(cluster, directory, tmp_path):
    fill_fast(cluster, 6000)
    slow_down(cluster, 300)  # about 0.6 s a snapshot
    points = {
        "begun": lambda process, work: work.exists(),
        "writing": lambda process, work: list(work.glob("*.rdb")),
        "loading": lambda process, work: any("redis-scratch-" in line for line in children(process.pid).values()),
    }
    for name, is_reached in points.items():
        options = {"directory": str(directory), "name": name, "consistent": True}
        process = module_process("redis_backup", cluster, tmp_path, **options)
        wait_for(lambda: is_reached(process, directory / f".redis-backup-{name}"))
        started = children(process.pid)
        process.kill()
        process.communicate()
        wait_for(lambda: not set(started.values()) & set(command_lines().values()))
        assert f".redis-backup-{name}" in names(directory) and name not in names(directory)
    with client(cluster) as opened:
        wait_for(lambda: opened.set("writes", "go on"), 5)
    process = module_process("redis_backup", cluster, tmp_path, directory=str(directory), name="cut")
    wait_for(lambda: list(directory.glob(".redis-backup-cut/*.rdb")))
    os.kill(next(pid for pid, line in children(process.pid).items() if "--rdb" in line), signal.SIGKILL)
    output = process.communicate()[0]
    assert process.returncode == 1 and "its snapshot ended early" in output
    assert names(directory) == [], "what the killed runs left is gone too"
    slow_down(cluster, 0)
    assert back_up(cluster, directory)["manifest"]["key_count"] == 6001


def test_the_password_is_on_no_command_line(cluster, directory, tmp_path):
    fill_fast(cluster, 3000)
    slow_down(cluster, 300)
    process = module_process("redis_backup", cluster, tmp_path, directory=str(directory), name="secret")
    seen: set[str] = set()
    while process.poll() is None:
        seen |= set(family(process.pid).values())
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert any("--rdb" in line for line in seen) and any("redis-scratch-" in line for line in seen)
    assert not [line for line in seen if PASSWORD in line]
    assert PASSWORD not in output
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in [directory, *directory.rglob("*")]}
    assert {modes.pop(directory.name), modes.pop("secret")} == {"0o700"}
    assert set(modes.values()) == {"0o600"} and len(modes) == 4


def test_old_backups_go_once_the_new_one_is_proved(cluster, directory):
    directory.mkdir()
    for name in ("redis-20250101T000000Z", "redis-20250102T000000Z", "other-20250101T000000Z", "mine"):
        (directory / name).mkdir()
        (directory / name / manifests.FILE_NAME).touch()
    with pytest.raises(RedisFailure):
        back_up(cluster, directory, keep=2, server="/bin/false")
    assert len(names(directory)) == 4
    planned = back_up(cluster, directory, keep=2, check_mode=True)
    assert len(names(directory)) == 4
    answer = back_up(cluster, directory, keep=2, archive="zst")
    assert answer["removed"] == planned["removed"] == [str(directory / "redis-20250101T000000Z")]
    assert names(directory) == sorted(
        ["redis-20250102T000000Z", "other-20250101T000000Z", "mine", Path(answer["path"]).name]
    )


def resealed(path: Path, **changes) -> None:
    """The manifest with other values, and a checksum that fits."""
    content = json.loads(path.read_text())
    content.update(changes)
    del content["checksum"]
    path.write_text(json.dumps({**content, "checksum": manifests._checksum(content)}))


@pytest.mark.parametrize("archive", ["none", "gz", "zst"])
def test_damage_is_found_and_not_restored(cluster, directory, archive):
    fill(cluster, 300)
    answer = back_up(cluster, directory, archive=archive)
    path = Path(answer["path"])
    assert verify(directory)["sound"]
    for server in masters(cluster):
        server.call("FLUSHALL")
    whole = {file: file.read_bytes() for file in ([path] if path.is_file() else path.iterdir())}

    def is_refused(reason: str) -> None:
        found = verify(path)
        assert not found["sound"] and reason in found["backups"][0]["problem"]
        with pytest.raises(RedisFailure, match=reason):
            restore(cluster, path)
        assert key_count(cluster) == 0
        for file, content in whole.items():
            file.write_bytes(content)

    if path.is_file():
        content = whole[path]
        for damaged in (content[: len(content) // 2], content[:2000] + b"\0" * 8 + content[2008:], b""):
            path.write_bytes(damaged)
            is_refused("damaged")
        return
    rdb, manifest = path / "shard-001.rdb", path / manifests.FILE_NAME
    rdb.write_bytes(whole[rdb][:-20])
    is_refused("bytes, not")
    flipped = bytearray(whole[rdb])
    flipped[len(flipped) // 2] ^= 1
    rdb.write_bytes(flipped)
    is_refused("shard-001.rdb is not what was written")
    rdb.unlink()
    is_refused("shard-001.rdb is missing")
    manifest.write_bytes(whole[manifest].replace(b'"key_count": 300', b'"key_count": 299'))
    is_refused("its checksum does not match")
    manifest.write_bytes(whole[manifest].replace(b'"format": 1', b'"format": 2'))
    is_refused("the format is 2")
    shards = json.loads(whole[manifest])["shards"]
    resealed(manifest, shards=shards[:2])
    is_refused("every slot once")
    resealed(manifest, shards=[{**shards[0], "file": "../../etc/passwd"}, *shards[1:]])
    is_refused("its files are")
    # Even one who makes a new hash for a damaged file does not get it past the server that loads it.
    rdb.write_bytes(flipped)
    resealed(manifest, shards=[shards[0], {**shards[1], "sha256": manifests.hashlib.sha256(flipped).hexdigest()}, shards[2]])
    is_refused("does not load it")


def test_the_modules_tell_in_check_mode_what_they_then_do(cluster, directory):
    fill(cluster, 200)
    options = {"nodes": cluster.servers.addresses[:1], "password": PASSWORD}
    take = {**options, "directory": str(directory), "name": "one", "archive": "gz"}
    planned = run_module("redis_backup", take, "--check", "--diff")
    assert planned["changed"] and "one.tar.gz" in planned["output"] and names(directory) == []
    done = run_module("redis_backup", take)
    assert done["changed"] and done["sources"] == planned["sources"] and done["manifest"]["key_count"] == 200
    listed = run_module("redis_backup_info", {"path": str(directory)})
    assert listed["sound"] and [backup["manifest"]["key_count"] for backup in listed["backups"]] == [200]
    assert not run_module("redis_restore", {**options, "source": done["path"]})["changed"]
    fill(cluster, 201)
    refused = run_module("redis_restore", {**options, "source": done["path"]})
    assert refused["failed"] and "holds" in refused["refusals"][0]["reason"]
