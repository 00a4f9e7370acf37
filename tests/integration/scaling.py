"""Clusters that are scaled: the wish, the data, the module in a process of its own that may be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integration.conftest import ROOT, Cluster
from integration.servers import PASSWORD, Server
from redis.cluster import ClusterNode, RedisCluster

from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.acting import Limits, scale
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.asking import parse_leaving
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.batches import Pace
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.members import ScaleWish

# Runs a module, and kills its own process before the nth time that it changes something on servers.
KILLED = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT / ".cache" / "collections")!r})
from ansible_collections.omnimind.platform.plugins.module_utils.redis import connection
from ansible_collections.omnimind.platform.plugins.modules import redis_cluster_scale

left = int(sys.argv.pop(1))
ask = connection.Session.ask
READS = {{"NODES", "INFO", "MYID", "COUNTKEYSINSLOT", "GET"}}

def ask_or_die(session, requests):
    global left
    if any(command[0] not in ("INFO", "ROLE") and command[1] not in READS for c in requests.values() for command in c):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return ask(session, requests)

connection.Session.ask = ask_or_die
try:
    redis_cluster_scale.main()
finally:
    print(f"{{-left}} changes", file=sys.stderr)
"""


def act(
    cluster: Cluster,
    servers: Sequence[Server],
    leaving: Sequence[Server | str] = (),
    pace: Pace = Pace(),
    limits: Limits = Limits(timeout=30),
    check_mode: bool = False,
    **wish: Any,
) -> dict[str, Any]:
    """The servers are the members, in this process."""
    gone = parse_leaving([server if isinstance(server, str) else server.address for server in leaving])
    zones = cluster.zones
    nodes = parse_nodes([{"host": s.host, "port": s.port, "zone": zones.get(s.host, "")} for s in servers])
    return scale(cluster.session, nodes, gone, ScaleWish(leaving=gone.names, **wish), pace, limits, check_mode)


def arguments(servers: Iterable[Server], leaving: Iterable[Server] = (), **more: Any) -> dict[str, Any]:
    """Arguments of the module."""
    nodes, gone = [server.address for server in servers], [server.address for server in leaving]
    return {"nodes": nodes, "leaving": gone, "password": PASSWORD, "slice_seconds": 0, "timeout": 30, **more}


def run_in_process(options: Mapping[str, Any], killed_at: int = -1) -> tuple[dict[str, Any] | None, int]:
    """The module's answer, None if it was killed, and how often it had changed something on servers."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(killed_at)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": dict(options)}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        return None, killed_at
    assert done.returncode == 0, done.stdout + done.stderr
    changes = int(done.stderr.splitlines()[-1].split()[0]) - 1
    return json.loads(done.stdout.strip().splitlines()[-1]), changes


def client(cluster: Cluster) -> RedisCluster:
    return RedisCluster(startup_nodes=[ClusterNode(s.host, s.port) for s in cluster.servers], password=PASSWORD)


def fill(cluster: Cluster, count: int = 3000) -> dict[bytes, bytes]:
    """Strings, some under keys that are no text, and one of each other type; what must be read back."""
    data = {b"key:%d" % number: b"value %d" % number for number in range(count)}
    data.update({b"\xff\x00 %d \r\n" % number: b"\x80" * number for number in range(50)})
    with client(cluster) as redis, redis.pipeline() as pipeline:
        for name, value in data.items():
            pipeline.set(name, value)
        pipeline.execute()
        redis.hset("a hash", mapping={str(number): "x" * 100 for number in range(1000)})
        redis.rpush("a list", *range(1000))
        redis.zadd("a sorted set", {str(number): number for number in range(1000)})
        redis.set("volatile", "value", ex=3600)
    return data


def missing(cluster: Cluster, data: Mapping[bytes, bytes]) -> list[bytes]:
    """Keys that do not have their value any more, and types that are not whole."""
    names = list(data)
    with client(cluster) as redis, redis.pipeline() as pipeline:
        for name in names:
            pipeline.get(name)
        found = [name for name, value in zip(names, pipeline.execute()) if value != data[name]]
        whole = redis.hlen("a hash") == redis.llen("a list") == redis.zcard("a sorted set") == 1000
        return found + ([] if whole and 0 < redis.ttl("volatile") <= 3600 else [b"a type"])


def keys_of_masters(cluster: Cluster, servers: Iterable[Server]) -> int:
    """How many keys the masters hold together: more than there are, if some are on two of them."""
    return sum(server.call("DBSIZE") for server in servers if server.call("ROLE")[0] == "master")


def settled(cluster: Cluster, servers: Sequence[Server], masters: int, **wish: Any) -> None:
    """All is as it shall be: nothing open, nobody held, every slot once, even shares, nothing left to do."""
    found = cluster.check()
    shards = found["shards"]
    assert found["healthy"] and found["slots"]["migrating"] == found["slots"]["importing"] == ""
    assert len(shards) == masters and sum(shard["slot_count"] for shard in shards) == 16384
    assert {node["address"] for node in found["nodes"]} == {server.address for server in servers}
    assert {server.setting("cluster-allow-replica-migration") for server in servers} == {"yes"}
    assert {server.setting("cluster-migration-barrier") for server in servers} == {"1"}
    assert {server.setting("cluster-node-timeout") for server in servers} == {"2000"}
    assert not act(cluster, servers, **wish)["changed"]
