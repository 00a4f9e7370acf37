"""The playbook redis_scale on real servers: the stages of the role that talk to the cluster, as a user runs them."""

from __future__ import annotations

import os
import re
import sys

import pytest
import yaml
from integration.ansible_run import run_playbook
from integration.servers import PASSWORD
from integration.test_scaling import Grown

STAGES = ("--tags", "redis_cluster_form,redis_cluster_verify")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the role's preflight wants root: run the tests as root")


class Site:
    """An inventory of four hosts on loopback, whose servers run already."""

    def __init__(self, grown, directory):
        self.grown, self.file, self.data = grown, directory / "hosts.yml", directory / "data"
        for server in grown.all.servers:
            (self.data / str(server.port)).mkdir(parents=True)

    def write(self, **fourth):
        hosts = {}
        for server in self.grown.all.servers:
            new = {"redis_cluster_address": server.host, "redis_cluster_ports": []}
            host = hosts.setdefault(f"host{server.host[-1]}", new)
            host["redis_cluster_ports"].append(server.port)
        hosts["host4"].update(fourth)
        common = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False,
            "redis_cluster_password": PASSWORD, "redis_cluster_data_directory": str(self.data),
            "redis_cluster_bind": ["{{ redis_cluster_address }}"], "redis_cluster_timeout": 30,
        }  # fmt: skip
        self.file.write_text(yaml.safe_dump({"redis": {"hosts": hosts, "vars": common}}))

    def run(self, playbook):
        """How many tasks changed something; the run must succeed."""
        done = run_playbook(playbook, self.file, *STAGES)
        assert done.returncode == 0, done.stdout + done.stderr
        return sum(map(int, re.findall(r"changed=(\d+)", done.stdout)))

    def members(self):
        found = self.grown.cluster.check()
        assert found["healthy"]
        return len(found["nodes"]), len(found["shards"])


def test_a_host_comes_and_goes_by_the_inventory(start, tmp_path):
    site = Site(Grown(start), tmp_path)
    site.write()
    assert site.run("redis_scale.yml") == 1 and site.members() == (8, 4)
    site.write(redis_cluster_leaving=True)
    assert site.run("redis.yml") == 0 and site.members() == (8, 4), "it is neither taken for missing nor removed"
    assert site.run("redis_scale.yml") == 1 and site.members() == (6, 3)
    for server in site.grown.new:
        server.kill()
    assert site.run("redis_scale.yml") == 0
    assert site.run("redis.yml") == 0 and site.members() == (6, 3)
