"""A master, its replicas and Sentinels: failed over, restarted, damaged."""

from __future__ import annotations

from hosts.scenario import prove


def test_scenario(docker: dict[str, str]) -> None:
    prove("redis_sentinel", docker)
