"""Plans for what Sentinels watch: the present master stays, and nothing is made to forget what only it knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors, nodes
from unit.group_model import NAME, Member, Model, node, sentinel

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel import monitors

OPTIONS = {"down-after-milliseconds": "5000", "failover-timeout": "60000", "parallel-syncs": "1"}
WANTED = monitors.Monitor(NAME, tuple(map(node, (1, 2, 3))), node(1), settings=OPTIONS, auth_password="secret")


def plan(model: Model, wanted: monitors.Monitor = WANTED, **options: bool) -> monitors.Plan:
    return monitors.make_plan(model.survey(), wanted, **options)


def commands(found: monitors.Plan, *, to_sentinel: bool) -> dict[str, list[tuple]]:
    steps = [step for step in (*found.steps, *found.resets) if step.to_sentinel == to_sentinel]
    return {str(step.address): list(step.commands) for step in steps}


def refusals(model: Model, wanted: monitors.Monitor = WANTED) -> dict[str, str]:
    with pytest.raises(errors.Refused) as caught:
        plan(model, wanted)
    return {refusal["node"]: refusal["reason"] for refusal in caught.value.details["refusals"]}


def fresh() -> Model:
    """Three empty masters that nobody watches."""
    model = Model(watched=False)
    for member in model.nodes.values():
        member.follows, member.keys = 0, 0
    return model


def test_nothing_is_to_be_done_twice() -> None:
    assert plan(Model()).texts() == []


def test_a_new_group_gets_the_preferred_master() -> None:
    found = plan(fresh(), replace(WANTED, preferred=node(2)))
    assert found.master == node(2)
    follow = [("REPLICAOF", "10.0.0.2", 6379), ("CONFIG", "REWRITE")]
    assert commands(found, to_sentinel=False) == {"10.0.0.1:6379": follow, "10.0.0.3:6379": follow}
    watch = commands(found, to_sentinel=True)["10.0.0.1:26379"]
    assert watch[0] == ("SENTINEL", "MONITOR", NAME, "10.0.0.2", 6379, 2)
    assert watch[1] == ("SENTINEL", "SET", NAME, "auth-pass", "secret")
    assert ("SENTINEL", "SET", NAME, "down-after-milliseconds", "5000") in watch
    assert not any("secret" in text for text in found.texts())


@given(st.integers(1, 3), st.integers(1, 3))
def test_the_node_with_keys_is_the_master_of_a_new_group(holder: int, preferred: int) -> None:
    model = fresh()
    model.nodes[holder].keys = 5
    assert plan(model, replace(WANTED, preferred=node(preferred))).master == node(holder)


def test_two_masters_with_keys_are_refused() -> None:
    model = fresh()
    model.nodes[1].keys = model.nodes[3].keys = 5
    assert "several masters hold keys: 10.0.0.1:6379 (5 keys), 10.0.0.3:6379 (5 keys)" in refusals(model)[""]


def test_the_master_that_others_follow_already_is_taken_when_nothing_holds_keys() -> None:
    model = fresh()
    model.nodes[1].follows = 3
    assert plan(model).master == node(3)


def test_of_replicas_that_a_lost_master_left_the_one_that_read_most_is_promoted() -> None:
    model = Model(watched=False)
    for host, offset in ((1, 10), (2, 30), (3, 20)):
        model.nodes[host] = Member(follows=9, offset=offset, link="down")
    found = plan(model)
    assert found.master == node(2)
    assert commands(found, to_sentinel=False)["10.0.0.2:6379"][0] == ("REPLICAOF", "NO", "ONE")


def test_a_living_master_outside_of_the_list_is_refused() -> None:
    model = Model(watched=False)
    del model.nodes[1]
    model.listed = {2, 3}
    reason = refusals(model, replace(WANTED, nodes=(node(2), node(3))))["10.0.0.2:6379"]
    assert reason == "follows 10.0.0.1:6379, a living master that is not listed"


def test_a_new_group_needs_every_node_to_answer() -> None:
    model = fresh()
    model.nodes[2].silent = True
    assert "does not answer" in refusals(model)["10.0.0.2:6379"]


def test_nodes_in_cluster_mode_are_refused() -> None:
    model = fresh()
    model.nodes[2].clustered = True
    assert refusals(model)["10.0.0.2:6379"] == "runs in cluster mode, which Sentinel cannot manage"


@pytest.mark.parametrize("preferred", [1, 2, 3])
def test_the_present_master_stays_whoever_is_preferred(preferred: int) -> None:
    model = Model()
    model.nodes[1].follows, model.nodes[3].follows, model.nodes[2].follows = 2, 2, 0
    for watcher in model.sentinels.values():
        watcher.master, watcher.epoch = 2, 1
    found = plan(model, replace(WANTED, preferred=node(preferred)))
    assert (found.master, found.texts()) == (node(2), [])


def test_a_sentinel_that_knows_nothing_watches_the_present_master() -> None:
    model = Model()
    model.nodes[1].follows, model.nodes[3].follows, model.nodes[2].follows = 2, 2, 0
    for host in (1, 2):
        model.sentinels[host].master, model.sentinels[host].epoch = 2, 1
    model.sentinels[3].watches = False
    found = commands(plan(model), to_sentinel=True)
    assert found["10.0.0.3:26379"][0] == ("SENTINEL", "MONITOR", NAME, "10.0.0.2", 6379, 2)
    assert set(found) == {"10.0.0.3:26379"}


def test_options_that_differ_are_set_and_no_others() -> None:
    model = Model()
    model.sentinels[2].fields = {"down-after-milliseconds": "30000", "quorum": "1"}
    found = commands(plan(model), to_sentinel=True)
    assert set(found) == {"10.0.0.2:26379"}
    assert {command[3:] for command in found["10.0.0.2:26379"]} == {("down-after-milliseconds", "5000"), ("quorum", "2")}


def test_an_option_that_a_sentinel_does_not_tell_is_refused() -> None:
    wanted = replace(WANTED, settings={**OPTIONS, "rename-command": "x"})
    assert "does not tell its rename-command" in refusals(Model(), wanted)[""]


def test_a_new_empty_node_follows_the_present_master() -> None:
    model = Model()
    model.nodes[4] = Member(keys=0, history="other")
    for watcher in model.sentinels.values():
        watcher.unknown_replicas.add(4)
    model.listed.add(4)
    found = commands(plan(model), to_sentinel=False)
    assert found == {"10.0.0.4:6379": [("REPLICAOF", "10.0.0.1", 6379), ("CONFIG", "REWRITE")]}


def test_a_node_with_keys_of_its_own_is_not_made_to_forget_them() -> None:
    model = Model()
    model.nodes[4] = Member(keys=7, history="other")
    for watcher in model.sentinels.values():
        watcher.unknown_replicas.add(4)
    model.listed.add(4)
    assert refusals(model)["10.0.0.4:6379"].startswith("holds 7 keys that did not come from the master 10.0.0.1:6379")


def test_an_old_master_that_sentinels_know_is_left_to_them() -> None:
    model = Model()
    model.nodes[2] = Member(history="its own")
    assert plan(model).texts() == []


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_a_node_of_an_earlier_history_follows_only_up_to_where_it_was_left(until: int, offset: int) -> None:
    model = Model()
    model.nodes[1] = Member(history="new", older="old", older_until=until)
    model.nodes[2] = Member(history="old", offset=offset)
    survey = model.survey()
    assert survey.nodes[node(1)].contains(survey.nodes[node(2)]) == (offset <= until)


def test_a_master_that_replicates_itself_is_made_one_again() -> None:
    model = Model()
    model.nodes[1].follows = 1
    found = commands(plan(model), to_sentinel=False)
    assert found == {"10.0.0.1:6379": [("REPLICAOF", "NO", "ONE"), ("CONFIG", "REWRITE")]}


@pytest.mark.parametrize("flags", ["s_down,o_down,master", "master,failover_in_progress"])
def test_nodes_are_left_alone_while_sentinels_fail_over(flags: str) -> None:
    model = Model()
    model.nodes[2].follows = 3
    model.sentinels[1].flags = flags
    assert monitors.is_unsettled(model.survey(), NAME)
    assert commands(plan(model), to_sentinel=False) == {}


def test_the_gone_are_forgotten_only_on_request() -> None:
    model = Model()
    for watcher in model.sentinels.values():
        watcher.more_sentinels, watcher.down = {9}, {sentinel(9)}
    assert plan(model).texts() == []
    resets = plan(model, prune=True).resets
    assert [step.commands for step in resets] == [(("SENTINEL", "RESET", NAME),)] * 3
    assert resets[0].text == "Sentinel 10.0.0.1:26379 forgets 10.0.0.9:26379, gone from cache"


def test_a_listed_node_that_is_down_is_never_forgotten() -> None:
    model = Model()
    model.nodes[2].silent = True
    for watcher in model.sentinels.values():
        watcher.down = {node(2), sentinel(3)}
    assert plan(model, prune=True).resets == ()


def test_a_login_is_given_where_a_living_node_is_held_for_down() -> None:
    model = Model()
    model.sentinels[2].down = {node(3)}
    steps = monitors.login_steps(model.survey(), WANTED)
    assert [str(step.address) for step in steps] == ["10.0.0.2:26379"]
    assert "secret" not in steps[0].text
    assert len(monitors.login_steps(model.survey(), WANTED, always=True)) == 3
    model.nodes[3].silent = True
    assert monitors.login_steps(model.survey(), WANTED) == []


def test_an_absent_monitor_is_removed_where_it_is() -> None:
    model = Model()
    model.sentinels[2].watches = False
    found = commands(plan(model, replace(WANTED, present=False)), to_sentinel=True)
    assert found == {a: [("SENTINEL", "REMOVE", NAME)] for a in ("10.0.0.1:26379", "10.0.0.3:26379")}


def parse(entry: dict, sentinels: int = 3) -> monitors.Monitor:
    def addresses(entries, option):
        return [listed.address for listed in nodes.parse_nodes(entries, option)]

    (found,) = monitors.parse_monitors([{"name": NAME, "quorum": 2, **entry}], sentinels, addresses)
    return found


def test_a_monitor_is_read_from_its_options() -> None:
    found = parse({"nodes": ["10.0.0.1:6379", "10.0.0.2:6379"], "down_after": 1000, "settings": {"x-y": True}})
    assert found.preferred == node(1) and found.nodes == (node(1), node(2))
    assert found.wanted == {"down-after-milliseconds": "1000", "x-y": "yes", "quorum": "2"}
    assert parse({"address": "10.0.0.2:6379"}).preferred == node(2)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"name": "two words"}, "monitors: 'two words' is no name of a group"),
        ({"auth_password": "two words"}, "monitors: cache: auth_password has a blank or a quote in it"),
        ({"auth_user": "o'hara"}, "monitors: cache: auth_user has a blank or a quote in it"),
        ({"settings": {"notification-script": "/a b"}}, "monitors: cache: notification-script has a blank"),
        ({"quorum": 4}, "monitors: cache: quorum is 4, but there are 3 Sentinels"),
        ({"quorum": 0}, "monitors: cache: quorum is 0, it must be 1 or more"),
        ({"down_after": 0}, "monitors: cache: down_after is 0"),
        ({"nodes": ["10.0.0.1"]}, "monitors: cache: nodes: '10.0.0.1' is not host:port"),
        ({"address": "10.0.0.1:70000"}, "monitors: cache: address: '10.0.0.1:70000' has the port"),
    ],
)
def test_a_bad_monitor_is_refused_by_name(entry: dict, words: str) -> None:
    with pytest.raises(errors.RedisFailure, match=words.replace("(", r"\(")):
        parse(entry)
