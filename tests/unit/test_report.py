"""The report of a cluster: its figures, its slot map, and a page that nothing can break out of."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core import description, filter_report
from unit.core import report_figures as figures
from unit.core import report_markup as markup
from unit.core import report_slot_map as slot_map
from unit.core import report_words as words
from unit.model import Model, complete, mask

SLOTS = 16384
EVIL = "<script>alert('\"&</script>"


class Page(HTMLParser):
    """A page, read: its text, its elements, and whether every one that opens is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).replace("\N{NO-BREAK SPACE}", " ").split())

    def boxes(self, drawing: str, kind: str = "") -> list[tuple[int, int]]:
        """Left edge and width in slots of each box in drawings of a class, of one kind or of all."""
        inside, found = "", []
        for tag, given in self.elements:
            if tag == "svg":
                inside = given["class"]
            elif tag == "path" and inside == drawing and (not kind or kind in given["class"].split()):
                found += [(int(left), int(width)) for left, width in re.findall(r"M(\d+) 0h(\d+)v1h-\2z", given["d"])]
        return found


def described(model: Model) -> dict[str, Any]:
    model.silence = 99
    return description.describe(model.survey())


def report(found: dict[str, Any], **options: str) -> Page:
    return Page(filter_report.redis_report(found, **options))


def sick() -> dict[str, Any]:
    """A dead master, 102 slots without owner, 60 with two, one open, a replica without a link."""
    model = complete(zones="abc")
    dead, second, third = (model.at(f"10.0.0.{number}:7000") for number in (1, 2, 3))
    dead.trouble = "Timeout"
    for server in model.servers.values():
        server.known[dead.id].flags = ("fail",)
        server.known[second.id].slots &= ~mask(range(6000, 6101), 8000)
        server.known[third.id].slots |= mask(range(7000, 7060))
    third.open_slots = f"[12000->-{second.id}]"
    model.at("10.0.0.3:7001").info["master_link_status"] = "down"
    return described(model)


def test_the_verdict_and_the_shards_of_a_healthy_cluster() -> None:
    page = report(described(complete(zones="abc")), title="cache", time="yesterday")
    assert "cache 3 shards, 6 nodes on 3 hosts redis 7.0.15 yesterday" in page.text
    assert "Healthy All slots are served, all nodes agree" in page.text
    assert "1 0-5460 5,461 slots, 33.3 % master 10.0.0.1:7000 zone a" in page.text
    assert "Problems" not in page.text and "outside the shards" not in page.text


def test_what_is_wrong_stands_on_the_page_with_a_link_to_its_remedy() -> None:
    found = sick()
    page = report(found, guide="guide.html")
    assert "Not healthy" in page.text
    links = {given["href"] for tag, given in page.elements if tag == "a"}
    for problem in found["problems"]:
        assert problem["message"] in page.text
        assert f"guide.html#{problem['code'].replace('_', '-')}" in links
    assert not [tag for tag, given in report(found, guide="").elements if tag == "a"]
    assert "no link to its master" in page.text and "no answer" in page.text


def test_slots_in_question_are_marked_and_no_mark_is_too_narrow_to_see() -> None:
    page = report(sick())
    assert "102 slots without an owner: 6000-6100, 8000" in page.text
    assert "5,461 slots whose owner is down: 0-5460" in page.text
    assert "60 slots claimed by more than one node: 7000-7059" in page.text
    assert "1 slot open, leaving a node: 12000" in page.text
    ((left, width),) = page.boxes("marks", "migrating")
    assert left <= 12000 < left + width and width >= 64
    assert page.boxes("bar", "down") == [(0, 5461)], "the dead master's slots are pale"


@pytest.mark.parametrize("masters", [1, 3, 7])
def test_the_bar_is_as_wide_as_all_slots(masters: int) -> None:
    boxes = report(described(complete(masters, zones="abcdefg"[:masters]))).boxes("bar")
    assert len(boxes) == masters
    assert sum(width for _left, width in boxes) == SLOTS


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_slot_is_in_the_bar_once_whatever_is_wrong(data: st.DataObject) -> None:
    found = described(complete())
    for shard in found["shards"]:
        runs = data.draw(st.lists(st.tuples(st.integers(0, SLOTS - 1), st.integers(0, 900)), max_size=5))
        shard["slots"] = ",".join(f"{first}-{min(first + more, SLOTS - 1)}" for first, more in runs)
    owned = [slot_map.parse_slots(shard["slots"]) for shard in found["shards"]]
    twice = frozenset(slot for index, slots in enumerate(owned) for other in owned[index + 1 :] for slot in slots & other)
    found["slots"]["disputed"] = slot_map.format_slots(twice)
    found["slots"]["uncovered"] = slot_map.format_slots(frozenset(range(SLOTS)).difference(*owned))
    found["slots"]["unserved"] = data.draw(st.sampled_from(["", found["shards"][0]["slots"], "0-3000,9000"]))
    drawn = [slot for left, width in report(found).boxes("bar") for slot in range(left, left + width)]
    is_whole = sorted(drawn) == list(range(SLOTS))
    assert is_whole  # not compared here, or a failure would print every slot


def test_nothing_that_a_server_says_becomes_markup() -> None:
    found = sick()
    tags = [tag for tag, _given in report(found, time="now").elements]
    text = json.dumps({**found, "versions": ["EVIL"]}).replace("10.0.0.1:7000", "EVIL").replace('"a"', '"EVIL"')
    evil = json.loads(text.replace("EVIL", json.dumps(EVIL)[1:-1]))
    page = report(evil, title=EVIL, time=EVIL, guide=f'"{EVIL}')
    assert [tag for tag, _given in page.elements] == tags
    assert "script" not in tags and EVIL in page.text
    assert not [key for _tag, given in page.elements for key in given if key.startswith("on")]


def test_an_attribute_cannot_be_left() -> None:
    assert markup.element("a", "<b>", title='"><i>', class_=None) == '<a title="&quot;&gt;&lt;i&gt;">&lt;b&gt;</a>'
    assert markup.element("p", markup.element("b", "&"), None) == "<p><b>&amp;</b></p>"


def test_the_page_needs_nothing_but_itself() -> None:
    text = filter_report.redis_report(sick())
    (policy,) = (given["content"] for tag, given in Page(text).elements if "http-equiv" in given)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"<(?:script|img|link|iframe|object)\b|url\(|@import|\bsrc=", text)
    assert set(re.findall(r"https?://[^#\"]+", text)) == {filter_report.GUIDE}


def test_a_hundred_nodes_make_no_heavy_page() -> None:
    found = described(complete(50, zones="abcde" * 10))
    text = filter_report.redis_report(found)
    assert len(text.encode()) < 300_000
    assert all(node["address"] in text for node in found["nodes"])


def test_a_cluster_of_which_nobody_tells() -> None:
    model = complete()
    for server in model.servers.values():
        server.trouble = "Timeout"
    page = report(described(model))
    assert "Not healthy No node answers" in page.text
    assert not [tag for tag, _given in page.elements if tag == "path"]


def test_nodes_outside_the_shards_are_shown() -> None:
    model = complete()
    for server in model.servers.values():
        server.known[model.at("10.0.0.2:7001").id].master = ""
    assert "Nodes outside the shards master 10.0.0.2:7001" in report(described(model)).text


def node(found: dict[str, Any], address: str) -> dict[str, Any]:
    return next(node for node in found["nodes"] if node["address"] == address)


def test_figures_count_what_is_known() -> None:
    found = described(complete())
    for number in (1, 2, 3):
        node(found, f"10.0.0.{number}:7000").update(key_count=10 * number, memory_bytes=100 * number, memory_limit_bytes=400)
    node(found, "10.0.0.2:7001").update(lag_bytes=7, lag_seconds=2, operations_per_second=5)
    counted = figures.figures(found)
    assert counted["healthy"] and not counted["errors"]
    assert (counted["key_count"], counted["memory_bytes"], counted["memory_limit_bytes"]) == (60, 600, 1200)
    assert (counted["memory_fullest_percent"], counted["lag_bytes_max"], counted["lag_seconds_max"]) == (75.0, 7, 2)
    assert counted["operations_per_second"] == 5
    assert counted["balance"]["key_count"] == {"min": 10, "max": 30}
    node(found, "10.0.0.3:7000")["memory_limit_bytes"] = 0
    assert figures.figures(found)["memory_limit_bytes"] == 0, "no limit for one is none for all"


def test_figures_of_a_sick_cluster() -> None:
    counted = figures.figures(sick())
    assert (counted["nodes"], counted["nodes_alive"], counted["shards"]) == (6, 5, 3)
    assert counted["slots_served"] == SLOTS - 5461 - 102
    assert not counted["healthy"] and "slots_uncovered" in counted["errors"]
    assert json.dumps(counted)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0 B"), (999, "999 B"), (1000, "1.0 KiB"), (10**6, "977 KiB"), (1.5 * 2**30, "1.5 GiB"), (2**80, "1,073,741,824 PiB")],
)  # fmt: skip
def test_sizes(value: int | None, text: str) -> None:
    assert words.size(value).replace("\N{NO-BREAK SPACE}", " ") == text


def test_times_counts_and_ranges() -> None:
    times = [words.duration(value).replace("\N{NO-BREAK SPACE}", " ") for value in (0, 59, 60, 7199, 86400 * 3)]
    assert times == ["0 s", "59 s", "1 min", "1 h", "3 d"]
    assert words.count(1, "slot") == "1\N{NO-BREAK SPACE}slot" and words.count(1000, "slot").startswith("1,000")
    assert words.some_ranges("1,3,5", 2) == "1, 3 and 1\N{NO-BREAK SPACE}more range"
