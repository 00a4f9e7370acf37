"""What the tests of backup and restore share: the product's functions bound to clusters, and data of every type."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from integration.servers import PASSWORD
from redis.cluster import ClusterNode, RedisCluster

from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup import checking, restoring, taking

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = "#!lua name=greetings\nredis.register_function('greet', function() return 'hello' end)"


def back_up(cluster, directory: Path, seconds: float = 60, check_mode: bool = False, **order) -> dict:
    wish = taking.Order(directory, **order)
    return taking.take_backup(cluster.session, cluster.nodes, wish, time.monotonic() + seconds, check_mode)


def restore(cluster, source: str | Path, seconds: float = 60, **order) -> dict:
    wish = restoring.Order(Path(source), **order)
    return restoring.restore_backup(cluster.session, cluster.nodes, wish, time.monotonic() + seconds)


def verify(path: str | Path) -> dict:
    return checking.check_backups(checking.Order(Path(path), verify=True), time.monotonic() + 60)


@contextmanager
def client(cluster) -> Iterator[RedisCluster]:
    nodes = [ClusterNode(server.host, server.port) for server in cluster.servers]
    with closing(RedisCluster(startup_nodes=nodes, password=PASSWORD)) as opened:
        yield opened


def masters(cluster) -> list:
    return [cluster.servers.by_address(shard["master"]) for shard in cluster.check(replicas=0)["shards"]]


def key_count(cluster) -> int:
    return sum(server.call("DBSIZE") for server in masters(cluster))


def fill(cluster, count: int, value: str = "x" * 50) -> None:
    """Keys `key:0`, `key:1` and so on."""
    with client(cluster) as opened:
        pipeline = opened.pipeline()
        for number in range(count):
            pipeline.set(f"key:{number}", value)
        pipeline.execute()


def fill_fast(cluster, count: int, length: int = 50) -> None:
    """Many keys in 100 slots, which the servers make themselves."""
    script = "for i = 1, ARGV[1] do redis.call('SET', KEYS[1] .. i, string.rep('x', ARGV[2])) end"
    with client(cluster) as opened:
        for tag in range(100):
            opened.eval(script, 1, f"{{{tag}}}", count // 100, length)


def fill_with_everything(cluster) -> None:
    """Keys of every type and encoding, with and without a time to live, and a function library."""
    with client(cluster) as c:
        c.set("text", "words")
        c.set("number", 12345)
        c.set(b"\xff\x00bin\r\nary\xfe", bytes(range(256)))
        c.set("large", os.urandom(50 * 2**20))
        c.rpush("short list", *range(10))
        c.rpush("long list", *(f"element {n}" * 5 for n in range(5000)))
        c.sadd("small set", 1, 2, 3)
        c.sadd("large set", *(f"member {n}" for n in range(3000)))
        c.zadd("small zset", {"a": 1.5, "b": float("inf")})
        c.zadd("large zset", {f"m{n}": n / 3 for n in range(3000)})
        c.hset("small hash", mapping={"f": "v", b"\x00": b"\xff"})
        c.hset("large hash", mapping={f"field {n}": n for n in range(3000)})
        for n in range(200):
            c.xadd("stream", {"n": n})
        c.xgroup_create("stream", "group", id="0")
        c.xreadgroup("group", "consumer", {"stream": ">"}, count=20)
        c.pfadd("hyperloglog", *range(1000))
        c.setbit("bits", 100000, 1)
        c.geoadd("places", [13.36, 38.11, "Palermo"])
        c.set("passing", "soon", px=3600_000)
        c.hset("passing hash", mapping={f"field {n}": n for n in range(600)})
        c.pexpireat("passing hash", 4102444800_123)
        for n in range(500):
            c.set(f"n{n}", n, ex=5000 if n % 2 else None)
    for server in masters(cluster):
        server.call("FUNCTION", "LOAD", FUNCTION)


def everything(cluster) -> dict[bytes, tuple]:
    """Each key with its type, the digest of its value and the time that it lives until."""
    found = {}
    for server in masters(cluster):
        with server.client() as c:
            c.connection_pool.connection_kwargs["decode_responses"] = False
            keys = c.execute_command("KEYS", "*")
            pipeline = c.pipeline(transaction=False)
            for key in keys:
                pipeline.execute_command("TYPE", key)
                pipeline.execute_command("DEBUG", "DIGEST-VALUE", key)
                pipeline.execute_command("PEXPIRETIME", key)
            answers = pipeline.execute()
            found.update({key: tuple(map(str, answers[3 * i : 3 * i + 3])) for i, key in enumerate(keys)})
    return found


def module_process(module: str, cluster, tmp_path: Path, **options) -> subprocess.Popen[str]:
    """A module as it runs on a host: one process, which can be killed."""
    arguments = {"nodes": cluster.servers.addresses, "password": PASSWORD, **options}
    file = tmp_path / f"{module}-{time.monotonic_ns()}.json"
    file.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / ".cache" / "collections")}
    command = [sys.executable, "-m", f"ansible_collections.omnimind.platform.plugins.modules.{module}", str(file)]
    return subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def command_lines() -> dict[int, str]:
    """The command line of every process of this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return found


def family(parent: int) -> dict[int, str]:
    """The command lines of the processes that another started, and that those started."""
    try:
        own = children(parent)
    except OSError:  # ended in the meantime
        return {}
    return {**own, **{pid: line for child in own for pid, line in family(child).items()}}


def children(parent: int) -> dict[int, str]:
    """The command lines of the processes that another started."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    own = {int(pid) for thread in threads for pid in thread.read_text().split()}
    return {pid: line for pid, line in command_lines().items() if pid in own}
