"""Every kind of damage to a group that Sentinels watch is found, and told by its code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.group_model import NAME, Member, Model, node, sentinel

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel import description, page, problems

ROOT = Path(__file__).resolve().parents[2]


def found(model: Model, **expected: int) -> dict[str, problems.Problem]:
    expectation = problems.Expectation(**{"replicas": 2, **expected})
    return {problem.code: problem for problem in problems.find_problems(model.survey(), [NAME], expectation)}


def each(model: Model, **changes: object) -> None:
    for watcher in model.sentinels.values():
        for name, value in changes.items():
            setattr(watcher, name, value)


def test_a_healthy_group_has_no_problem() -> None:
    assert found(Model()) == {}


DAMAGES: dict[str, tuple[Callable[[Model], object], str]] = {
    "monitor_unknown": (lambda m: each(m, watches=False), "error"),
    "monitor_missing": (lambda m: setattr(m.sentinels[3], "watches", False), "error"),
    "sentinel_unreachable": (lambda m: setattr(m.sentinels[3], "silent", True), "error"),
    "sentinel_tilted": (lambda m: setattr(m.sentinels[2], "tilt", True), "error"),
    "sentinels_few": (lambda m: m.sentinels.pop(3), "warning"),
    "quorum_lost": (lambda m: setattr(m.sentinels[1], "quorum_trouble", "NOQUORUM 1 usable Sentinels"), "error"),
    "masters_differ": (lambda m: setattr(m.sentinels[1], "master", 2), "error"),
    "sentinel_forgotten": (lambda m: m.sentinels[1].unknown_sentinels.add(2), "error"),
    "sentinel_ghost": (lambda m: each(m, more_sentinels={9}, down={sentinel(9)}), "warning"),
    "monitors_differ": (lambda m: m.sentinels[1].fields.update({"quorum": "3"}), "warning"),
    "master_down": (lambda m: each(m, flags="s_down,o_down,master"), "error"),
    "master_suspected": (lambda m: setattr(m.sentinels[1], "flags", "s_down,master"), "error"),
    "failover_in_progress": (lambda m: setattr(m.sentinels[1], "flags", "master,failover_in_progress"), "error"),
    "cluster_mode": (lambda m: setattr(m.nodes[1], "clustered", True), "error"),
    "master_unreachable": (lambda m: setattr(m.nodes[1], "silent", True), "error"),
    "master_follows_itself": (lambda m: setattr(m.nodes[1], "follows", 1), "error"),
    "master_is_replica": (lambda m: setattr(m.nodes[1], "follows", 2), "error"),
    "replica_unreachable": (lambda m: setattr(m.nodes[2], "silent", True), "error"),
    "second_master": (lambda m: setattr(m.nodes[2], "follows", 0), "error"),
    "replica_astray": (lambda m: setattr(m.nodes[2], "follows", 3), "error"),
    "replica_ghost": (lambda m: each(m, more_replicas={9}), "warning"),
    "replica_unknown": (lambda m: m.sentinels[1].unknown_replicas.add(2), "error"),
    "replica_link_down": (lambda m: setattr(m.nodes[2], "link", "down"), "error"),
    "replica_lagging": (
        lambda m: m.nodes[1].more.update({"slave0": "ip=10.0.0.2,port=6379,state=online,offset=1,lag=30"}),
        "error",
    ),
    "replicas_missing": (lambda m: setattr(m.nodes[2], "silent", True), "error"),
    "no_candidate": (lambda m: [setattr(member, "priority", 0) for member in m.nodes.values()], "error"),
    "replica_suspected": (lambda m: m.sentinels[1].down.add(node(2)), "error"),
    "versions_mixed": (lambda m: setattr(m.nodes[2], "version", "8.0.2"), "warning"),
}


@pytest.mark.parametrize("code", DAMAGES)
def test_damage_is_found(code: str) -> None:
    damage, severity = DAMAGES[code]
    model = Model()
    damage(model)
    assert found(model)[code].severity == severity


def test_every_code_has_a_damage_here_and_a_line_in_the_guide() -> None:
    source = (ROOT / "plugins/module_utils/redis/sentinel/problems.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'Problem\(\s*"(\w+)"', source)) | {"sentinel_unreachable"}
    assert codes == set(DAMAGES)
    guide = (ROOT / "docs/guide/redis_sentinel.rst").read_text(encoding="utf-8")
    assert {code for code in codes if f"``{code}``" not in guide} == set()


def test_a_monitor_nobody_knows_is_told_without_any_other_problem() -> None:
    model = Model(watched=False)
    assert set(found(model)) == {"monitor_unknown"}


def test_the_latest_epoch_counts_where_sentinels_differ() -> None:
    model = Model()
    model.sentinels[1].master, model.sentinels[1].epoch = 2, 7
    assert model.survey().masters_told(NAME)[0] == node(2)


def test_most_sentinels_count_where_epochs_are_equal() -> None:
    model = Model()
    model.sentinels[1].master = 2
    assert model.survey().masters_told(NAME) == [node(1), node(2)]


def test_an_unlisted_replica_that_lives_is_no_ghost() -> None:
    model = Model()
    model.nodes[4] = Member(follows=1)
    assert found(model) == {}


def test_description_and_page_show_master_replicas_and_problems() -> None:
    model = Model()
    model.nodes[3].silent = True
    answer = description.describe(model.survey(), [NAME], problems.Expectation(replicas=2))
    (monitor,) = answer["monitors"]
    assert monitor["master"] == "10.0.0.1:6379" and monitor["agree"] and monitor["quorum_reachable"]
    assert [n["role"] for n in monitor["nodes"]] == ["master", "replica", None]
    text = page.page(answer, "a file")
    for words in ("NOT HEALTHY", "10.0.0.3:6379  ?", "replica_unreachable", "get-master-addr-by-name cache", "a file"):
        assert words in text
