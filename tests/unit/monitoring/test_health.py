"""What servers say of themselves, what is wrong with it, and how a person is told."""

from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.health import (
    Answer,
    Expected,
    described,
    problems,
    refused,
    unread,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.page import page

UP = {"job": "node", "instance": "a:9100", "host": "a", "health": "up", "error": ""}
DOWN = {"job": "redis", "instance": "a:7000", "host": "a", "health": "down", "error": "refused"}


def test_all_is_well() -> None:
    answers = {"prometheus": Answer("p", read_at=5, targets=[UP]), "alertmanager": Answer("a", peers=2)}
    assert problems(answers, Expected({"node": 1}, 2, {"prometheus": 4.0})) == []


def test_what_is_wrong() -> None:
    answers = {
        "prometheus": Answer("p", read_at=5, targets=[UP, DOWN]),
        "alertmanager": Answer("a", read=False),
        "grafana": Answer("g", problem="refused"),
    }
    assert problems(answers, Expected({"node": 2}, 3, {"prometheus": 6.0})) == [
        "grafana at g: refused",
        "alertmanager at a did not take its configuration",
        "prometheus at p has yet to read its configuration",
        "job node has 1 targets, and not 2",
        "target a:7000 of job redis is down (refused)",
        "alertmanager at a sees 1 of 3 members of its cluster",
    ]
    assert refused(answers) == ["alertmanager"]
    assert unread(answers, Expected(changed={"prometheus": 6.0, "alertmanager": 9.0})) == ["prometheus"]


def test_the_page_has_addresses_and_what_was_left_out() -> None:
    answers = {"prometheus": Answer("http://p", targets=[UP, DOWN]), "alertmanager": Answer("http://a", peers=2)}
    found = {"healthy": False, "problems": ["something"], "servers": described(answers)}
    text = page(found, "omnimind", "in a file", "Grafana was left out: none is on this host.")
    for words in ("NOT HEALTHY", "http://p", "http://a  (one of 2)", "node 1/1, redis 0/1", "omnimind, password: in a file", "  something"):
        assert words in text
    assert text.endswith("Grafana was left out: none is on this host.")
    assert "Grafana  " not in text
    servers = {**found["servers"], **described({"grafana": Answer("http://g")})}
    assert "http://g  (as admin)" in page({**found, "servers": servers}, "omnimind")
