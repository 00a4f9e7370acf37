"""The backend beside a Redis Cluster: built, changed, broken, rolled back."""

from __future__ import annotations

from hosts.scenario import prove


def test_scenario(docker: dict[str, str]) -> None:
    prove("backend", docker)
