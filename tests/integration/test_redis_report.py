"""The playbook redis_report, against real servers, sound and damaged."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.ansible_run import run_playbook
from integration.conftest import Cluster
from integration.servers import PASSWORD


class Reporter:
    """Runs the playbook for a cluster whose first machine cannot be reached by Ansible."""

    def __init__(self, directory: Path, cluster: Cluster) -> None:
        self.page, self.inventory = directory / "page.html", directory / "hosts.yml"
        hosts: dict[str, Any] = {
            f"redis-{number}": {
                "redis_cluster_address": f"127.0.0.{number}",
                "redis_cluster_ports": [s.port for s in cluster.servers if s.host == f"127.0.0.{number}"],
            }
            for number in (1, 2, 3)
        }
        hosts["redis-1"].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "redis_cluster_password": PASSWORD,
            "redis_cluster_name": "sessions",
            "redis_cluster_report_path": str(self.page),
        }
        self.inventory.write_text(yaml.safe_dump({"redis": {"hosts": hosts, "vars": variables}}))

    def run(self, *options: str, fails: str = "") -> tuple[str, dict[str, Any]]:
        """Page and artifacts. The run succeeds, or fails for the reason given."""
        self.page.unlink(missing_ok=True)
        done = run_playbook(
            "redis_report.yml", self.inventory, *options,
            ANSIBLE_SHOW_CUSTOM_STATS="1", ANSIBLE_CALLBACK_RESULT_FORMAT="json",
        )  # fmt: skip
        assert self.page.exists(), done.stdout + done.stderr
        assert PASSWORD not in done.stdout + self.page.read_text()
        assert not re.search("changed=[1-9]", done.stdout), "a report changes nothing"
        artifacts = re.search(r"RUN: ({.*})", done.stdout)
        assert artifacts, done.stdout
        assert (done.returncode == 0) != bool(fails) and fails in " ".join(done.stdout.split()), done.stdout
        return self.page.read_text(), json.loads(artifacts[1])


@pytest.fixture
def reporter(cluster: Cluster, tmp_path: Path) -> Reporter:
    return Reporter(tmp_path, cluster)


def test_the_page_of_a_healthy_cluster(cluster: Cluster, reporter: Reporter) -> None:
    """Made though the first host is not reached, and kept as an artifact where that is wanted."""
    for key in range(50):
        cluster.master(0).call("SET", "{06S}" + str(key), "x")  # slot 0
    page, artifacts = reporter.run("-e", "redis_cluster_report_keep=true redis_cluster_report_fail=true")
    assert "sessions: healthy" in page and all(server.address in page for server in cluster.servers)
    figures = artifacts["redis_cluster_figures"]
    assert (figures["healthy"], figures["key_count"], figures["slots_served"], figures["nodes"]) == (True, 50, 16384, 6)
    assert artifacts["redis_cluster_report"] == page


def test_a_damaged_cluster_gets_its_page_and_a_failure_only_if_wanted(cluster: Cluster, reporter: Reporter) -> None:
    master = cluster.master(0)
    master.call("CLUSTER", "DELSLOTS", 7)
    cluster.replica(1).kill()
    page, artifacts = reporter.run()
    assert "sessions: not healthy" in page and "slots_uncovered" in page
    assert not artifacts["redis_cluster_figures"]["healthy"] and "redis_cluster_report" not in artifacts
    page, artifacts = reporter.run("-e", "redis_cluster_report_fail=true", fails="1 slot has no owner: 7")
    assert "sessions: not healthy" in page
