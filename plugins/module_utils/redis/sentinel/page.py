# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Master, replicas and Sentinels as a page of text: what a person wants to see after a roll-out."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..page import WIDTH, problems_text


def page(found: Mapping[str, Any], login: str = "") -> str:
    """The page for an answer of redis_sentinel_info; `login` says where the password is found."""
    verdict = "HEALTHY" if found["healthy"] else "NOT HEALTHY"
    head = f"{'Redis with Sentinels':<{WIDTH - len(verdict)}}{verdict}\n{'=' * WIDTH}"
    groups = [_group(monitor) for monitor in found["monitors"]]
    parts = [head, *groups, _sentinels(found["sentinels"]), problems_text(found["problems"]), _connect(found, login)]
    return "\n\n".join(part for part in parts if part)


def _group(monitor: Mapping[str, Any]) -> str:
    facts = (
        f"{monitor['name']}: master {monitor['master']}, quorum {monitor['quorum']} "
        f"{'reachable' if monitor['quorum_reachable'] else 'NOT REACHABLE'}, "
        f"{'all Sentinels agree' if monitor['agree'] else 'Sentinels disagree'}"
    )
    rows = [("ROLE", "NODE", "VERSION", "KEYS", "STATE"), *(_node(node) for node in monitor["nodes"])]
    return f"{facts}\n{_table(rows)}"


def _node(node: Mapping[str, Any]) -> Sequence[str]:
    if not node["alive"]:
        return ("?", node["address"], "?", "?", "DOWN")
    state = "up"
    if node["role"] == "replica":
        state = f"in sync, {node['lag_bytes'] or 0} bytes behind" if node["link_up"] else f"NO LINK to {node['master']}"
    return (node["role"], node["address"], node["version"], str(node["key_count"]), state)


def _sentinels(sentinels: Sequence[Mapping[str, Any]]) -> str:
    rows = [("SENTINEL", "STATE")]
    for sentinel in sentinels:
        state = "tilted" if sentinel["tilt"] else "up"
        rows.append((sentinel["address"], state if sentinel["alive"] else "DOWN"))
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(f"{text:<{width}}" for text, width in zip(row, widths)).rstrip() for row in rows)


def _connect(found: Mapping[str, Any], login: str) -> str:
    living = [sentinel["address"] for sentinel in found["sentinels"] if sentinel["alive"]]
    if not living or not found["monitors"]:
        return ""
    name = found["monitors"][0]["name"]
    pairs = [address.rpartition(":") for address in living]
    hosts = ", ".join(f'("{host.strip("[]")}", {port})' for host, _colon, port in pairs)
    host, _colon, port = pairs[0]
    lines = [
        "CONNECT",
        f"  redis-cli -h {host.strip('[]')} -p {port} --askpass sentinel get-master-addr-by-name {name}",
        f"  redis.sentinel.Sentinel([{hosts}],",
        f'      sentinel_kwargs={{"password": ...}}).master_for("{name}", password=...)   # Python',
    ]
    return "\n".join([*lines, f"  The password is in {login}."] if login else lines)
