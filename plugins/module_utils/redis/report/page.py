# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster as one page of HTML that needs nothing beside itself: no script, no picture, no font."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..slots import SLOTS
from .balance import balance
from .figures import figures
from .markup import Html, element
from .shards import others, shard_cards
from .slot_map import slot_map
from .style import STYLE
from .words import count, number, size

# Nothing is fetched and nothing is run, whatever a page holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: Mapping[str, Any], title: str, time: str, guide: str) -> str:
    """The page for an answer of redis_cluster_info.

    `time` says when it was asked, `guide` is the address of the page that explains the problems.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title}: {_verdict(found)}"),
        element("style", Html(STYLE)),
    )
    numbers = figures(found)
    body = element(
        "body",
        _header(found, numbers, title, time),
        element(
            "main",
            element("div", *_tiles(found, numbers), class_="tiles"),
            _section("Problems", *_problems(found, guide)),
            _section("Slots", *slot_map(found)),
            _section("Balance", *balance(found)),
            _section("Shards", *shard_cards(found)),
            _section("Nodes outside the shards", *others(found)),
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _section(title: str, *content: Html) -> Html | None:
    return element("section", element("h2", title), *content) if content else None


def _verdict(found: Mapping[str, Any]) -> str:
    return "healthy" if found["healthy"] else "not healthy"


def _header(found: Mapping[str, Any], numbers: Mapping[str, Any], title: str, time: str) -> Html:
    shards, nodes, hosts = (count(numbers[noun], noun[:-1]) for noun in ("shards", "nodes", "hosts"))
    members = f"{shards}, {nodes} on {hosts}" if numbers["nodes"] else ""
    facts = [element("span", fact) for fact in (members, " and ".join(numbers["versions"]), time) if fact]
    mark = element("span", "\N{CHECK MARK}" if found["healthy"] else "!", class_="mark", aria_hidden="true")
    verdict = element("p", mark, element("strong", _verdict(found).capitalize()), element("span", _reason(found)))
    return element(
        "header",
        element("div", element("h1", title), element("p", *facts), class_="name"),
        element("div", verdict, class_=f"verdict {'good' if found['healthy'] else 'bad'}"),
    )


def _reason(found: Mapping[str, Any]) -> str:
    if not found["nodes"]:
        return "No node answers"
    counts = [
        count(sum(problem["severity"] == severity for problem in found["problems"]), severity)
        for severity in ("error", "warning")
        if any(problem["severity"] == severity for problem in found["problems"])
    ]
    return ", ".join(counts) or "All slots are served, all nodes agree"


def _tiles(found: Mapping[str, Any], numbers: Mapping[str, Any]) -> Iterator[Html]:
    served, alive, nodes = numbers["slots_served"], numbers["nodes_alive"], numbers["nodes"]
    limit, fullest = numbers["memory_limit_bytes"], numbers["memory_fullest_percent"]
    telling = sum(shard["key_count"] is not None for shard in found["shards"])
    late = any(problem["code"] in ("replica_lagging", "replica_link_down") for problem in found["problems"])
    yield _tile("Slots served", number(served), f"of {SLOTS:,}", "bad" if served < SLOTS else None)
    yield _tile("Nodes alive", number(alive), f"of {nodes:,}", "bad" if alive < nodes or not nodes else None)
    yield _tile("Keys", number(numbers["key_count"]), f"on {count(telling, 'master')}")
    yield _tile("Memory of masters", size(numbers["memory_bytes"]), f"of {size(limit)}" if limit else "no limit")
    if fullest is not None:
        share = f"{fullest:.0f}\N{NO-BREAK SPACE}%"
        yield _tile("Fullest node", share, "of its limit", "doubtful" if fullest >= 90 else None)
    yield _tile("Operations", number(numbers["operations_per_second"]), "per second")
    heard = f"heard {numbers['lag_seconds_max']} s ago"
    yield _tile("Greatest lag", size(numbers["lag_bytes_max"]), heard, "bad" if late else None)


def _tile(name: str, value: str, note: str, kind: str | None = None) -> Html:
    return element("dl", element("dt", name), element("dd", element("b", value), element("small", note)), class_=kind)


def _problems(found: Mapping[str, Any], guide: str) -> Iterator[Html]:
    for problem in found["problems"]:
        code = problem["code"]
        remedy = element("a", "Cause and remedy", href=f"{guide}#{code.replace('_', '-')}") if guide else None
        yield element(
            "article",
            element("b", problem["severity"], class_=f"severity {problem['severity']}"),
            element("p", problem["message"], " ", element("code", code)),
            remedy,
            class_="problem",
        )
