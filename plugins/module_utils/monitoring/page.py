# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Monitoring as a page of text: what a person wants to see after a roll-out."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 78
NAMES = {"prometheus": "Prometheus", "alertmanager": "Alertmanager", "grafana": "Grafana"}


def page(found: Mapping[str, Any], user: str = "", hint: str = "", left_out: str = "") -> str:
    """The page for an answer of monitoring_info.

    Args:
        user: who may log in.
        hint: where the password is found.
        left_out: what is not there, and why.
    """
    verdict = "HEALTHY" if found["healthy"] else "NOT HEALTHY"
    head = f"{'OmniMind monitoring':<{WIDTH - len(verdict)}}{verdict}\n{'=' * WIDTH}"
    servers = found["servers"]
    lines = [f"  {NAMES[name]:<14}{servers[name]['url']}{_note(name, servers[name])}" for name in NAMES if name in servers]
    login = f"  login         {user}{f', password: {hint}' if hint else ''}" if user else ""
    parts = [
        f"{head}\n{_targets(servers.get('prometheus', {}).get('targets', []))}",
        "\n".join(["LOOK", *lines, *([login] if login else [])]),
        "\n".join(["PROBLEMS", *(f"  {text}" for text in found["problems"])]) if found["problems"] else "",
        left_out,
    ]
    return "\n\n".join(part for part in parts if part)


def _targets(targets: Sequence[Mapping[str, str]]) -> str:
    by_job: dict[str, list[str]] = {}
    for target in targets:
        by_job.setdefault(target["job"], []).append(target["health"])
    told = [f"{job} {healths.count('up')}/{len(healths)}" for job, healths in sorted(by_job.items())]
    return f"targets up: {', '.join(told)}" if told else "no targets"


def _note(name: str, server: Mapping[str, Any]) -> str:
    if server["problem"]:
        return f"  ({server['problem']})"
    if name == "grafana":  # It has users of its own.
        return "  (as admin)"
    return f"  (one of {server['peers']})" if server["peers"] > 1 else ""
