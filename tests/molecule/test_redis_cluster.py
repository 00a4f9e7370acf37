"""A Redis Cluster on three Debian 12 hosts: formed, damaged, repaired."""

from __future__ import annotations

from hosts.scenario import prove


def test_scenario(docker: dict[str, str]) -> None:
    prove("redis_cluster", docker)
