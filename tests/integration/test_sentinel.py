"""Master, replicas and Sentinels as real processes: formed, run again after every fault, refused where data is at stake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.ansible_run import run_module
from integration.sentinels import NAME, PASSWORD, SENTINEL_PASSWORD, Topology

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.convergence import converge


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Topology]:
    """Three empty nodes and three Sentinels that watch nothing."""
    with Topology(tmp_path) as topology:
        yield topology


@pytest.fixture
def topology(servers: Topology) -> Topology:
    """A healthy group."""
    servers.converge()
    return servers


def options(topology: Topology, **more: object) -> dict[str, object]:
    """Options of a module, as a user would write them."""
    login = {"password": PASSWORD, "sentinel_password": SENTINEL_PASSWORD}
    return {"sentinels": [sentinel.address for sentinel in topology.sentinels], **login, **more}


def test_the_module_plans_does_and_finds_nothing_more_to_do(servers: Topology) -> None:
    addresses = [node.address for node in servers.nodes]
    monitor = {"name": NAME, "nodes": addresses, "down_after": 1500, "auth_password": PASSWORD}
    wanted = options(servers, monitors=[monitor])
    planned = run_module("redis_sentinel", wanted, "--check", "--diff")
    assert planned["changed"] and servers.nodes[1].role[0] == "master", "check mode changes nothing"
    done = run_module("redis_sentinel", wanted)
    assert not done["failed"] and done["plan"] == planned["plan"]
    assert PASSWORD not in planned["output"] + done["output"]
    assert [node.role for node in servers.nodes] == [("master", 0), *[("slave", servers.nodes[0].port)] * 2]
    assert not run_module("redis_sentinel", wanted)["changed"]
    found = run_module("redis_sentinel_info", options(servers, name=NAME, nodes=addresses, replicas=2))
    assert found["healthy"] and found["problems"] == []
    assert {s["masters"][NAME] for s in found["sentinels"]} == {addresses[0]}


def test_options_are_set_where_they_differ_and_settings_too(topology: Topology) -> None:
    changed = topology.converge(quorum=3)
    assert len(changed["plan"]) == 3 and "quorum 2 -> 3" in changed["plan"][0]
    assert not topology.converge(quorum=3)["changed"]
    monitor = {"name": NAME, "state": "absent"}
    gone = run_module("redis_sentinel", options(topology, monitors=[monitor], settings={"resolve-hostnames": True}))
    assert len(gone["plan"]) == 6
    assert "monitor_unknown" in topology.problems()
    with pytest.raises(RedisFailure, match="knows no setting nonsense"):
        converge(topology.group, [], {"nonsense": 1}, time.monotonic() + 5)


def test_the_node_with_data_becomes_the_master_not_the_first_one(servers: Topology) -> None:
    servers.nodes[2].call("SET", "only", "here")
    servers.converge()
    assert servers.master is servers.nodes[2]
    assert servers.nodes[0].call("GET", "only") == "here"


def test_two_nodes_with_data_of_their_own_are_refused_and_keep_it(servers: Topology) -> None:
    for node in servers.nodes[:2]:
        node.call("SET", "mine", node.port)
    with pytest.raises(Refused, match="several masters hold keys"):
        servers.converge()
    assert [node.call("GET", "mine") for node in servers.nodes[:2]] == [str(n.port) for n in servers.nodes[:2]]
    assert "monitor_unknown" in servers.problems()


def test_a_node_with_data_of_its_own_is_refused_until_it_is_empty(servers: Topology) -> None:
    first = servers.addresses[:2]
    servers.converge(nodes=first)
    stranger = servers.nodes[2]
    stranger.call("SET", "mine", 1)
    with pytest.raises(Refused, match="holds 1 keys that did not come from the master"):
        servers.converge()
    assert stranger.role[0] == "master"
    stranger.call("FLUSHALL")
    servers.converge()
    assert stranger.role[0] == "slave"


def test_a_wrong_password_in_sentinels_is_put_right(servers: Topology) -> None:
    with pytest.raises(RedisFailure, match="is not healthy"):
        servers.converge(seconds=4, auth_password="wrong")
    answer = servers.converge()
    assert answer["changed"] and "logs in to cache as it was told" in answer["plan"][0]
    assert not servers.converge()["changed"]


def test_a_master_that_replicates_itself_is_found_and_made_one_again(topology: Topology) -> None:
    """The state that another role's second run left behind: every node read-only, and the quorum called reachable."""
    master = topology.master
    for replica in topology.replicas:
        replica.pause()
    try:
        master.call("REPLICAOF", master.host, master.port)
        assert "master_follows_itself" in topology.problems()
    finally:
        for replica in topology.replicas:
            replica.resume()
    topology.converge()
    assert topology.check(wait=True)["healthy"]


def test_what_is_gone_for_good_is_forgotten_one_sentinel_after_the_other(topology: Topology) -> None:
    lost, last = topology.replicas[0], topology.sentinels.pop()
    topology.nodes.remove(lost)
    lost.kill()
    last.kill()
    group = topology.group
    topology.group = type(group)(group.addresses[:2], group.sentinels, group.nodes)
    topology.wait_for_problem("sentinel_ghost")
    topology.wait_for_problem("replica_ghost")
    # A second Sentinel may take a moment longer to see it.
    time.sleep(topology.down_after / 1000)
    assert not topology.converge()["changed"], "only on request"
    answer = topology.converge(options={"prune": True})
    assert len(answer["plan"]) == 2
    found = topology.check(wait=True, replicas=1)
    assert {p["code"] for p in found["problems"]} == {"sentinels_few"}


def test_nodes_in_cluster_mode_are_refused_and_told(servers: Topology) -> None:
    for node in servers.nodes:
        node.kill()
        node.options = ["--cluster-enabled", "yes"]
        node.start()
        node.wait()
    with pytest.raises(Refused, match="runs in cluster mode, which Sentinel cannot manage"):
        servers.converge()
    first = servers.nodes[0]
    servers.sentinels[0].call("SENTINEL", "MONITOR", NAME, first.host, first.port, 2)
    servers.sentinels[0].call("SENTINEL", "SET", NAME, "auth-pass", PASSWORD)
    assert "cluster_mode" in servers.problems()


def test_old_values_do_not_come_back_with_a_restart(topology: Topology) -> None:
    """A server's own file holds what a rewrite left in it; ours, included last, counts, and passwords are rewritten."""
    replica, master = topology.replicas[0], topology.master
    settings = {"maxmemory": "32mb", "save": "3600 1", "requirepass": PASSWORD, "masterauth": PASSWORD}
    login = {"nodes": [replica.address], "password": PASSWORD, "rewrite": True}
    assert run_module("redis_config", {**login, "settings": settings})["set"]
    assert "maxmemory 32mb" in replica.file.read_text()
    # The file of ours changes while the server does not run: nobody rewrites the server's own.
    ours = replica.ours.read_text().replace('save ""', 'save ""\nsave 60 7')
    replica.ours.write_text(f"{ours}maxmemory 64mb\n")
    replica.kill()
    replica.start()
    replica.wait()
    assert (replica.setting("maxmemory"), replica.setting("save")) == (str(64 * 2**20), "60 7")
    assert replica.role == ("slave", master.port)
    # A password that is set live is in the server's own file at once, where it would overrule ours.
    changed = run_module("redis_config", {**login, "settings": {"requirepass": "another"}})
    assert changed["changed"] and "another" not in changed["output"]
    replica.kill()
    replica.ours.write_text(replica.ours.read_text().replace(f'requirepass "{PASSWORD}"', "requirepass another"))
    replica.start()
    replica.password = "another"
    replica.wait()


def test_bad_input_is_named() -> None:
    login = {"sentinels": ["127.0.0.1:1"], "connect_timeout": 1}
    failed = run_module("redis_sentinel", {**login, "monitors": [{"name": NAME, "quorum": 2}]})
    assert failed["failed"] and "quorum is 2, but there are 1 Sentinels" in failed["msg"]
    failed = run_module("redis_sentinel_failover", {"sentinels": ["nonsense"], "name": NAME})
    assert "sentinels: 'nonsense' is not host:port" in failed["msg"]
    found = run_module("redis_sentinel_info", login)
    assert not found["failed"] and found["problems"][0]["code"] == "sentinel_unreachable"
