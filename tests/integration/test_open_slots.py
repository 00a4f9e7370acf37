"""Slots that were left open, in every combination, are healed with all of their keys."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from itertools import count

import pytest
from integration.scaling import act, client, fill, keys_of_masters, missing
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.slots import key_slot, parse_slots


class Slot:
    """A slot of the first master with ten keys, which may be opened towards the second."""

    used: set[int] = set()

    def __init__(self, cluster, data):
        self.owner, self.other = cluster.master(0), cluster.master(1)
        slots = parse_slots(cluster.check()["shards"][0]["slots"])
        tag = next(t for t in (f"tag{n}" for n in count()) if key_slot(t) in slots and key_slot(t) not in self.used)
        self.number = key_slot(tag)
        self.used.add(self.number)
        self.names = [f"{{{tag}}}:{number}" for number in range(10)]
        for name in self.names:
            self.owner.call("SET", name, "value")
        data.update({name.encode(): b"value" for name in self.names})
        self.data = data

    def migrating(self):
        self.owner.call("CLUSTER", "SETSLOT", self.number, "MIGRATING", self.other.id)
        return self

    def importing(self):
        self.other.call("CLUSTER", "SETSLOT", self.number, "IMPORTING", self.owner.id)
        return self

    def closed_at(self, server):
        server.call("CLUSTER", "SETSLOT", self.number, "STABLE")
        return self

    def send(self, names, *options):
        target = (self.other.host, self.other.port, "", 0, 5000)
        assert self.owner.call("MIGRATE", *target, *options, "AUTH", PASSWORD, "KEYS", *names) == "OK"
        return self

    def change(self, name):
        self.owner.call("SET", name, "newer")
        self.data[name.encode()] = b"newer"


def heal(cluster, data):
    answer = act(cluster, cluster.servers)
    found = cluster.check()
    assert answer["changed"] and found["healthy"] and not missing(cluster, data)
    assert keys_of_masters(cluster, cluster.servers) == len(data) + 4, "no key is on two masters"
    assert not act(cluster, cluster.servers)["changed"]
    return {step["action"] for step in answer["plan"]}


def test_slots_that_were_opened_by_hand(cluster):
    data = fill(cluster, 300)
    Slot(cluster, data).migrating()
    Slot(cluster, data).importing()
    half = Slot(cluster, data).importing().migrating()
    half.send(half.names[:5])
    moved = Slot(cluster, data).importing().migrating()
    moved.send(moved.names)
    doubled = Slot(cluster, data).importing().migrating()
    doubled.send(doubled.names[:5], "COPY")
    doubled.send(doubled.names[5:7])
    doubled.change(doubled.names[0])
    unnoticed = Slot(cluster, data).importing().migrating()
    unnoticed.send(unnoticed.names[:5]).send(unnoticed.names[5:], "COPY").closed_at(unnoticed.owner)
    unnoticed.change(unnoticed.names[6])
    forgotten = Slot(cluster, data).importing().migrating()
    forgotten.send(forgotten.names[:5]).closed_at(forgotten.other)
    assert cluster.problems()["slots_open"]
    assert heal(cluster, data) >= {"finish", "close", "gather"}


def hand_over(cluster, shard):
    """A replica is promoted, whatever the others think of the open slot."""
    heir = cluster.replica(shard)
    heir.call("CLUSTER", "FAILOVER")
    deadline = time.monotonic() + 20
    while heir.call("ROLE")[0] != "master":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_failover_in_the_middle(cluster):
    """Neither the new source nor the new target knows that the slot was open."""
    data = fill(cluster, 300)
    target_gone = Slot(cluster, data).importing().migrating()
    target_gone.send(target_gone.names[:5])
    hand_over(cluster, 1)
    assert heal(cluster, data) >= {"finish"}
    source_gone = Slot(cluster, data).importing().migrating()
    source_gone.send(source_gone.names[:5])
    hand_over(cluster, 0)
    assert heal(cluster, data) >= {"gather"}


def test_a_target_that_died(start):
    cluster = start(["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2 + ["127.0.0.4"])
    six = type(cluster)(cluster.servers[:6], cluster.session)
    six.form()
    data = fill(six, 300)
    dead = cluster.servers[6]
    cluster.servers[0].call("CLUSTER", "MEET", dead.host, dead.port)
    deadline = time.monotonic() + 20
    while any(dead.address not in str(server.call("CLUSTER", "NODES")) for server in six.servers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    slot = Slot(cluster, data)
    slot.owner.call("CLUSTER", "SETSLOT", slot.number, "MIGRATING", dead.id)
    dead.kill()
    with pytest.raises(Refused, match="named neither in nodes nor in leaving"):
        act(six, six.servers)
    answer = act(six, six.servers, leaving=[dead])
    assert {step["action"] for step in answer["plan"]} == {"close", "forget"}
    assert six.check()["healthy"] and not missing(six, data) and len(six.check()["nodes"]) == 6
    assert not act(six, six.servers, leaving=[dead])["changed"]


def test_a_reshard_of_redis_cli_that_was_killed(cluster):
    data = fill(cluster, 20000)
    source, target = cluster.master(0), cluster.master(1)
    command = ["redis-cli", "--cluster", "reshard", source.address, "--cluster-from", source.id, "--cluster-to"]
    command += [target.id, "--cluster-slots", "4000", "--cluster-yes", "--cluster-pipeline", "1"]
    environment = {**os.environ, "REDISCLI_AUTH": PASSWORD}
    cli = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 20
    while "->-" not in str(source.call("CLUSTER", "NODES")):
        assert time.monotonic() < deadline
    time.sleep(0.05)
    cli.send_signal(signal.SIGKILL)
    cli.wait()
    heal(cluster, data)
    shares = [shard["slot_count"] for shard in cluster.check()["shards"]]
    assert max(shares) - min(shares) == 1
    with client(cluster) as redis:
        assert redis.get("volatile") == b"value"
