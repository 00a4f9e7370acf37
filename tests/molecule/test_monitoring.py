"""Monitoring of a Redis Cluster on systemd hosts: check mode, second run, refused, removed, taken off."""

from __future__ import annotations

from hosts.scenario import prove


def test_scenario(docker: dict[str, str]) -> None:
    prove("monitoring", docker)
