# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All 16384 slots as one bar, coloured by shard, with what is in question marked beneath it."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..slots import SLOTS, format_slots, parse_slots, ranges
from .markup import Html, element
from .words import count, some_ranges

# A mark is that many slots wide, so that a single slot can be seen; a part has its number in it from this width on.
MARK = 64
LABEL = 500

MARKS = (
    ("uncovered", "without an owner"),
    ("unserved", "whose owner is down"),
    ("disputed", "claimed by more than one node"),
    ("migrating", "open, leaving a node"),
    ("importing", "open, coming to a node"),
)


class Part(NamedTuple):
    """Slots of the bar that belong together: of one shard (`shard` counts from 0), disputed, or without owner."""

    kind: str
    shard: int | None
    slots: frozenset[int]


def parts(found: Mapping[str, Any]) -> list[Part]:
    """The bar, cut up: every slot is in exactly one part."""
    disputed = parse_slots(found["slots"]["disputed"])
    owned = [parse_slots(shard["slots"]) for shard in found["shards"]]
    uncovered = frozenset(range(SLOTS)).difference(*owned, disputed)
    found_parts = [Part("shard", number, slots - disputed) for number, slots in enumerate(owned)]
    found_parts += [Part("disputed", None, disputed), Part("uncovered", None, uncovered)]
    return [part for part in found_parts if part.slots]


def slot_map(found: Mapping[str, Any]) -> Iterator[Html]:
    """The bar with its axis, and a row for each kind of slots in question. Nothing when nobody told of slots."""
    if not found["nodes"]:
        return
    unserved = parse_slots(found["slots"]["unserved"])
    drawn = [piece for part in parts(found) for piece in _pieces(found, part, unserved)]
    yield element("div", _canvas("bar", *drawn), *_labels(found), class_="slots")
    ticks = (
        element("span", slot, style=f"left:{100 * slot / SLOTS:.2f}%" if slot < SLOTS - 1 else None)
        for slot in (0, 4096, 8192, 12288, SLOTS - 1)
    )
    yield element("div", *ticks, class_="axis", aria_hidden="true")
    yield from _rows(found)


def _canvas(kind: str, *shapes: Html) -> Html:
    """A drawing whose width is the 16384 slots, whatever its width on the page."""
    size = {"viewBox": f"0 0 {SLOTS} 1", "preserveAspectRatio": "none"}
    return element("svg", *shapes, class_=kind, aria_hidden="true", **size)


def _pieces(found: Mapping[str, Any], part: Part, unserved: frozenset[int]) -> Iterator[Html]:
    """A part as shapes: what is served of it, and what is not."""
    if part.shard is None:
        yield _shape(part.slots, f"{part.kind}: {some_ranges(format_slots(part.slots))}", part.kind)
        return
    name = f"shard {part.shard + 1}, {found['shards'][part.shard]['master']}"
    for slots, state, kind in ((part.slots - unserved, "", ""), (part.slots & unserved, ", down", " down")):
        if slots:
            title = f"{name}{state}: {some_ranges(format_slots(slots))}"
            yield _shape(slots, title, f"{colour(part.shard)}{kind}")


def colour(shard: int) -> str:
    """The class that colours all of a shard; neighbours differ."""
    return f"c{shard % 8}"


def _shape(slots: Iterable[int], title: str, kind: str, unit: int = 1) -> Html:
    """Slots as rectangles. With a `unit`, they are counted in that many slots."""
    boxes = ((first * unit, (last - first + 1) * unit) for first, last in ranges(slots))
    path = "".join(f"M{left} 0h{width}v1h-{width}z" for left, width in boxes)
    return element("path", element("title", title), d=path, class_=kind)


def _labels(found: Mapping[str, Any]) -> Iterator[Html]:
    """The number of a shard, on each run of its slots that is wide enough."""
    unserved = parse_slots(found["slots"]["unserved"])
    for part in parts(found):
        for first, last in ranges(part.slots) if part.kind == "shard" else ():
            width = last - first + 1
            if width >= LABEL:
                place = f"left:{100 * first / SLOTS:.2f}%;width:{100 * width / SLOTS:.2f}%"
                kinds = ["narrow"] * (width < 2 * LABEL) + ["down"] * (first in unserved)
                yield element("span", part.shard + 1, style=place, class_=" ".join(kinds) or None)


def _rows(found: Mapping[str, Any]) -> Iterator[Html]:
    for kind, words in MARKS:
        text = found["slots"][kind]
        if text:
            slots = parse_slots(text)
            sentence = f"{count(len(slots), 'slot')} {words}: {some_ranges(text)}"
            yield element(
                "div",
                _canvas("marks", _shape({slot // MARK for slot in slots}, sentence, kind, MARK)),
                element("p", element("i", class_=f"key {kind}"), sentence),
                class_="row",
            )
