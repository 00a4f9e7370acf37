"""The playbook verify asks what runs, fails where it is not well, and changes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.ansible_run import run_playbook
from integration.conftest import Cluster
from integration.sentinels import NAME, SENTINEL_PASSWORD, Topology
from integration.sentinels import PASSWORD as DATA_PASSWORD
from integration.servers import PASSWORD, free_ports

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
Verify = Callable[[dict[str, Any]], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Runs the playbook with an inventory of these groups; it has changed nothing."""

    def run(groups: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(yaml.safe_dump(groups))
        done = run_playbook("verify.yml", inventory)
        assert "changed=0" in done.stdout and "changed=1" not in done.stdout, done.stdout + done.stderr
        return done

    return run


def group(hosts: dict[str, dict[str, Any]], **variables: Any) -> dict[str, Any]:
    return {"hosts": hosts, "vars": {**LOCAL, **variables}}


def of_cluster(cluster: Cluster) -> dict[str, Any]:
    hosts = {
        server.host: {"redis_cluster_address": server.host, "redis_cluster_ports": []} for server in cluster.servers
    }
    for server in cluster.servers:
        hosts[server.host]["redis_cluster_ports"].append(server.port)
    return {"redis": group(hosts, redis_cluster_password=PASSWORD)}


def test_a_cluster(cluster: Cluster, verify: Verify) -> None:
    done = verify(of_cluster(cluster))
    assert done.returncode == 0, done.stdout
    assert "HEALTHY" in done.stdout and "16384 of 16384 slots covered" in done.stdout
    cluster.master(0).call("CLUSTER", "DELSLOTS", 7)
    cluster.wait_for_problem("slots_uncovered")
    done = verify(of_cluster(cluster))
    assert done.returncode != 0
    assert "NOT HEALTHY" in done.stdout and "1 slot has no owner: 7" in " ".join(done.stdout.split())


def test_sentinels(tmp_path: Path, verify: Verify) -> None:
    with Topology(tmp_path / "group") as servers:
        servers.converge()
        hosts: dict[str, dict[str, Any]] = {}
        for names, members in (
            ("redis_sentinel_data_ports", servers.nodes),
            ("redis_sentinel_ports", servers.sentinels),
        ):
            for server in members:
                own = hosts.setdefault(server.host, {"redis_sentinel_address": server.host})
                own.setdefault(names, []).append(server.port)
        variables = {"password": DATA_PASSWORD, "own_password": SENTINEL_PASSWORD, "monitor": NAME}
        groups = {
            "redis_sentinel": group(hosts, **{f"redis_sentinel_{name}": value for name, value in variables.items()})
        }
        assert verify(groups).returncode == 0
        servers.replicas[0].kill()
        done = verify(groups)
        assert done.returncode != 0 and "NOT HEALTHY" in done.stdout


def test_what_does_not_run_is_not_well(verify: Verify) -> None:
    (unused,) = free_ports(1)
    backend = group({"backend": {"backend_address": "127.0.0.1", "backend_ports": [unused]}})
    done = verify({"backend": backend})
    assert done.returncode != 0 and "NOT READY" in done.stdout
    monitoring = group(
        {"monitor": {"monitoring_address": "127.0.0.1", "monitoring_prometheus_port": unused}},
        monitoring_components=["prometheus"],
    )
    done = verify({"monitoring": monitoring})
    assert done.returncode != 0 and "NOT HEALTHY" in done.stdout
