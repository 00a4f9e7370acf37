"""What the pods of k8s_redis_cluster run beside the server: probes, and the hand-over of a master, on real servers."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from benchmarks.load import Load
from integration.conftest import ROOT, Cluster
from integration.servers import PASSWORD, Server
from integration.waiting import eventually

SCRIPTS = ROOT / "roles" / "k8s_redis_cluster" / "files"


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    return file


@pytest.fixture
def ask(password: Path):
    """A script's answer at a server: its status, and what it said. It must be over in six seconds."""

    def run(script: str, server: Server, **variables: object) -> tuple[int, str]:
        environment = {
            "PATH": "/usr/bin:/bin", "REDIS_HOST": server.host, "REDIS_PORT": server.port,
            "REDIS_PASSWORD_FILE": password, "REDIS_DIRECTORY": server.directory, "REDIS_SECONDS": 1, **variables,
        }  # fmt: skip
        done = subprocess.run(
            ["sh", SCRIPTS / script],
            env={name: str(value) for name, value in environment.items()},
            capture_output=True,
            text=True,
            timeout=30 if script == "hand_over.sh" else 6,
            check=False,
        )
        assert PASSWORD not in done.stdout + done.stderr
        return done.returncode, (done.stdout + done.stderr).strip()

    return run


def test_every_member_of_a_healthy_cluster_is_ready(cluster: Cluster, ask, password: Path) -> None:
    """One that knows another password is not, and is no better for a restart."""
    assert [ask("ready.sh", server) for server in cluster.servers] == [(0, "")] * 6
    assert [ask("alive.sh", server) for server in cluster.servers] == [(0, "")] * 6
    password.write_text("wrong")
    status, said = ask("ready.sh", cluster.servers[0])
    assert status == 1 and "WRONGPASS" in said
    assert ask("alive.sh", cluster.servers[0]) == (0, "")


def test_a_node_that_was_never_in_a_cluster_is_not_ready(six: Cluster, ask) -> None:
    status, said = ask("ready.sh", six.servers[0])
    assert status == 1 and "state is fail" in said
    assert ask("alive.sh", six.servers[0]) == (0, "")


def test_a_node_that_loads_its_data_is_not_ready_and_lives(six: Cluster, ask) -> None:
    server = six.servers[0]
    server.call("DEBUG", "POPULATE", 2000, "key", 4000)
    server.call("SAVE")
    server.kill()
    # Ten seconds for all of them.
    server.options += ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"]
    server.start()
    assert eventually(lambda: ask("alive.sh", server) == (0, ""), 10)
    status, said = ask("ready.sh", server)
    assert status == 1 and "LOADING" in said


def test_a_node_that_lost_its_memory_is_not_ready(cluster: Cluster, ask) -> None:
    """It starts anew as another node, which has no part in the cluster."""
    replica = cluster.replica(0)
    (replica.directory / "nodes.conf").rename(replica.directory / "kept")
    assert ask("ready.sh", replica) == (1, "There is no nodes.conf, so it would forget who it is")
    replica.kill()
    replica.start()
    replica.wait()
    status, said = ask("ready.sh", replica)
    assert status == 1 and "state is fail" in said
    assert ask("alive.sh", replica) == (0, "")
    replica.call("CLUSTER", "MEET", cluster.master(1).host, cluster.master(1).port)
    assert eventually(lambda: ask("ready.sh", replica) == (1, "It is a master without slots"), 10)


def test_a_replica_without_its_link_is_not_ready_and_lives(cluster: Cluster, ask) -> None:
    master, replica = cluster.shard(0)
    replica.call("CONFIG", "SET", "masterauth", "another")
    master.call("CLIENT", "KILL", "TYPE", "replica")
    assert eventually(lambda: ask("ready.sh", replica) == (1, "The link to its master is down"), 10)
    assert ask("alive.sh", replica) == (0, "")
    assert ask("ready.sh", master) == (0, "")
    replica.call("CONFIG", "SET", "masterauth", PASSWORD)
    assert eventually(lambda: ask("ready.sh", replica)[0] == 0, 10)


def test_a_master_that_nobody_could_replace_is_not_ready(cluster: Cluster, ask) -> None:
    master, replica = cluster.shard(0)
    replica.kill()
    assert eventually(lambda: ask("ready.sh", master) == (1, "It is a master without replica"), 10)
    assert ask("ready.sh", master, REDIS_REPLICAS=0) == (0, "")
    others = [server for server in cluster.servers if server not in (master, replica)]
    assert [ask("ready.sh", server) for server in others] == [(0, "")] * 4
    # Nobody is where slots are not served.
    master.kill()
    assert eventually(lambda: all(ask("ready.sh", server)[0] == 1 for server in others), 10)
    assert [ask("alive.sh", server) for server in others] == [(0, "")] * 4


def test_a_server_that_hangs_is_neither_in_good_time(cluster: Cluster, ask) -> None:
    server = cluster.servers[0]
    server.pause()
    for script in ("ready.sh", "alive.sh"):
        began = time.monotonic()
        assert ask(script, server)[0] == 1
        assert time.monotonic() - began < 3
    server.kill()
    for script in ("ready.sh", "alive.sh"):
        status, said = ask(script, server)
        assert status == 1 and "Could not connect" in said


def test_a_master_that_goes_hands_over_and_nobody_notices(cluster: Cluster, ask) -> None:
    master, replica = cluster.shard(0)
    with Load([(server.host, server.port) for server in cluster.servers], PASSWORD, rate=500) as load:
        time.sleep(0.5)
        assert ask("hand_over.sh", master)[0] == 0
        assert "role:slave" in master.call("INFO", "replication").replace("\r", "")
        assert "role:master" in replica.call("INFO", "replication").replace("\r", "")
        master.signal(15)
        master.process.wait(10)
        time.sleep(0.5)
        result = load.stop()
    assert (result.failed, result.lost) == ([], []), str(result)


def test_who_has_nothing_to_hand_over_goes_at_once(cluster: Cluster, ask) -> None:
    (master, replica), second = cluster.shard(0), cluster.shard(1)
    began = time.monotonic()
    assert ask("hand_over.sh", replica)[0] == 0
    replica.kill()
    assert eventually(lambda: "connected_slaves:0" in str(master.call("INFO", "replication")), 10)
    assert ask("hand_over.sh", master)[0] == 0
    master.kill()
    assert ask("hand_over.sh", master)[0] == 0
    assert time.monotonic() - began < 6
    # One that does not come to pass ends in time.
    master, replica = second
    replica.pause()
    began = time.monotonic()
    assert ask("hand_over.sh", master, REDIS_HAND_OVER_SECONDS=2)[0] == 0
    assert time.monotonic() - began < 6
    assert "role:master" in str(master.call("INFO", "replication"))
