"""The slot check against truth: damage made on real clusters, each kind called by its name."""

from __future__ import annotations

import shutil
import time

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation
from ansible_collections.omnimind.platform.plugins.module_utils.redis.views import parse_view

# A long node timeout, so that damage is still fresh when the check looks at it.
PATIENT = ("--cluster-node-timeout", "15000")


@pytest.fixture
def patient(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2, *PATIENT)
    cluster.form()
    return cluster


def test_a_healthy_cluster_has_no_problem(cluster):
    found = cluster.check()
    assert found["healthy"] and found["agree"] and found["state"] == "ok"
    assert found["problems"] == []
    assert found["slots"]["covered"] == 16384


def test_one_seed_is_enough(cluster):
    del cluster.servers[1:5], cluster.servers[1:]
    found = cluster.check()
    assert len(found["nodes"]) == 6 and found["problems"] == []


def test_deleted_slots(cluster):
    master = cluster.master(0)
    master.call("CLUSTER", "DELSLOTSRANGE", 0, 100)
    found = cluster.check()
    problem = {p["code"]: p for p in found["problems"]}["slots_uncovered"]
    assert problem["slots"] == "0-100" and problem["severity"] == "error"
    assert not found["healthy"] and found["slots"]["covered"] == 16384 - 101


def test_a_migrating_slot(cluster):
    master, other = cluster.master(0), cluster.master(1)
    master.call("CLUSTER", "SETSLOT", 7, "MIGRATING", other.id)
    problem = cluster.problems()["slots_open"]
    assert problem["slots"] == "7" and problem["nodes"] == [master.address, other.address]
    assert cluster.check()["slots"]["migrating"] == "7"


def test_an_importing_slot(cluster):
    master, other = cluster.master(0), cluster.master(1)
    other.call("CLUSTER", "SETSLOT", 7, "IMPORTING", master.id)
    assert cluster.problems()["slots_open"]["nodes"] == [other.address, master.address]
    assert cluster.check()["slots"]["importing"] == "7"


def test_two_owners_of_a_slot(patient):
    master, rival = patient.master(0), patient.master(1)
    patient.freeze_gossip()
    rival.call("CLUSTER", "DELSLOTS", 42)
    rival.call("CLUSTER", "ADDSLOTS", 42)
    problem = patient.problems()["slots_disputed"]
    assert problem["slots"] == "42" and set(problem["nodes"]) == {master.address, rival.address}


def test_a_replica_is_down(cluster):
    master, replica = cluster.shard(0)
    replica.kill()
    found = cluster.problems()
    assert found["node_unreachable"]["nodes"] == [replica.address]
    assert found["master_orphaned"]["nodes"] == [master.address]
    assert cluster.wait_for_problem("node_failing")["nodes"] == [replica.address]


def test_a_master_is_down_and_its_replica_not_promoted_yet(patient):
    master, replica = patient.shard(0)
    master.kill()
    found = patient.problems()
    assert found["slots_unserved"]["slots"] == "0-5460"
    assert replica.address in found["slots_unserved"]["message"]


def test_a_whole_shard_is_down(cluster):
    for server in cluster.shard(2):
        server.kill()
    found = cluster.problems()
    assert found["slots_unserved"]["slots"] == "10922-16383"
    assert "no replica of it is alive" in found["slots_unserved"]["message"]
    assert len(cluster.wait_for_problem("state_down")["nodes"]) == 4


def test_a_node_hangs(cluster):
    replica = cluster.replica(1)
    replica.pause()
    assert cluster.problems()["node_unreachable"]["nodes"] == [replica.address]


def test_a_suspected_node(patient):
    """The first sign of a failure: some nodes wait for an answer longer than the node timeout."""
    replica = patient.replica(1)
    for server in patient.servers:
        server.call("CONFIG", "SET", "cluster-node-timeout", 600)
    replica.pause()
    deadline = time.monotonic() + 10
    codes: set[str] = set()
    while "node_suspected" not in codes and time.monotonic() < deadline:
        codes |= _codes_of_living(patient, replica)
    assert "node_suspected" in codes


def _codes_of_living(cluster, silent):
    """Codes found by asking from one living node on; the silent one costs only a short time-out."""
    with Session(Login(password=cluster.session.login.password, timeout=0.05)) as session:
        found = check_cluster(session, [n for n in cluster.nodes if n.address.port != silent.port], Expectation())
    return {problem["code"] for problem in found["problems"]}


def test_a_replica_is_cut_off_from_its_master(cluster):
    master, replica = cluster.shard(0)
    replica.call("CONFIG", "SET", "masterauth", "wrong")
    master.call("CLIENT", "KILL", "TYPE", "replica")
    assert cluster.wait_for_problem("replica_link_down")["nodes"] == [replica.address, master.address]


def test_a_stale_view_after_a_partition(patient):
    """A node is away during a failover, and comes back where nobody talks to it."""
    away = patient.replica(2)
    master, replica = patient.shard(0)
    away.kill()
    replica.call("CLUSTER", "FAILOVER")
    others = [server for server in patient.servers if server is not away]
    _wait(lambda: {_master_in_view(server, master) for server in others} == {replica.id})
    for server in others:
        server.call("DEBUG", "DROP-CLUSTER-PACKET-FILTER", 0)
    away.options += ["--cluster-port", str(away.port + 20000)]
    away.start()
    away.wait()
    found = patient.check()
    differing = [problem for problem in found["problems"] if problem["code"] == "views_differ"]
    assert [problem["nodes"] for problem in differing] == [[away.address]]
    assert differing[0]["slots"] == "0-5460" and not found["agree"]


def test_an_orphaned_master(cluster):
    (master, replica), other = cluster.shard(0), cluster.master(1)
    replica.call("CLUSTER", "REPLICATE", other.id)
    assert cluster.wait_for_problem("master_orphaned")["nodes"] == [master.address]


def test_a_master_with_too_few_replicas(cluster):
    assert cluster.problems(replicas=2)["replicas_missing"]["severity"] == "error"


def test_a_forgotten_node(cluster):
    replica = cluster.replica(0)
    master = cluster.master(1)
    master.call("CLUSTER", "FORGET", replica.id)
    assert cluster.problems()["node_forgotten"]["nodes"] == [replica.address, master.address]


def test_a_listed_node_outside_the_cluster(cluster):
    replica = cluster.replica(0)
    replica.call("CLUSTER", "RESET", "HARD")
    assert cluster.wait_for_problem("node_not_joined")["nodes"] == [replica.address]


def test_a_handshake_in_vain(patient):
    master = patient.master(0)
    master.call("CLUSTER", "MEET", "127.0.0.9", 10999)
    problem = patient.wait_for_problem("node_handshake")
    assert problem["nodes"] == [master.address, "127.0.0.9:10999"] and "20999" in problem["message"]


def test_a_cut_bus_link(cluster):
    master, replica = cluster.shard(0)
    replica.call("CONFIG", "SET", "cluster-announce-bus-port", 1)
    assert replica.address in cluster.wait_for_problem("bus_link_down")["nodes"]


def test_an_idle_master(start):
    cluster = start(["127.0.0.1"] * 7)
    idle = cluster.servers.pop()
    cluster.form()
    cluster.servers[0].call("CLUSTER", "MEET", idle.host, idle.port)
    problem = cluster.wait_for_problem("node_idle")
    assert problem["nodes"] == [idle.address] and problem["severity"] == "warning"
    cluster.servers.append(idle)


def test_a_master_and_its_replica_on_one_host(cluster):
    shards = cluster.check()["shards"]
    replica = cluster.servers.by_address(shards[0]["replicas"][0])
    beside = next(s for s in shards if s["master"].startswith(f"{replica.host}:"))
    replica.call("CLUSTER", "REPLICATE", cluster.servers.by_address(beside["master"]).id)
    problem = cluster.wait_for_problem("shares_host")
    assert problem["nodes"] == [beside["master"], replica.address] and problem["severity"] == "warning"


def test_a_master_and_its_replica_in_one_zone(start):
    zones = {"127.0.0.1": "a", "127.0.0.2": "a", "127.0.0.3": "b", "127.0.0.4": "b"}
    cluster = start([*zones, "127.0.0.1", "127.0.0.2"], zones=zones)
    cluster.form(Wish(anti_affinity="preferred"))
    assert cluster.problems()["shares_zone"]["severity"] == "warning"  # four of six nodes are in zone a
    assert cluster.check()["healthy"]


def test_two_masters_only(start):
    cluster = start(["127.0.0.1", "127.0.0.2"])
    one, other = cluster.servers
    one.call("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
    other.call("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
    one.call("CLUSTER", "MEET", other.host, other.port)
    _wait(lambda: cluster.check(replicas=0)["healthy"])
    assert list(cluster.problems(replicas=0)) == ["masters_too_few"]


def test_a_wrong_password(cluster):
    with Session(Login(password="wrong")) as session:
        cluster.session, right = session, cluster.session
        codes = {problem["code"] for problem in cluster.check()["problems"]}
        cluster.session = right
    assert codes == {"node_login_refused"}


def test_a_server_outside_cluster_mode(start):
    single = start(["127.0.0.1"], "--cluster-enabled", "no")
    assert list(single.problems()) == ["node_not_clustered"]


def test_a_failing_snapshot(cluster):
    master = cluster.master(0)
    shutil.rmtree(master.directory)
    master.call("BGSAVE")
    assert cluster.wait_for_problem("persistence_failing")["nodes"] == [master.address]


def test_a_forming_that_was_cut_off(cluster):
    cluster.servers[3].call("CONFIG", "SET", "cluster-node-timeout", 1009)
    assert cluster.problems()["forming_unfinished"]["nodes"] == [cluster.servers[3].address]


def _master_in_view(server, node):
    """Whom `server` takes for the master of `node`."""
    return parse_view(server.call("CLUSTER", "NODES")).nodes[node.id].master_id


def _wait(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
