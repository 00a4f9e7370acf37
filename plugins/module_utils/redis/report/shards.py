# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A card for each shard, with its master and its replicas."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..slots import SLOTS
from .markup import Html, element
from .slot_map import colour
from .words import count, duration, size, some_ranges

FULL, FILLING = 0.9, 0.75


def shard_cards(found: Mapping[str, Any]) -> Iterator[Html]:
    """The cards of all shards, in the order of their slots."""
    nodes = {node["address"]: node for node in found["nodes"]}
    cards = []
    for index, shard in enumerate(found["shards"]):
        share = f"{count(shard['slot_count'], 'slot')}, {100 * shard['slot_count'] / SLOTS:.1f}\N{NO-BREAK SPACE}%"
        head = element(
            "h3",
            element("i", index + 1, class_=f"key {colour(index)}"),
            element("span", some_ranges(shard["slots"], 3)),
            element("small", share),
        )
        members = [shard["master"], *shard["replicas"]]
        cards.append(_card(found, head, [nodes[address] for address in members]))
    if cards:
        yield element("div", *cards, class_="cards")


def others(found: Mapping[str, Any]) -> Iterator[Html]:
    """A card for the nodes that are in no shard, if there are any."""
    placed = {address for shard in found["shards"] for address in (shard["master"], *shard["replicas"])}
    nodes = [node for node in found["nodes"] if node["address"] not in placed]
    if nodes:
        yield element("div", _card(found, None, nodes), class_="cards")


def _card(found: Mapping[str, Any], head: Html | None, nodes: list[Mapping[str, Any]]) -> Html:
    troubled = any(_codes(found, node, "error") for node in nodes)
    return element("article", head, *(_node(found, node) for node in nodes), class_="card bad" if troubled else "card")


def _codes(found: Mapping[str, Any], node: Mapping[str, Any], severity: str) -> list[str]:
    """The codes of the problems whose fault, or whose victim first of all, a node is."""
    about = (p for p in found["problems"] if p["severity"] == severity and p["nodes"][:1] == [node["address"]])
    return sorted({problem["code"] for problem in about})


def _node(found: Mapping[str, Any], node: Mapping[str, Any]) -> Html:
    role = element("b", node["role"], class_=node["role"])
    zone = element("span", f"zone {node['zone']}", class_="zone") if node["zone"] else None
    codes = [
        element("span", code, class_=f"code {severity}")
        for severity in ("error", "warning")
        for code in _codes(found, node, severity)
    ]
    return element(
        "div",
        element("p", role, element("span", node["address"]), zone, class_="who"),
        _memory(node),
        element("p", *(element("span", fact) for fact in _facts(node)), class_="facts"),
        element("p", *codes, class_="codes") if codes else None,
        class_="node" if node["alive"] else "node down",
    )


def _memory(node: Mapping[str, Any]) -> Html | None:
    used, limit = node["memory_bytes"], node["memory_limit_bytes"]
    if not limit:
        return None
    share = min(used / limit, 1)
    level = "full" if share >= FULL else "filling" if share >= FILLING else "fine"
    fill = element("i", class_=level, style=f"width:{100 * share:.1f}%")
    text = element("span", f"{size(used)} of {size(limit)}")
    return element("div", element("div", fill, class_="gauge"), text, class_="memory")


def _facts(node: Mapping[str, Any]) -> Iterator[str]:
    if node["memory_bytes"] is None:
        yield "no answer"
        return
    if not node["alive"]:
        yield "given up by the cluster"
    if not node["memory_limit_bytes"]:
        yield size(node["memory_bytes"])
    if node["role"] == "master":
        yield count(node["key_count"], "key")
    yield f"{node['operations_per_second']:,} ops/s"
    if node["role"] == "replica":
        yield from _lag(node)
    yield f"up {duration(node['uptime_seconds'])}"


def _lag(node: Mapping[str, Any]) -> Iterator[str]:
    if not node["link_up"]:
        yield "no link to its master"
    elif node["lag_bytes"]:
        yield f"{size(node['lag_bytes'])} behind"
    elif node["lag_bytes"] == 0:
        yield "in sync"
    if node["lag_seconds"]:
        yield f"heard {duration(node['lag_seconds'])} ago"
