"""Replicas of real clusters are promoted, under a writer that notes every acknowledgement."""

from __future__ import annotations

import time

import pytest
from benchmarks.load import Load
from integration.ansible_run import run_module
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.choice import Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.promotion import fail_over


REQUEST_FOR_VOTES = 5  # the type of the packet on the cluster bus


def act(cluster, seconds=30, **order):
    return fail_over(cluster.session, cluster.nodes, Order(**order), time.monotonic() + seconds)


def roles(cluster):
    return {node["address"]: node["role"] for node in cluster.check()["nodes"]}


def write(cluster):
    return Load([(server.host, server.port) for server in cluster.servers], PASSWORD, rate=1500)


def test_handing_over_loses_nothing_and_fails_nobody(cluster):
    master, replica = cluster.shard(0)
    with write(cluster) as load:
        time.sleep(1)
        answer = act(cluster, promote=(replica.address,))
        time.sleep(1)
        result = load.stop()
    assert [(f["old_master"], f["new_master"]) for f in answer["failovers"]] == [(master.address, replica.address)]
    assert cluster.check()["healthy"], "the module waited for everything"
    assert result.acknowledged and not result.lost and not result.failed
    assert result.longest_gap() < 1
    assert not act(cluster, promote=(replica.address,))["changed"]


def test_all_masters_leave_a_host_and_come_back(cluster):
    host = cluster.master(0).host
    with write(cluster) as load:
        answer = act(cluster, demote=(host,))
        result = load.stop()
    assert answer["changed"] and not result.lost and not result.failed
    assert all(role == "replica" for address, role in roles(cluster).items() if address.startswith(f"{host}:"))
    assert not act(cluster, demote=(host,))["changed"]


def test_a_dead_master_is_replaced_by_force_before_the_nodes_would(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2, "--cluster-node-timeout", "30000")
    cluster.form()
    master, replica = cluster.shard(0)
    master.kill()
    with pytest.raises(Refused, match="mode=force"):
        act(cluster, promote=(replica.address,))
    act(cluster, promote=(replica.address,), mode="force")
    assert roles(cluster)[replica.address] == "master"
    master.start()
    assert cluster.wait_until_healthy()["healthy"]


def test_a_takeover_brings_a_minority_back(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2, "--cluster-node-timeout", "3000")
    cluster.form()
    (first, heir), (second, other_heir) = cluster.shard(0), cluster.shard(1)
    first.kill()
    second.kill()
    with pytest.raises(Refused, match="most of them must vote"):
        act(cluster, promote=(heir.address,), mode="force")
    act(cluster, promote=(heir.address, other_heir.address), mode="takeover")
    deadline = time.monotonic() + 20
    while not cluster.check(replicas=0)["state"] == "ok":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    first.start()
    second.start()
    assert cluster.wait_until_healthy()["healthy"]


def test_no_replica_in_sync_is_refused_and_nothing_is_sent(cluster):
    master, replica = cluster.shard(0)
    replica.call("CONFIG", "SET", "masterauth", "wrong")
    replica.call("CLIENT", "KILL", "TYPE", "master")
    deadline = time.monotonic() + 10
    while "link_down" not in str(cluster.problems()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(Refused, match="no replication link"):
        act(cluster, demote=(master.address,))
    assert roles(cluster)[master.address] == "master"


def test_a_promotion_that_does_not_come_about_is_a_failure_that_says_so(cluster):
    master, replica = cluster.shard(0)
    for server in cluster.servers:
        server.call("DEBUG", "DROP-CLUSTER-PACKET-FILTER", REQUEST_FOR_VOTES)
    with pytest.raises(RedisFailure, match=f"{replica.address} did not become master in place of {master.address}"):
        act(cluster, seconds=2, promote=(replica.address,), mode="force")
    assert roles(cluster)[master.address] == "master"


def test_the_module_tells_in_check_mode_what_it_then_does(cluster):
    master, replica = cluster.shard(0)
    options = {"nodes": [master.address], "password": PASSWORD, "demote": [master.address]}
    planned = run_module("redis_cluster_failover", options, "--check", "--diff")
    assert planned["changed"] and f"+ {replica.address} takes the place of {master.address}" in planned["output"]
    assert roles(cluster)[master.address] == "master"
    done = run_module("redis_cluster_failover", options)
    assert done["changed"] and done["failovers"][0]["new_master"] == planned["failovers"][0]["new_master"]
    assert not run_module("redis_cluster_failover", options)["changed"]
    refused = run_module("redis_cluster_failover", {**options, "demote": ["192.0.2.1"]})
    assert refused["failed"] and refused["refusals"][0]["node"] == "192.0.2.1"
