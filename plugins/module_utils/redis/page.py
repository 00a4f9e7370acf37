# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster as a page of text: what a person wants to see after a roll-out."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 78


def page(found: Mapping[str, Any], login: str = "", ca: str = "") -> str:
    """The page for an answer of redis_cluster_info; `login` says where the password is found, `ca` names the file
    of the authorities where clients use TLS."""
    parts = [_headline(found), _table(found), problems_text(found["problems"]), _connect(found, login, ca)]
    return "\n\n".join(part for part in parts if part)


def _headline(found: Mapping[str, Any]) -> str:
    verdict = "HEALTHY" if found["healthy"] else "NOT HEALTHY"
    nodes = found["nodes"]
    masters = sum(node["role"] == "master" for node in nodes)
    hosts = len({node["host"] for node in nodes})
    facts = (
        f"{_number(masters, 'master')} and {_number(len(nodes) - masters, 'replica')} on {_number(hosts, 'host')}, "
        f"{', '.join(found['versions']) or 'no answer'}; "
        f"{found['slots']['covered']} of 16384 slots covered, "
        f"{'all nodes agree' if found['agree'] else 'nodes disagree'}"
    )
    return f"{'Redis Cluster':<{WIDTH - len(verdict)}}{verdict}\n{'=' * WIDTH}\n{facts}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _table(found: Mapping[str, Any]) -> str:
    by_address = {node["address"]: node for node in found["nodes"]}
    rows: list[Sequence[str]] = [("SLOTS", "ROLE", "NODE", "ZONE", "KEYS", "STATE")]
    for shard in found["shards"]:
        rows.append(_row(by_address[shard["master"]], shard["slots"]))
        rows += [_row(by_address[address], "") for address in shard["replicas"]]
    placed = {row[2] for row in rows}
    rows += [_row(node, "none") for address, node in by_address.items() if address not in placed]
    if not any(row[3] for row in rows[1:]):
        rows = [(*row[:3], *row[4:]) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(f"{text:<{w}}" for text, w in zip(row, widths)).rstrip() for row in rows)


def _row(node: Mapping[str, Any], slots: str) -> Sequence[str]:
    keys = "?" if node["key_count"] is None else str(node["key_count"])
    return (slots, node["role"], node["address"], node["zone"], keys, _state(node))


def _state(node: Mapping[str, Any]) -> str:
    if not node["alive"]:
        return "DOWN"
    if node["role"] == "master":
        return "up"
    if not node["link_up"]:
        return "up, NO LINK to its master"
    return f"in sync, {node['lag_bytes'] or 0} bytes behind" if node["lag_bytes"] else "in sync"


def problems_text(problems: Sequence[Mapping[str, Any]]) -> str:
    if not problems:
        return ""
    return "\n".join(["PROBLEMS", *(f"  {p['severity']}: {p['message']} [{p['code']}]" for p in problems)])


def _connect(found: Mapping[str, Any], login: str, ca: str) -> str:
    masters = [shard["master"] for shard in found["shards"]]
    if not masters:
        return ""
    host, port = masters[0].rsplit(":", 1)
    host = host.strip("[]")
    cli, python = (f" --tls --cacert {ca}", f', ssl=True, ssl_ca_certs="{ca}"') if ca else ("", "")
    lines = [
        "CONNECT",
        f"  redis-cli -c -h {host} -p {port} --askpass{cli}",
        f'  redis.cluster.RedisCluster(host="{host}", port={port}, password=...{python})   # Python',
    ]
    return "\n".join([*lines, f"  The password is in {login}."] if login else lines)
