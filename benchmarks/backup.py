"""A cluster is backed up, verified and restored: how long that takes, and how long a consistent backup holds up writes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup import checking, restoring, taking
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from redis.cluster import ClusterNode, RedisCluster

from benchmarks.figures import Figure, Sample, Table
from benchmarks.load import Load
from benchmarks.nodes import PATIENCE, empty_nodes, form, redis_cli, wait_until_settled
from benchmarks.options import Options, tell
from integration.servers import PASSWORD, Server, Servers, free_ports

KEYS = 290_000
LENGTH = 100  # bytes of each value
TAGS = 290  # slots that the keys are in
NODE_TIMEOUT = 15000
RATE = 1500.0  # writes a second during the backups under load
SCRIPT = "for i = 1, ARGV[1] do redis.call('SET', KEYS[1] .. i, string.rep('x', ARGV[2])) end"

Rows = dict[str, list[float]]


def measure(options: Options) -> Table:
    ours: Rows = {}
    peer: Rows = {}
    for _turn in range(options.rounds):
        _round(ours, peer)
    table = Table(f"Backup and restore of {KEYS} keys of {LENGTH} bytes, 3 + 3 nodes", "redis-cli --cluster")
    for name, unit in (
        ("backup, every file loaded and counted", "s"),
        ("until the snapshots are on the disk", "s"),
        ("verified again", "s"),
        ("restored into 3 + 3 nodes", "s"),
        ("restored into 5 + 5 nodes", "s"),
        ("writes held up by a consistent backup", "ms"),
        ("longest time without an acknowledged write, backup", "ms"),
        ("longest time without an acknowledged write, consistent backup", "ms"),
        ("writes failed under load", ""),
    ):
        other = Sample(tuple(peer[name]), unit) if name in peer else ""
        table.figures.append(Figure(name, Sample(tuple(ours[name]), unit), other))
    table.notes += [
        "The peer backs up with --cluster backup, which asks the masters, writes the files one after the other and looks at",
        "none of them. It cannot restore them; what is shown is --cluster import of the same keys from one plain server.",
        f"Under load: {RATE:.0f} writes a second by four redis-py clients.",
    ]
    return table


def _round(ours: Rows, peer: Rows) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, empty_nodes(6, NODE_TIMEOUT) as servers:
        form(servers)
        wait_until_settled(servers)
        _fill(servers)
        path = Path(directory)
        answer = _back_up(servers, path, "plain")
        _note(ours, "backup, every file loaded and counted", answer["seconds"])
        _note(ours, "until the snapshots are on the disk", answer["snapshot_seconds"])
        if answer["manifest"]["key_count"] != KEYS:
            raise RuntimeError(f"{answer['manifest']['key_count']} keys in the backup")
        order = checking.Order(Path(answer["path"]), verify=True)
        _note(ours, "verified again", _seconds(lambda: checking.check_backups(order, _deadline())))
        (path / "peer").mkdir()
        address = servers[0].address
        seconds = _seconds(lambda: redis_cli("--cluster", "backup", address, str(path / "peer")))
        _note(peer, "until the snapshots are on the disk", seconds)
        _under_load(servers, path, ours)
        tell(f"backup: {answer['seconds']} s, redis-cli {seconds:.2f} s")
        servers.__exit__()
        _restore(Path(answer["path"]), 6, ours, "restored into 3 + 3 nodes")
        _restore(Path(answer["path"]), 10, ours, "restored into 5 + 5 nodes")
        _import(peer)


def _under_load(servers: Servers, path: Path, ours: Rows) -> None:
    failed = 0
    for name, consistent in (("backup", False), ("consistent backup", True)):
        with Load([(server.host, server.port) for server in servers], PASSWORD, rate=RATE) as load:
            time.sleep(1)
            answer = _back_up(servers, path, name.replace(" ", "-"), consistent)
            time.sleep(0.5)
            result = load.stop()
        _note(ours, f"longest time without an acknowledged write, {name}", result.longest_gap() * 1000)
        failed += len(result.failed)
        if consistent:
            _note(ours, "writes held up by a consistent backup", answer["paused_ms"])
    _note(ours, "writes failed under load", failed)


def _restore(source: Path, count: int, ours: Rows, name: str) -> None:
    with empty_nodes(count, NODE_TIMEOUT) as servers:
        form(servers)
        wait_until_settled(servers)
        with Session(Login(password=PASSWORD)) as session:
            order = restoring.Order(source)
            answer = restoring.restore_backup(session, parse_nodes(servers.addresses), order, _deadline())
        if answer["keys_restored"] != KEYS or sum(shard["key_count"] for shard in answer["shards"]) != KEYS:
            raise RuntimeError(f"{answer['keys_restored']} keys were restored")
        _note(ours, name, answer["seconds"])
        tell(f"{name}: {answer['seconds']} s")


def _import(peer: Rows) -> None:
    """The same number of keys from one plain server, by redis-cli."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, empty_nodes(6, NODE_TIMEOUT) as servers:
        form(servers)
        wait_until_settled(servers)
        plain = Server(Path(directory, "plain"), "127.0.0.1", free_ports(1)[0], ["--cluster-enabled", "no"])
        plain.start()
        try:
            plain.wait()
            for tag in range(TAGS):
                plain.call("EVAL", SCRIPT, 1, f"{{{tag}}}", KEYS // TAGS, LENGTH)
            # redis-cli would ask for the password of the source on the terminal, and does not quote that of the nodes.
            plain.call("CONFIG", "SET", "requirepass", "")
            for server in servers:
                server.call("CONFIG", "SET", "requirepass", "plain")
            words = ["redis-cli", "--cluster", "import", servers[0].address, "--cluster-from", plain.address, "--cluster-copy"]
            surroundings = {**os.environ, "REDISCLI_AUTH": "plain"}
            seconds = _seconds(lambda: subprocess.run(words, env=surroundings, stdout=subprocess.DEVNULL, check=True))
        finally:
            plain.kill()
        _note(peer, "restored into 3 + 3 nodes", seconds)
        tell(f"redis-cli --cluster import: {seconds:.1f} s")


def _fill(servers: Servers) -> None:
    with RedisCluster(startup_nodes=[ClusterNode(servers[0].host, servers[0].port)], password=PASSWORD) as client:
        for tag in range(TAGS):
            client.eval(SCRIPT, 1, f"{{{tag}}}", KEYS // TAGS, LENGTH)


def _back_up(servers: Servers, path: Path, name: str, consistent: bool = False) -> dict:
    with Session(Login(password=PASSWORD)) as session:
        order = taking.Order(path, name=name, consistent=consistent)
        return taking.take_backup(session, parse_nodes(servers.addresses), order, _deadline())


def _deadline() -> float:
    return time.monotonic() + PATIENCE


def _seconds(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def _note(rows: Rows, name: str, value: float) -> None:
    rows.setdefault(name, []).append(value)
