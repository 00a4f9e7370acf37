# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How evenly shards share slots, keys and memory: bars on which each shard has its share."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .markup import Html, element
from .slot_map import colour
from .words import number, size


def balance(found: Mapping[str, Any]) -> Iterator[Html]:
    """A row for each measure. Nothing for a single shard, which has nothing to share with."""
    masters = {node["address"]: node for node in found["nodes"]}
    shards = found["shards"]
    if len(shards) > 1:
        memory = [masters[shard["master"]]["memory_bytes"] for shard in shards]
        yield _row("Slots", [shard["slot_count"] for shard in shards], number)
        yield _row("Keys", [shard["key_count"] for shard in shards], number)
        yield _row("Memory", memory, size)


def _row(name: str, values: Sequence[int | None], write: Callable[[int | None], str]) -> Html:
    known = [value for value in values if value is not None]
    total, least, most = sum(known), min(known, default=0), max(known, default=0)
    stripes = (
        element(
            "i",
            class_=colour(shard),
            style=f"width:{100 * value / total:.3f}%",
            title=f"shard {shard + 1}: {write(value)}",
        )
        for shard, value in enumerate(values)
        if value
    )
    spread = f"{write(least)} to {write(most)}" if least != most else f"{write(most)} each"
    note = element("small", f"{most / least:.2f}\N{MULTIPLICATION SIGN}") if least and most / least >= 1.005 else None
    return element(
        "div",
        element("b", name),
        element("div", *stripes, class_="share", role="img", aria_label=f"{name}: {spread}"),
        element("span", spread, " ", note),
        class_="balance",
    )
