# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A backend as a page of text: what a person wants to see after a roll-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 78
CACHES = {
    "cluster": "a Redis Cluster",
    "sentinel": "Redis with Sentinels",
    "single": "one Redis",
    "none": "in each process alone",
}


def page(found: Mapping[str, Any], name: str = "OmniMind backend") -> str:
    """The page for an answer of backend_info."""
    verdict = "READY" if found["fit"] and found["instances"] else "NOT READY"
    parts = [
        f"{name:<{WIDTH - len(verdict)}}{verdict}\n{'=' * WIDTH}\n{_facts(found['instances'])}",
        _table(found["instances"]),
        _look(found["instances"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(instances: Sequence[Mapping[str, Any]]) -> str:
    answering = [instance for instance in instances if instance["answers"]]
    if not answering:
        return "no instance answers"
    compression, topology = answering[0]["compression"], answering[0]["cache"].get("topology", "none")
    return (
        f"compresses by {', '.join(compression.get('codings') or []) or 'nothing'} "
        f"from {compression.get('minimum_size', '?')} bytes; cache: {CACHES.get(topology, topology)}"
    )


def _table(instances: Sequence[Mapping[str, Any]]) -> str:
    rows = [("INSTANCE", "VERSION", "UP", "STATE")]
    rows += [(i["url"], i["version"], _duration(i["uptime_seconds"]), i["objection"] or "ready") for i in instances]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([f"{text:<{w}}" for text, w in zip(row, widths)] + [row[3]]).rstrip() for row in rows)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _look(instances: Sequence[Mapping[str, Any]]) -> str:
    url = next((instance["url"] for instance in instances if instance["answers"]), "")
    if not url:
        return ""
    return (
        "LOOK\n"
        f"  {url}/\n"
        f"  curl --silent --compressed --dump-header - {url}/api/status\n"
        f"  curl --silent {url}/ready"
    )
