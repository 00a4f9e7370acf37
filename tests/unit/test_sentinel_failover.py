"""Who takes the place of a master that Sentinels watch, and every reason why nobody must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors
from unit.group_model import NAME, Model, node, sentinel

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel import choice


def choose(model: Model, **order) -> choice.Handover | None:
    return choice.choose_handover(model.survey(), choice.Order(NAME, **order))


def refusals(model: Model, **order) -> dict[str, str]:
    with pytest.raises(errors.Refused) as caught:
        choose(model, **order)
    return {refusal["node"]: refusal["reason"] for refusal in caught.value.details["refusals"]}


def test_sentinels_choose_among_the_replicas_of_lowest_priority() -> None:
    model = Model()
    model.nodes[3].priority = 50
    found = choose(model)
    assert (found.master, found.heirs, found.engine) == (node(1), (node(3),), choice.GUARDED)
    assert found.priorities == {}
    model.nodes[2].priority = 50
    assert choose(model).heirs == (node(2), node(3))


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([2, 3]))
def test_the_wanted_replica_has_the_lowest_priority_then(second: int, third: int, to: int) -> None:
    model = Model()
    model.nodes[2].priority, model.nodes[3].priority = second, third
    found = choose(model, to=node(to))
    after = {2: second, 3: third} | {int(a.host[-1]): p for a, p in found.priorities.items()}
    assert found.heirs == (node(to),)
    assert after[to] >= 1 and all(p == 0 or p > after[to] for host, p in after.items() if host != to)
    assert found.usual == {a: {2: second, 3: third}[int(a.host[-1])] for a in found.priorities}


def test_the_present_master_needs_no_failover() -> None:
    assert choose(Model(), to=node(1)) is None


def test_a_node_that_is_no_master_need_not_be_replaced() -> None:
    assert choose(Model(), demote=node(2)) is None
    assert choose(Model(), demote=node(1)).heirs == (node(2), node(3))
    model = Model()
    model.sentinels[1].master = 2
    assert "different masters" in refusals(model, demote=node(3))[""], "who is the master is not known"


@pytest.mark.parametrize(
    ("old", "new", "link", "good"),
    [
        ("7.0.15", "7.0.15", "up", True),
        ("7.0.15", "7.0.15", "down", False),
        ("7.0.14", "7.0.15", "down", False),
        ("7.0.15", "8.0.2", "down", True),
        ("8.0.2", "7.0.15", "down", False),
    ],
)
def test_an_older_node_that_cannot_read_a_newer_one_need_only_follow_it(old, new, link, good) -> None:
    model = Model()
    model.nodes[1].version = new
    model.nodes[2].version, model.nodes[2].link = old, link
    nodes = model.survey().nodes
    assert nodes[node(2)].obeys(nodes[node(1)]) is good
    assert not nodes[node(2)].obeys(nodes[node(3)])


def test_the_last_sentinel_listed_is_asked_if_it_can_lead() -> None:
    model = Model()
    assert choose(model).asked == sentinel(3)
    model.sentinels[3].quorum_trouble = "NOQUORUM"
    assert choose(model).asked == sentinel(2)


def test_a_dead_master_is_left_to_the_sentinels() -> None:
    model = Model()
    model.nodes[1].silent = True
    assert choose(model).engine == choice.AWAITED


def test_without_a_quorum_it_is_refused_unless_forced() -> None:
    model = Model()
    for watcher in model.sentinels.values():
        watcher.quorum_trouble = "NOQUORUM 1 usable Sentinels"
    assert "has no quorum: NOQUORUM 1 usable Sentinels" in refusals(model)["10.0.0.1:26379"]
    assert choose(model, force=True)


def test_without_a_good_replica_it_is_refused() -> None:
    model = Model()
    model.nodes[2].silent = True
    model.nodes[3].link = "down"
    reason = refusals(model)["10.0.0.1:6379"]
    assert "10.0.0.2:6379 does not answer" in reason
    assert "10.0.0.3:6379 is not in sync: it has no replication link to 10.0.0.1:6379" in reason
    assert choose(model, force=True).heirs == (node(3),)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda m: setattr(m.nodes[2], "link", "down"), "is not in sync"),
        (lambda m: setattr(m.nodes[2], "follows", 3), "does not follow 10.0.0.1:6379"),
        (lambda m: m.sentinels[3].down.add(node(2)), "is down in the eyes of the Sentinel"),
        (lambda m: setattr(m.nodes[2], "silent", True), "does not answer"),
        (
            lambda m: m.nodes[1].more.update({"slave0": "ip=10.0.0.2,port=6379,state=online,offset=1,lag=30"}),
            "is not in sync: 10.0.0.1:6379 heard from it 30 s ago",
        ),
    ],
)
def test_a_named_replica_that_is_not_fit(damage, words: str) -> None:
    model = Model()
    damage(model)
    assert words in refusals(model, to=node(2))["10.0.0.2:6379"]


def test_what_is_no_replica_at_all() -> None:
    assert refusals(Model(), to=node(8)) == {"10.0.0.8:6379": "is no replica of cache"}


def test_disorder_is_refused() -> None:
    model = Model()
    model.sentinels[1].master = 2
    assert "Sentinels tell clients of different masters" in refusals(model)[""]
    model = Model()
    model.sentinels[1].flags = "master,failover_in_progress"
    assert refusals(model)[""] == "a failover is in progress already"
    model = Model()
    model.nodes[1].follows = 2
    assert "is no master: it follows 10.0.0.2:6379" in refusals(model)["10.0.0.1:6379"]
    assert "no Sentinel that answers watches cache" in refusals(Model(watched=False))[""]


def test_cluster_mode_is_refused_even_by_force() -> None:
    model = Model()
    model.nodes[2].clustered = True
    assert "cluster mode" in refusals(model, force=True)["10.0.0.2:6379"]


def test_servers_that_coordinate_it_themselves_are_let() -> None:
    model = Model()
    for member in model.nodes.values():
        member.more = {"valkey_version": "9.0.0"}
    survey = model.survey()
    for report in survey.sentinels:
        report.info["valkey_version"] = "9.0.1"
    assert choice.choose_handover(survey, choice.Order(NAME)).engine == choice.COORDINATED
    survey.sentinels[1].info["valkey_version"] = "8.1.1"
    assert choice.choose_handover(survey, choice.Order(NAME)).engine == choice.GUARDED
