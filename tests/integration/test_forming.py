"""Forming and joining on real servers: from every starting point to one healthy cluster."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from integration.conftest import SIX_ON_THREE_HOSTS
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address, ListedNode
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

STEPS = ["hurry", "clear", "own", "meet", "follow", "forget", "settle", "restore"]


def hosts_of(shard):
    return [address.partition(":")[0] for address in (shard["master"], *shard["replicas"])]


def test_empty_nodes_become_a_cluster_and_then_nothing_is_left_to_do(six):
    first = six.form(Wish(anti_affinity="required"))
    shards = first["cluster"]["shards"]
    assert first["changed"] and len(shards) == 3
    assert all(len(set(hosts_of(shard))) == 2 for shard in shards)
    assert sorted(hosts_of(shard)[0] for shard in shards) == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert {server.setting("cluster-node-timeout") for server in six.servers} == {"2000"}
    second = six.form(Wish(anti_affinity="required"))
    assert not second["changed"] and second["plan"] == []


def test_check_mode_returns_the_plan_that_the_run_carries_out(six):
    rehearsed = six.form(check_mode=True)
    assert rehearsed["changed"] and not six.check()["healthy"]
    assert six.servers[0].call("CLUSTER", "NODES").count("\n") == 1
    assert six.form()["plan"] == rehearsed["plan"]


@pytest.mark.parametrize("step", STEPS)
def test_a_forming_that_is_killed_before_a_step_ends_right_when_run_again(six, step):
    def die(current):
        if current == step:
            os._exit(9)  # as kill -9 does: no clean-up runs

    child = os.fork()
    if child == 0:
        try:
            six.form(on_step=die)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert six.form(Wish(node_timeout=2000))["cluster"]["healthy"]
    assert {server.setting("cluster-node-timeout") for server in six.servers} == {"2000"}


SCRIPT = """
import sys, time
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish
print("ready", flush=True)
with Session(Login(password=sys.argv[1])) as session:
    converge(session, parse_nodes(sys.argv[2:]), Wish(), time.monotonic() + 30)
"""


def test_a_forming_that_is_killed_again_and_again_at_any_moment_ends_right(six):
    """SIGKILL at moments spread over the whole second that a forming takes."""
    environment = {**os.environ, "PYTHONPATH": next(path for path in sys.path if path.endswith("collections"))}
    command = [sys.executable, "-c", SCRIPT, PASSWORD, *six.servers.addresses]
    moments = random.Random(7)
    for round_ in range(8):
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        child.stdout.readline()
        time.sleep(moments.uniform(0.02, 0.15 + 0.15 * round_))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert six.form(Wish(node_timeout=2000))["cluster"]["healthy"]
    assert len(six.check()["shards"]) == 3


def test_new_nodes_join_as_replicas_of_masters_that_have_fewest(start):
    cluster = start([*SIX_ON_THREE_HOSTS, "127.0.0.1", "127.0.0.2", "127.0.0.3"])
    late = [cluster.servers.pop() for number in range(3)]
    cluster.form()
    before = {shard["master"]: shard["slots"] for shard in cluster.check()["shards"]}
    cluster.servers.extend(late)
    found = cluster.form(Wish(replicas=2, anti_affinity="required"))
    shards = found["cluster"]["shards"]
    assert {shard["master"]: shard["slots"] for shard in shards} == before
    assert all(len(shard["replicas"]) == 2 and len(set(hosts_of(shard))) == 3 for shard in shards)
    assert {step["action"] for step in found["plan"]} == {"join", "follow"}


def test_a_forgotten_node_is_introduced_again(cluster):
    replica = cluster.replica(0)
    master = cluster.master(1)
    master.call("CLUSTER", "FORGET", replica.id)
    assert cluster.form()["cluster"]["healthy"]


def test_a_reset_replica_comes_back_where_it_is_missing(cluster):
    replica = cluster.replica(0)
    replica.call("CLUSTER", "RESET", "HARD")
    found = cluster.form(seconds=30)["cluster"]
    assert found["healthy"] and all(len(shard["replicas"]) == 1 for shard in found["shards"])


class TestSlotsWithoutAnOwner:
    def test_are_refused(self, cluster):
        cluster.master(0).call("CLUSTER", "DELSLOTSRANGE", 0, 100)
        with pytest.raises(Refused, match="slots 0-100 have no owner"):
            cluster.form()
        assert cluster.check()["slots"]["uncovered"] == "0-100"

    def test_are_given_back_when_asked_with_their_keys(self, cluster):
        master = cluster.master(0)
        master.call("SET", "{3560}", "kept")  # slot 0 to 5460
        slot = int(master.call("CLUSTER", "KEYSLOT", "{3560}"))
        master.call("CLUSTER", "DELSLOTSRANGE", slot, slot)
        found = cluster.form(Wish(repair=True))
        assert found["cluster"]["healthy"] and found["plan"] == [
            {"action": "own", "node": master.address, "slots": str(slot)}
        ]
        assert master.call("GET", "{3560}") == "kept"

    def test_are_given_back_in_an_empty_cluster(self, cluster):
        master = cluster.master(1)
        master.call("CLUSTER", "FLUSHSLOTS")
        found = cluster.form(Wish(repair=True))["cluster"]
        assert found["healthy"] and [len(s["replicas"]) for s in found["shards"]] == [1, 1, 1]


class TestRefusal:
    """Nothing is changed, and node and reason are named."""

    @pytest.fixture(autouse=True)
    def nothing_changes(self, six):
        yield
        alone = [s for s in six.servers if s.process.poll() is None and s.call("CLUSTER", "NODES").count("\n") == 1]
        untouched = getattr(self, "untouched", 6)
        assert len(alone) == untouched
        assert all(s.setting("cluster-node-timeout") == "2000" for s in alone)

    def refusal(self, six, wish=Wish()):
        with pytest.raises(Refused) as refused:
            six.form(wish)
        return refused.value.message

    def test_a_node_that_holds_keys(self, six):
        holder = six.servers[3]
        holder.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        _until_ok(holder)
        holder.call("SET", "key", "value")
        message = self.refusal(six)
        assert f"{holder.address}: holds 1 keys" in message

    def test_a_node_of_another_cluster(self, six, start):
        other = start(["127.0.0.1"] * 6)
        other.form()
        six.servers.append(other.servers[2])
        message = self.refusal(six)
        six.servers.pop()
        assert f"{other.servers[2].address}: belongs to another cluster, with " in message

    def test_too_few_nodes(self, six):
        assert "9 nodes are needed for 3 masters with replicas=2 each, 6 are listed" in self.refusal(six, Wish(replicas=2))

    def test_a_wrong_password(self, six):
        six.servers[1].call("CONFIG", "SET", "requirepass", "other")
        message = self.refusal(six)
        _restore_password(six.servers[1], "other")
        assert f"{six.servers[1].address}: refuses the user name or password" in message

    def test_a_node_that_does_not_answer(self, six):
        six.servers[4].kill()
        self.untouched = 5
        assert f"{six.servers[4].address}: does not answer" in self.refusal(six)

    def test_a_server_outside_cluster_mode(self, six, start):
        single = start(["127.0.0.1"], "--cluster-enabled", "no").servers[0]
        six.servers.append(single)
        message = self.refusal(six)
        six.servers.pop()
        assert f"{single.address}: does not run in cluster mode" in message

    def test_a_node_that_announces_an_address_where_nobody_answers(self, six):
        six.servers[2].call("CONFIG", "SET", "cluster-announce-port", 10998)
        message = self.refusal(six)
        six.servers[2].call("CONFIG", "SET", "cluster-announce-port", 0)
        assert f"{six.servers[2].address}: announces 127.0.0.3:10998 to the others, where nobody answers" in message

    def test_a_node_that_announces_the_address_of_another(self, six):
        one, other = six.servers[0], six.servers[3]
        one.call("CONFIG", "SET", "cluster-announce-port", other.port)
        message = self.refusal(six)
        assert f"{one.address}: announces {other.address} to the others, where another server answers" in message

    def test_one_node_under_two_names(self, six, monkeypatch):
        server = six.servers[0]
        server.call("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.5")
        doubled = [*six.nodes, ListedNode(Address("127.0.0.5", server.port))]
        monkeypatch.setattr(type(six), "nodes", property(lambda self: doubled))
        assert f"has the node id of {server.address}" in self.refusal(six)

    def test_hosts_that_do_not_allow_the_anti_affinity_required(self, six, monkeypatch):
        crowded = [ListedNode(node.address, zone="only") for node in six.nodes]
        monkeypatch.setattr(type(six), "nodes", property(lambda self: crowded))
        assert "anti_affinity=required" in self.refusal(six, Wish(anti_affinity="required"))


def _until_ok(server, seconds=10):
    deadline = time.monotonic() + seconds
    while "cluster_state:ok" not in server.call("CLUSTER", "INFO"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _restore_password(server, password):
    import redis

    with redis.Redis(server.host, server.port, password=password) as client:
        client.config_set("requirepass", PASSWORD)
