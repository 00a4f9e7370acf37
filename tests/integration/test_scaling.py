"""Real clusters grow and shrink under a writer that notes every acknowledgement."""

from __future__ import annotations

import re
import time
from itertools import count, islice

import pytest
from benchmarks.load import Load
from integration.ansible_run import run_module
from integration.scaling import act, arguments, fill, keys_of_masters, missing, settled
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.acting import Limits
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.batches import Pace
from ansible_collections.omnimind.platform.plugins.module_utils.redis.slots import key_slot

EIGHT_ON_FOUR_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"] * 2


class Grown:
    """Eight servers on four hosts; those of three are a cluster of three masters."""

    def __init__(self, start, *options):
        self.all = start(EIGHT_ON_FOUR_HOSTS, *options)
        self.old = [server for server in self.all.servers if server.host != "127.0.0.4"]
        self.new = [server for server in self.all.servers if server.host == "127.0.0.4"]
        self.cluster = type(self.all)(self.old, self.all.session)
        self.cluster.form()


@pytest.fixture
def grown(start):
    return Grown(start)


def write(grown):
    return Load([(server.host, server.port) for server in grown.old], PASSWORD, rate=1000)


def test_a_shard_is_added_and_its_host_taken_off_again(grown):
    data = fill(grown.cluster)
    with write(grown) as load:
        time.sleep(0.5)
        planned = act(grown.all, grown.all.servers, check_mode=True)
        added = act(grown.all, grown.all.servers)
        settled(grown.all, grown.all.servers, 4)
        removed = act(grown.cluster, grown.old, leaving=["127.0.0.4"])
        settled(grown.cluster, grown.old, 3)
        time.sleep(0.5)
        result = load.stop()
    assert planned["plan"] == added["plan"] and planned["remaining_slots"] == added["moved_slots"] == 4096
    assert "+ 127.0.0.4:" in planned["diff"]["after"] and "joins the cluster" in planned["diff"]["after"]
    assert removed["moved_slots"] == 4096 and added["finished"] and removed["finished"]
    assert result.acknowledged and not result.lost
    # A client may be sent to a node that it does not know yet, on which redis-py itself stumbles.
    assert set(result.errors) <= {"AttributeError"}
    assert not missing(grown.cluster, data)
    assert keys_of_masters(grown.cluster, grown.old) == len(data) + 4 + len(result.acknowledged)
    assert all(len(server.call("CLUSTER", "NODES").splitlines()) == 1 for server in grown.new), "they know nobody"
    assert not [node for node in added["cluster"]["problems"] if node["code"] == "shares_host"]


def test_a_host_is_exchanged_for_another_without_moving_a_slot(grown):
    data = fill(grown.cluster)
    gone = [server for server in grown.old if server.host == "127.0.0.3"]
    staying = [server for server in grown.all.servers if server not in gone]
    answer = act(grown.all, staying, leaving=gone)
    assert {"join", "promote", "leave"} <= {step["action"] for step in answer["plan"]}
    assert answer["moved_slots"] == 0
    now = type(grown.all)(staying, grown.all.session)
    settled(now, staying, 3)
    assert not missing(now, data)


def test_replicas_become_masters_and_replicas_again(grown):
    data = fill(grown.cluster)
    answer = act(grown.cluster, grown.old, replicas=0)
    assert [step["action"] for step in answer["plan"]].count("empty") == 3
    assert len(grown.cluster.check(replicas=0)["shards"]) == 6 and not missing(grown.cluster, data)
    assert not act(grown.cluster, grown.old, replicas=0)["changed"]
    act(grown.cluster, grown.old, replicas=1)
    settled(grown.cluster, grown.old, 3)
    assert not missing(grown.cluster, data)


def test_replicas_are_added_without_moving_a_slot(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 3)
    six = type(cluster)(cluster.servers[:6], cluster.session)
    six.form()
    answer = act(cluster, cluster.servers, replicas=2)
    assert answer["moved_slots"] == 0
    settled(cluster, cluster.servers, 3, replicas=2)
    assert {len(shard["replicas"]) for shard in cluster.check()["shards"]} == {2}


def test_memory_is_balanced(grown):
    names = (f"heavy:{number}" for number in count())
    heavy = islice((name for name in names if key_slot(name) < 400), 6000)
    with grown.all.master(0).client() as redis, redis.pipeline(transaction=False) as pipeline:
        for name in heavy:
            pipeline.set(name, "x" * 5000)
        pipeline.execute()
    before = [shard["key_count"] for shard in grown.cluster.check()["shards"]]
    answer = act(grown.cluster, grown.old, balance="memory", tolerance=10)
    after = [shard["key_count"] for shard in grown.cluster.check()["shards"]]
    assert answer["changed"] and 0 < answer["moved_slots"] < 1000
    assert max(after) - min(after) < 0.4 * (max(before) - min(before))
    assert not act(grown.cluster, grown.old, balance="memory", tolerance=10)["changed"]


def test_functions_are_on_new_masters(grown):
    library = "#!lua name=mylib\nredis.register_function('answer', function() return 42 end)"
    for server in grown.old:
        if server.call("ROLE")[0] == "master":
            server.call("FUNCTION", "LOAD", library)
    act(grown.all, grown.all.servers)
    masters = [server for server in grown.all.servers if server.call("ROLE")[0] == "master"]
    assert len(masters) == 4 and all(server.call("FCALL", "answer", 0) == 42 for server in masters)


def test_keys_move_no_faster_than_allowed(grown):
    fill(grown.cluster, 2000)
    answer = act(grown.all, grown.all.servers, pace=Pace(keys_per_second=400))
    assert answer["moved_keys"] > 300
    assert answer["moving_seconds"] > (answer["moved_keys"] - 100) / 400


def test_the_module_shows_progress_and_changes_nothing_when_run_again(grown):
    fill(grown.cluster, 2000)
    options = arguments(grown.all.servers, slice_seconds=1, keys_per_second=200)
    planned = run_module("redis_cluster_scale", options, "--check", "--diff")
    assert planned["changed"] and "finished" not in planned
    assert "joins the cluster" in planned["output"] and len(grown.cluster.check()["nodes"]) == 6
    done = run_module("redis_cluster_scale", options)
    line = r"redis_cluster_scale: (\d+) of 4096 slots moved, \d+ keys, \d+ keys/s, about \d+ s left"
    lines = re.findall(line, done["output"])
    assert len(lines) >= 2 and lines == sorted(lines, key=int)
    assert done["finished"] and done["plan"] == planned["plan"]
    assert done["moved_slots"] == 4096 and done["remaining_slots"] == 0
    again = run_module("redis_cluster_scale", options)
    assert not again["changed"] and again["plan"] == []
    wrong = run_module("redis_cluster_scale", {**options, "batch_keys": 0})
    assert wrong["failed"] and wrong["msg"] == "batch_keys: 0 is below 1, the least that makes sense"


def layout(grown):
    """Shards with their keys, what each node knows of the others, and its settings."""
    lines = [line.split() for server in grown.old for line in server.call("CLUSTER", "NODES").splitlines()]
    views = sorted((fields[0], fields[2], fields[3], *fields[8:]) for fields in lines)
    return grown.cluster.check()["shards"], views, [server.call("CONFIG", "GET", "cluster-*") for server in grown.old]


def test_refusals_change_nothing(grown):
    fill(grown.cluster, 500)
    before = layout(grown)

    def refused(reason, servers, **options):
        with pytest.raises(Refused, match=reason):
            act(grown.all, servers, **options)
        assert layout(grown) == before

    refused("named neither in nodes nor in leaving", grown.old[:3] + grown.old[4:], replicas=0)
    refused("6 nodes are needed for 3 masters", grown.old[:2] + grown.old[3:5], leaving=["127.0.0.3"])
    refused("is named in nodes and in leaving", grown.old, leaving=[grown.old[0]])
    grown.new[0].call("DEBUG", "POPULATE", 1)
    refused("holds 1 keys", grown.all.servers)
    grown.new[0].call("FLUSHALL")
    for server in grown.new:
        server.call("CONFIG", "SET", "maxmemory", "1mb")
    refused("maxmemory is 1.0 MB and maxmemory-policy is noeviction", grown.all.servers)
    for server in grown.new:
        server.call("CONFIG", "SET", "maxmemory", "0")
    crowded = [server for server in grown.old if server.host != "127.0.0.3"] + grown.new[:1]
    refused("5 are listed", crowded, leaving=["127.0.0.3"])
    grown.new[1].kill()
    refused("does not answer", grown.all.servers)


def test_a_dead_master_is_refused_and_a_dead_replica_forgotten(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2 + ["127.0.0.4"])
    cluster.form()
    seventh = cluster.servers[6]
    six = type(cluster)(cluster.servers[:6], cluster.session)
    assert seventh.call("ROLE")[0] == "slave"
    seventh.kill()
    with pytest.raises(Refused, match="named neither"):
        act(six, six.servers)
    answer = act(six, six.servers, leaving=["127.0.0.4"])
    assert "forget" in {step["action"] for step in answer["plan"]} and six.check()["healthy"]
    assert answer["moved_slots"] == 0 and len(six.check()["nodes"]) == 6
    master, replica = cluster.shard(0)
    replica.kill()
    master.kill()
    rest = [server for server in six.servers if server not in (master, replica)]
    with pytest.raises(Refused, match="slots of .* are not served|6 nodes are needed"):
        act(six, rest, leaving=[master, replica], limits=Limits(timeout=1))
