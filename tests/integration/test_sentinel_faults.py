"""Masters that Sentinels watch are replaced, killed and paused under a writer that notes every acknowledgement."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.sentinel_load import SentinelLoad
from integration.ansible_run import run_module
from integration.sentinels import NAME, PASSWORD, SENTINEL_PASSWORD, Topology

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.choice import Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.promotion import fail_over


@pytest.fixture
def topology(tmp_path: Path) -> Iterator[Topology]:
    with Topology(tmp_path) as servers:
        servers.converge()
        yield servers


def act(topology: Topology, seconds: float = 40, to=None, force: bool = False, check_mode: bool = False) -> dict:
    order = Order(NAME, Address(to.host, to.port) if to else None, force)
    return fail_over(topology.group, order, time.monotonic() + seconds, check_mode)


def write(topology: Topology) -> SentinelLoad:
    sentinels = [(sentinel.host, sentinel.port) for sentinel in topology.sentinels]
    return SentinelLoad(sentinels, NAME, PASSWORD, SENTINEL_PASSWORD, rate=1000)


def wait_for_new_master(topology: Topology, old, seconds: float) -> float:
    """Seconds until every Sentinel tells of another master than the old one."""
    started = time.monotonic()
    while any(sentinel.told() == old.port for sentinel in topology.sentinels):
        assert time.monotonic() - started < seconds, "no new master"
        time.sleep(0.02)
    return time.monotonic() - started


def is_writable(node) -> bool:
    """Whether a write is answered at once: a pause that is left behind ends after ten seconds."""
    started = time.monotonic()
    with node.client() as client:
        return bool(client.set("probe", 1)) and time.monotonic() - started < 4


def test_a_living_master_is_replaced_and_nothing_is_lost(topology: Topology) -> None:
    old = topology.master
    with write(topology) as load:
        time.sleep(1)
        answer = act(topology)
        time.sleep(1)
        result = load.stop()
    assert answer["old_master"] == old.address and answer["new_master"] == topology.master.address
    assert answer["engine"] == "guarded"
    assert result.acknowledged and not result.lost
    assert topology.check(wait=True)["healthy"]
    assert old.role == ("slave", topology.master.port)
    assert not topology.converge()["changed"] and topology.master is not old


def test_the_named_replica_is_promoted_and_priorities_are_given_back(topology: Topology) -> None:
    wanted = topology.replicas[-1]
    options = {
        "sentinels": [sentinel.address for sentinel in topology.sentinels],
        "password": PASSWORD,
        "sentinel_password": SENTINEL_PASSWORD,
        "name": NAME,
        "to": wanted.address,
    }
    planned = run_module("redis_sentinel_failover", options, "--check")
    assert planned["changed"] and planned["new_master"] == wanted.address and topology.master is not wanted
    done = run_module("redis_sentinel_failover", options)
    assert done["new_master"] == wanted.address and topology.master is wanted
    assert {node.setting("replica-priority") for node in topology.nodes} == {"100"}
    assert "replica-priority 1\n" not in wanted.file.read_text(), "nor does a restart bring it back"
    assert not run_module("redis_sentinel_failover", options)["changed"]


def test_a_failover_that_a_sentinel_refuses_lets_writes_go(tmp_path: Path) -> None:
    """The Sentinel that is asked has lost its login, which nobody sees for five seconds: it can promote nobody."""
    with Topology(tmp_path, down_after=5000) as topology:
        topology.converge()
        topology.sentinels[-1].call("SENTINEL", "SET", NAME, "auth-pass", "wrong")
        with pytest.raises(RedisFailure, match="NOGOODSLAVE"):
            act(topology)
        assert is_writable(topology.nodes[0]) and topology.nodes[0].role[0] == "master"


def test_without_a_quorum_or_a_good_replica_it_is_refused(topology: Topology) -> None:
    for replica in topology.replicas:
        replica.kill()
    with pytest.raises(Refused, match="has no replica that could take its place"):
        act(topology)
    for replica in topology.replicas:
        replica.start()
        replica.wait()
    assert topology.check(wait=True)["healthy"]
    for sentinel in topology.sentinels[1:]:
        sentinel.kill()
    topology.wait_for_problem("quorum_lost")
    with pytest.raises(Refused, match="has no quorum"):
        act(topology)
    assert is_writable(topology.master)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_master_is_replaced_in_time_and_comes_back_as_a_replica(topology: Topology, fault: int) -> None:
    old = topology.master
    with write(topology) as load:
        time.sleep(0.5)
        old.signal(fault)
        waited = wait_for_new_master(topology, old, topology.down_after / 1000 + 15)
        during = topology.problems()
        time.sleep(0.5)
        load.stop()
    print(f"new master after {waited:.2f} s")
    assert "replica_unreachable" in during and not topology.check()["healthy"]
    new = topology.master
    if fault == signal.SIGKILL:
        old.start()
    else:
        old.resume()
    assert topology.check(wait=True, seconds=40)["healthy"]
    assert old.role == ("slave", new.port) and topology.master is new
    assert not topology.converge()["changed"] and topology.master is new
    old.kill()
    old.start()
    old.wait()
    assert old.role == ("slave", new.port), "its own file says so"


def test_a_dead_master_is_waited_for(topology: Topology) -> None:
    old = topology.master
    old.kill()
    answer = act(topology, 90)
    assert answer["engine"] == "awaited" and answer["old_master"] == old.address
    assert topology.master.address == answer["new_master"]


def test_the_module_waits_for_a_failover_under_way(topology: Topology) -> None:
    """A run in the middle of a failover neither demotes the new master nor gives up."""
    old = topology.master
    old.kill()
    time.sleep(topology.down_after / 1000)
    with pytest.raises(RedisFailure, match="is not healthy"):
        topology.converge(seconds=5)
    assert topology.master is not old and topology.master.role[0] == "master"
