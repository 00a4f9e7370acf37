"""Backups are restored into clusters of other sizes, killed midway, into full and into used ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.ansible_run import MODULE_PYTHON, run_playbook
from integration.backups import (
    FUNCTION,
    back_up,
    client,
    everything,
    fill,
    fill_fast,
    fill_with_everything,
    key_count,
    masters,
    module_process,
    restore,
)
from integration.servers import PASSWORD
from integration.test_backup import wait_for

from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.target import MARK
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def alone(start: Callable) -> Callable:
    """A function that makes a cluster of so many masters without replicas."""

    def make(count: int, *options: str):
        cluster = start(["127.0.0.1"] * count, *options)
        cluster.form(Wish(replicas=0))
        return cluster

    return make


def test_every_type_comes_back_the_same_in_a_cluster_of_another_size(cluster, alone, directory):
    fill_with_everything(cluster)
    with client(cluster) as opened:
        opened.set("gone", "soon", px=1500)
        expires = time.monotonic() + 1.5
    answer = back_up(cluster, directory)
    before = {key: value for key, value in everything(cluster).items() if key != b"gone"}
    assert answer["manifest"]["functions"] == ["greetings"]
    time.sleep(max(0.0, expires - time.monotonic()))
    five = alone(5)
    restored = restore(five, answer["path"])
    assert everything(five) == before
    assert restored["keys_restored"] == key_count(five) == len(before)
    assert restored["keys_expired"] == 1 and answer["manifest"]["key_count"] == len(before) + 1
    assert sum(shard["key_count"] for shard in restored["shards"]) == len(before)
    with client(five) as opened:
        assert opened.xpending("stream", "group")["pending"] == 20
    assert masters(five)[4].call("FCALL", "greet", 0) == "hello"
    repeated = restore(five, answer["path"])
    assert not repeated["changed"] and repeated["keys_present"] == len(before)
    with client(five) as opened:
        opened.set("one more", "key")
        with pytest.raises(Refused, match="holds .* keys"):
            restore(five, answer["path"])
        opened.delete("one more")
    again = back_up(five, directory, source="master", name="again")
    for server in masters(cluster):
        server.call("FLUSHALL")
    restore(cluster, again["path"])
    assert everything(cluster) == before and cluster.check()["healthy"]
    copies = {server.call("DBSIZE") for shard in range(3) for server in cluster.shard(shard)}
    assert copies == {server.call("DBSIZE") for server in masters(cluster)}, "the replicas have it too"


def test_keys_that_are_there_are_not_touched_unless_that_is_said(alone, directory):
    three = alone(3)
    fill(three, 100)
    with client(three) as opened:
        # Every server has them in another order.
        opened.sadd("a set", *(f"member {number}" for number in range(2000)))
        opened.hset("a hash", mapping={f"field {number}": number for number in range(2000)})
        opened.expire("a hash", 3600)
    answer = back_up(three, directory, source="master")
    with client(three) as opened:
        opened.delete("key:1")
        opened.set("key:2", "newer")
        opened.set("mine", "own")
    before = everything(three)
    with pytest.raises(Refused, match="holds .* keys; existing=keep") as caught:
        restore(three, answer["path"])
    assert len(caught.value.details["refusals"]) == 3 and everything(three) == before
    kept = restore(three, answer["path"], existing="keep")
    with client(three) as opened:
        assert opened.get("key:2") == b"newer" and opened.get("key:1")
    assert (kept["keys_restored"], kept["keys_kept"], kept["keys_present"]) == (1, 1, 100)
    replaced = restore(three, answer["path"], existing="replace")
    with client(three) as opened:
        assert opened.get("key:2") == b"x" * 50 and opened.get("mine") == b"own"
    assert (replaced["keys_restored"], replaced["keys_replaced"], replaced["keys_present"]) == (0, 1, 101)
    assert replaced["changed"] and not restore(three, answer["path"], existing="replace")["changed"]


def test_killed_midway_it_ends_right_when_run_again(alone, directory, tmp_path):
    three = alone(3)
    fill_fast(three, 15000, 1000)
    answer = back_up(three, directory, source="master")
    other = back_up(three, directory, source="master", name="other")
    before = everything(three)
    five = alone(5)
    nodes = masters(five)

    def count() -> int:
        return sum(server.call("DBSIZE") for server in nodes)

    for share in (0, 0.2, 0.7):
        process = module_process("redis_restore", five, tmp_path, source=answer["path"])
        wait_for(lambda: count() > share * 15000, 20)
        process.kill()
        process.communicate()
    partly = count()
    assert 0 < partly < len(before)
    with pytest.raises(Refused, match="another backup was being restored"):
        restore(five, other["path"])
    resumed = restore(five, answer["path"])
    assert everything(five) == before
    assert resumed["resumed"] and resumed["keys_present"] == partly - 1, "the mark was among them"
    assert resumed["keys_present"] + resumed["keys_restored"] == len(before)


def test_what_somebody_wrote_after_the_kill_is_not_overwritten(alone, directory):
    three = alone(3)
    fill(three, 100)
    answer = back_up(three, directory, source="master")
    with client(three) as opened:
        for number in range(50):
            opened.delete(f"key:{number}")
        opened.set("key:77", "newer")
        opened.set(MARK, answer["manifest"]["id"])
    with pytest.raises(RedisFailure, match="1 keys are there with another content.*key:77"):
        restore(three, answer["path"])
    with client(three) as opened:
        assert opened.get("key:77") == b"newer" and opened.exists(MARK)
        opened.delete("key:77")
    restore(three, answer["path"])
    assert key_count(three) == 100


def test_too_little_memory_is_told_before_the_first_key(alone, directory):
    three = alone(3)
    fill_fast(three, 3000, 2000)
    answer = back_up(three, directory, source="master")
    small = alone(3, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru")
    with pytest.raises(Refused, match="may hold 3 MB .maxmemory., and would hold about"):
        restore(small, answer["path"])
    assert key_count(small) == 0


@pytest.mark.parametrize("policy, reason", [("noeviction", "used memory > .maxmemory"), ("allkeys-lru", "keys were evicted")])
def test_memory_that_runs_out_loses_nothing_silently(alone, directory, policy, reason):
    """One key in a hundred is large, and all large ones have the same slot: no estimate sees that."""
    three = alone(3)
    fill(three, 2000, "x" * 100)
    with client(three) as opened:
        for number in range(80):
            opened.set(f"{{tag}}{number}", "x" * 100_000)
    answer = back_up(three, directory, source="master")
    six = alone(6, "--maxmemory", "7500kb", "--maxmemory-policy", policy)
    with pytest.raises(RedisFailure, match=reason):
        restore(six, answer["path"])
    for server in six.servers:
        server.call("CONFIG", "SET", "maxmemory", 0)
    restore(six, answer["path"])
    assert everything(six) == everything(three)


def test_functions_of_one_name_must_be_the_same(alone, directory):
    three = alone(3)
    for server in masters(three):
        server.call("FUNCTION", "LOAD", FUNCTION)
    answer = back_up(three, directory, source="master")
    masters(three)[1].call("FUNCTION", "LOAD", "REPLACE", FUNCTION.replace("hello", "goodbye"))
    with pytest.raises(RedisFailure, match="greetings is not the same in all shards"):
        back_up(three, directory, source="master", name="two")
    with pytest.raises(Refused, match="another function library greetings"):
        restore(three, answer["path"])
    assert restore(three, answer["path"], existing="replace")["functions_loaded"] == 1
    assert masters(three)[1].call("FCALL", "greet", 0) == "hello"


def test_a_node_that_is_lost_midway_is_named_and_the_rest_follows(cluster, alone, directory):
    fill_fast(cluster, 20000, 1000)
    answer = back_up(cluster, directory)
    three = alone(3)
    victim = masters(three)[1]
    killer = threading.Thread(target=lambda: (wait_for(lambda: victim.call("DBSIZE") > 500), victim.kill()))
    killer.start()
    with pytest.raises(RedisFailure, match=f"{victim.address}.* was lost"):
        restore(three, answer["path"])
    killer.join()
    victim.start()  # empty: it has no persistence
    victim.wait()
    wait_for(lambda: three.check()["state"] == "ok")
    restore(three, answer["path"])
    assert key_count(three) == 20000


def test_playbooks_back_a_cluster_up_and_restore_it(start, directory, tmp_path):
    cluster = start(["127.0.0.1"] * 6)
    cluster.form()
    fill(cluster, 300)
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": MODULE_PYTHON,
        "redis_cluster_address": "127.0.0.1",
        "redis_cluster_ports": [server.port for server in cluster.servers],
        "redis_cluster_password": PASSWORD,
        "redis_cluster_backup_directory": str(directory),
    }
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(json.dumps({"redis": {"hosts": {"localhost": variables}}}))
    fetched = tmp_path / "controller"
    done = run_playbook("redis_backup.yml", inventory, "-e", f"redis_cluster_backup_fetch={fetched}")
    assert done.returncode == 0 and "300 keys" in done.stdout, done.stdout + done.stderr
    (archive,) = fetched.iterdir()
    refused = run_playbook("redis_restore.yml", inventory)
    assert refused.returncode and "redis_cluster_restore_source: it is empty" in refused.stdout
    for server in masters(cluster):
        server.call("FLUSHALL")
    done = run_playbook(
        "redis_restore.yml", inventory, "-e", f"redis_cluster_restore_source={archive}", "-e", '{"redis_cluster_restore_upload": true}'
    )  # fmt: skip
    assert done.returncode == 0 and "16384" in done.stdout, done.stdout + done.stderr
    assert key_count(cluster) == 300
    assert PASSWORD not in done.stdout
