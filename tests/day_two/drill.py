"""What `make drill` kills besides the acts of test_killed: the playbooks around the life of a cluster, and Sentinels."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from day_two.acts import (
    ANOTHER_MASTER,
    BACKUP,
    RESTART_SENTINELS,
    RESTORE,
    ROLL_OUT,
    ROLL_OUT_SENTINELS,
    TEARDOWN,
    Act,
)
from day_two.cluster import RunningCluster
from day_two.running import Running
from day_two.sentinels import RunningSentinels
from hosts.site import Point

SHOWN = re.compile(r'(\d+) keys in ([^\s"]+)')


@pytest.fixture(scope="module")
def cluster(docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    with RunningCluster(docker, tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def sentinels(docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSentinels]:
    with RunningSentinels(docker, tmp_path_factory.mktemp("sentinels")) as running:
        yield running


@pytest.fixture
def kills(pytestconfig: pytest.Config) -> Callable[[Act], list[Point]]:
    return lambda act: act.points(pytestconfig.getoption("kills"))


def test_cluster_is_rolled_out(cluster, kills):
    cluster.perform(ROLL_OUT, kills(ROLL_OUT))
    cluster.wait_until_whole()
    assert cluster.repeat(ROLL_OUT).changed == 0


def test_every_write_before_a_backup_is_restored(cluster, kills, record_property):
    with cluster.load() as load:
        for point in kills(BACKUP):
            cluster.site.play_until(point, BACKUP.playbook)
        began = time.monotonic()
        shown = SHOWN.search(cluster.perform(BACKUP).output)
        result = load.stop()
        assert shown and not result.lost
        before = [write for write in result.acknowledged if write.answered < began]
        cluster.empty()
        restore = RESTORE._replace(options=("-e", f"redis_cluster_restore_source={shown[2]}"))
        cluster.perform(restore, kills(restore))
        cluster.wait_until_whole()
        assert before and not load.missing(before)
    assert cluster.repeat(restore).changed == 0
    record_property("measured", f"backed up: {result}; {shown[1]} keys restored")
    assert not leftovers(cluster, Path(shown[2]).parent)


def test_cluster_is_torn_down(cluster, kills):
    torn_down(cluster, kills(TEARDOWN))


def test_sentinels_are_rolled_out(sentinels, kills):
    sentinels.perform(ROLL_OUT_SENTINELS, kills(ROLL_OUT_SENTINELS))
    assert len(sentinels.masters()) == 1 and sentinels.told() == sentinels.masters()
    assert sentinels.repeat(ROLL_OUT_SENTINELS).changed == 0


def test_another_node_is_master(sentinels, kills, record_property):
    with sentinels.load() as load:
        sentinels.perform(ANOTHER_MASTER, kills(ANOTHER_MASTER))
        result = load.stop()
    record_property("measured", f"another master: {result}")
    assert not result.lost
    assert sentinels.masters() == sentinels.told() == {"198.18.16.13"}
    assert sentinels.repeat(ANOTHER_MASTER).changed == 0
    assert sentinels.repeat(ROLL_OUT_SENTINELS).changed == 0
    assert sentinels.masters() == {"198.18.16.13"}


def test_sentinels_and_nodes_are_restarted(sentinels, kills, record_property):
    with sentinels.load() as load:
        sentinels.perform(RESTART_SENTINELS, kills(RESTART_SENTINELS))
        result = load.stop()
    record_property("measured", f"{RESTART_SENTINELS.name}: {result}")
    assert not result.lost
    assert len(sentinels.masters()) == 1 and sentinels.told() == sentinels.masters()
    assert sentinels.repeat(RESTART_SENTINELS).changed == 0


def test_sentinels_are_torn_down(sentinels, kills):
    torn_down(sentinels, kills(TEARDOWN))


def torn_down(running: Running, points: list[Point]) -> None:
    running.perform(TEARDOWN, points)
    assert running.repeat(TEARDOWN).changed == 0
    for host in running.addresses:
        assert not on_host(running, host, "pgrep -l 'redis|valkey' || true")
        assert not on_host(
            running, host, "ls -d /etc/omnimind* /var/lib/omnimind* /etc/systemd/system/omnimind* || true"
        )


def leftovers(running: Running, directory: Path) -> str:
    """What lies beside the backups, on any host."""
    return "".join(
        on_host(running, host, f"ls -A {directory} | grep -v '^omnimind' || true") for host in running.addresses
    )


def on_host(running: Running, host: str, script: str) -> str:
    command = ["docker", "exec", running.container(host), "sh", "-c", f"{script} 2>/dev/null"]
    return subprocess.run(command, env=running.site.environment, check=True, capture_output=True, text=True).stdout
