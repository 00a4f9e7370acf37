"""Redis 8.0 and Valkey 8.1 on Debian 13."""

from __future__ import annotations

from hosts.scenario import prove


def test_scenario(docker: dict[str, str]) -> None:
    prove("redis_cluster_trixie", docker)
