"""What `redis_cluster` would do, and what becomes of servers to which it is done, cut off anywhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from unit.core import convergence, errors, nodes, plan, reports
from unit.model import Killed, Model, Peer, complete, mask, spread, text_of

Address, ListedNode, Wish = nodes.Address, nodes.ListedNode, plan.Wish
LONG_AGO = 0.0  # as a deadline: no waiting, whatever is wrong is told at once

sizes_of_hosts = st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple)


def converge(model: Model, wish: Wish = Wish(), listed: list[ListedNode] | None = None) -> list[str]:
    """Make the wish true; the actions that took."""
    answer = convergence.converge(model, model.nodes if listed is None else listed, wish, LONG_AGO)
    return [step["action"] for step in answer["plan"]]


def steps(model: Model, wish: Wish = Wish()) -> list[dict[str, str]]:
    return plan.make_plan(model.survey(), wish).steps()


def owners(model: Model) -> list[int]:
    """The slots that each server claims for itself."""
    return [server.me.slots for server in model.servers.values() if server.me.slots]


def roles(model: Model) -> dict[str, tuple[str, str]]:
    """By node id, the slots and the master that each server says it has."""
    return {server.id: (text_of(server.me.slots), server.me.master) for server in model.servers.values()}


def assert_no_slot_twice(model: Model) -> None:
    for one, other in combinations(owners(model), 2):
        assert text_of(one & other) == ""


def assert_right(model: Model, replicas: int = 1) -> None:
    """Every slot has one owner, everyone knows it, masters have their replicas, nobody is in a hurry."""
    model.gossip()
    assert_no_slot_twice(model)
    assert text_of(sum(owners(model))) == "0-16383"
    servers = {server.id: server for server in model.servers.values()}
    for server in servers.values():
        assert {id: (text_of(peer.slots), peer.master) for id, peer in server.known.items()} == roles(model)
        assert server.settings["cluster-node-timeout"] != str(reports.FORMING_NODE_TIMEOUT)
        assert server.settings["repl-diskless-sync-delay"] == "5"
        assert bool(server.me.slots) != bool(server.me.master)
    copies = Counter(server.me.master for server in servers.values() if server.me.master)
    assert all(copies[id] >= replicas for id, server in servers.items() if server.me.slots)
    assert steps(model, Wish(replicas)) == []


# --- forming, whole and cut off ------------------------------------------------------------------


@settings(max_examples=12)
@given(sizes_of_hosts, st.integers(0, 2), st.integers(0, 99))
def test_any_empty_servers_become_a_right_cluster(sizes: tuple[int, ...], replicas: int, seed: int) -> None:
    assume(sum(sizes) >= 3 * (replicas + 1))
    model = Model(spread(*sizes), seed)
    converge(model, Wish(replicas))
    assert_right(model, replicas)
    shares = [slots.bit_count() for slots in owners(model)]
    assert len(shares) == sum(sizes) // (replicas + 1)
    assert max(shares) - min(shares) <= 1


@settings(max_examples=80)
@given(
    st.sampled_from([(2, 2, 2), (3, 3, 1), (1,) * 7, (6,), (3, 3, 3)]),
    st.lists(st.tuples(st.integers(0, 45), st.integers(0, 5)), min_size=1, max_size=2),
    st.integers(0, 99),
)
def test_forming_cut_off_anywhere_is_finished_by_the_next_run(
    sizes: tuple[int, ...], cuts: list[tuple[int, int]], seed: int
) -> None:
    """A cut is so many commands after the start; the next run may begin before the news have spread."""
    model = Model(spread(*sizes), seed)
    for acts, silence in cuts:
        model.budget = acts
        try:
            converge(model)
        except Killed:
            assert_no_slot_twice(model)
            model.silence = silence
    model.budget = None
    converge(model)
    assert_right(model)


@settings(max_examples=15)
@given(st.integers(0, 40), st.integers(1, 3), st.integers(0, 99))
def test_forming_cut_off_may_be_finished_with_more_nodes(acts: int, more: int, seed: int) -> None:
    model = Model(spread(2, 2, 2), seed)
    model.budget = acts
    try:
        converge(model)
    except Killed:
        assert_no_slot_twice(model)
    model.budget = None
    for node in spread(0, 0, 0, more):
        model.start(node)
    converge(model)
    assert_right(model)


@pytest.mark.parametrize("acts", [9, 15, 30, 45])
def test_forming_cut_off_may_be_finished_with_fewer_replicas(acts: int) -> None:
    model = Model(spread(3, 3, 3))
    model.budget = acts
    with pytest.raises(Killed):
        converge(model, Wish(2))
    model.budget = None
    converge(model, Wish(1))
    assert_right(model)


def test_forming_gives_back_the_settings_it_found() -> None:
    model = Model(spread(2, 2, 2))
    model.at("10.0.0.1:7000").settings["cluster-node-timeout"] = "7777"
    converge(model)
    assert model.at("10.0.0.1:7000").settings["cluster-node-timeout"] == "7777"
    assert model.at("10.0.0.2:7000").settings["cluster-node-timeout"] == "5000"


@pytest.mark.parametrize(("declared", "timeout"), [(None, "15000"), (4000, "4000")])
def test_after_a_cut_the_declared_node_timeout_is_set(declared: int | None, timeout: str) -> None:
    model = Model(spread(2, 2, 2))
    model.budget = 8
    with pytest.raises(Killed):
        converge(model)
    model.budget = None
    converge(model, Wish(node_timeout=declared))
    assert {server.settings["cluster-node-timeout"] for server in model.servers.values()} == {timeout}


def test_only_the_short_node_timeout_is_left_to_take_back() -> None:
    model = complete()
    model.at("10.0.0.2:7001").settings.update(plan.FORMING_SETTINGS)
    assert steps(model) == [{"action": "restore", "node": "10.0.0.2:7001"}]
    converge(model)
    assert_right(model)


@pytest.mark.parametrize("owned", [range(16384), range(5, 6), range(100, 9000)])
def test_slots_that_empty_servers_have_for_themselves_do_not_matter(owned: range) -> None:
    """Two servers that each took slots alone, overlapping, before anyone formed a cluster."""
    model = Model(spread(2, 2, 2))
    model.at("10.0.0.1:7001").me.slots = mask(owned)
    model.at("10.0.0.3:7001").me.slots = mask(owned)
    converge(model)
    assert_right(model)
    assert len(owners(model)) == 3


def test_epochs_of_new_masters_differ() -> None:
    model = Model(spread(2, 2, 2, 2))
    claims = plan.make_plan(model.survey(), Wish()).claims
    epochs = [claim.epoch for claim in claims.values()]
    assert len(epochs) == len(set(epochs)) == 4
    assert min(epochs) > 0


@pytest.mark.parametrize("count", [6, 40, 41, 60])
def test_the_plan_names_every_node_that_joins(count: int) -> None:
    """Whether all pairs are introduced, or one node to all others."""
    model = Model(spread(*[2] * (count // 2), count % 2))
    joining = [step["node"] for step in steps(model) if step["action"] == "join"]
    assert sorted(joining) == sorted(str(node.address) for node in model.nodes)


# --- a running cluster ---------------------------------------------------------------------------


@pytest.mark.parametrize(("masters", "replicas"), [(3, 0), (3, 1), (3, 2), (5, 1)])
def test_the_plan_of_a_right_cluster_is_empty(masters: int, replicas: int) -> None:
    planned = plan.make_plan(complete(masters, replicas).survey(), Wish(replicas))
    assert not planned
    assert planned.lines() == []
    assert planned.layout_after("as it was\n") == "as it was\n"


def test_a_failover_leaves_nothing_to_do() -> None:
    model = complete()
    old, new = model.at("10.0.0.1:7000"), model.at("10.0.0.2:7001")
    assert new.me.master == old.id
    for server in model.servers.values():
        server.known[new.id].slots, server.known[old.id].slots = server.known[old.id].slots, 0
        server.known[new.id].master, server.known[old.id].master = "", new.id
        server.known[new.id].epoch = 9
    assert steps(model) == []


def test_replicas_beyond_the_wish_stay() -> None:
    assert steps(complete(3, 2), Wish(1)) == []


def test_another_wish_for_masters_moves_no_slot() -> None:
    """With replicas=0 six nodes would be six masters; a cluster that runs keeps its three."""
    assert steps(complete(), Wish(0)) == []


@settings(max_examples=12)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 2))
def test_new_nodes_join_as_replicas_and_nobody_else_moves(hosts: list[int], replicas: int) -> None:
    model = complete(3, max(replicas, 1))
    before = roles(model)
    new = [model.start(ListedNode(Address(f"10.0.0.{host}", 7100 + i), "")) for i, host in enumerate(hosts)]
    planned = steps(model, Wish(replicas))
    names = sorted(str(server.address) for server in new)
    assert sorted(step["node"] for step in planned if step["action"] == "join") == names
    assert sorted(step["node"] for step in planned if step["action"] == "follow") == names
    assert len(planned) == 2 * len(new)
    converge(model, Wish(replicas))
    assert_right(model, replicas)
    assert before.items() <= roles(model).items()


def test_a_new_node_follows_the_master_without_a_replica() -> None:
    model = complete()
    orphaned = _lose(model, "10.0.0.2:7001")
    model.start(ListedNode(Address("10.0.0.9", 7000)))
    assert {"action": "follow", "node": "10.0.0.9:7000", "master": orphaned} in steps(model)
    converge(model)
    assert_right(model)


def _lose(model: Model, replica: str) -> str:
    """Take a replica out of the cluster for good; the address of its master."""
    gone = model.servers.pop(model.at(replica).address)
    for server in model.servers.values():
        del server.known[gone.id]
    return next(str(server.address) for server in model.servers.values() if server.id == gone.me.master)


def test_a_replica_too_many_moves_to_the_master_without_one() -> None:
    model = complete()
    orphaned = _lose(model, "10.0.0.2:7001")
    model.start(ListedNode(Address("10.0.0.2", 7002)))
    model.do("10.0.0.3:7000", "CLUSTER", "MEET", "10.0.0.2", 7002, 17002)
    model.gossip()
    model.do("10.0.0.2:7002", "CLUSTER", "REPLICATE", model.at("10.0.0.3:7000").id)
    assert [step["action"] for step in steps(model)] == ["follow"]
    assert {step["master"] for step in steps(model)} == {orphaned}
    converge(model)
    assert_right(model)


def test_gaps_are_filled_in_one_go_by_new_nodes_and_by_replicas_too_many() -> None:
    """Five replicas on one master, none on the others, one new node: two replicas for each after it."""
    model = complete(3, 0)
    crowded = model.at("10.0.0.1:7000")
    for i in range(5):
        model.start(ListedNode(Address("10.0.0.8", 7000 + i)))
        model.do("10.0.0.1:7000", "CLUSTER", "MEET", "10.0.0.8", 7000 + i, 17000 + i)
        model.gossip()
        model.do(f"10.0.0.8:{7000 + i}", "CLUSTER", "REPLICATE", crowded.id)
    model.start(ListedNode(Address("10.0.0.9", 7000)))
    assert len([step for step in steps(model, Wish(2)) if step["action"] == "follow"]) == 4
    converge(model, Wish(2))
    assert_right(model, 2)


def test_nodes_that_forgot_each_other_meet_again() -> None:
    model = complete()
    one, other = model.at("10.0.0.1:7000"), model.at("10.0.0.3:7001")
    for server in model.servers.values():
        if server is not other:
            del server.known[other.id]
    assert {step["action"] for step in steps(model)} <= {"join", "meet"}
    converge(model)
    assert other.id in one.known
    assert_right(model)


def test_a_node_that_is_not_listed_stays_as_it_is() -> None:
    model = complete()
    assert converge(model, listed=model.nodes[:5]) == []
    assert_right(model)


def test_check_mode_changes_nothing_and_tells_the_plan() -> None:
    model = Model(spread(2, 2, 2))
    answer = convergence.converge(model, model.nodes, Wish(), LONG_AGO, check_mode=True)
    assert answer["changed"]
    assert model.acts == []
    assert answer["diff"]["after"].startswith(answer["diff"]["before"])
    assert "+ 10.0.0.1:7000 owns slots 0-5460\n" in answer["diff"]["after"]
    told = answer["plan"]
    assert told == convergence.converge(model, model.nodes, Wish(), LONG_AGO)["plan"]


# --- repair --------------------------------------------------------------------------------------


def damaged(*slots: int | range) -> Model:
    """A complete cluster whose first master denies that it owns some slots, and has keys elsewhere."""
    model = complete()
    for server in model.servers.values():
        if server.me.slots:
            server.keys = {
                slot: 1 for slot in range(server.me.slots.bit_length() - 10, server.me.slots.bit_length())
            }
    lost = mask(*slots)
    model.at("10.0.0.1:7000").me.slots &= ~lost
    return model


def test_without_repair_lost_slots_are_refused() -> None:
    with pytest.raises(errors.Refused, match=r"slots 0-100 have no owner; with repair=true"):
        steps(damaged(range(101)))


def test_lost_slots_of_an_empty_cluster_are_no_reason_to_form_it_again() -> None:
    """Not even where new nodes would make room for one more master."""
    model = complete()
    model.at("10.0.0.1:7000").me.slots &= ~mask(range(101))
    with pytest.raises(errors.Refused, match="slots 0-100 have no owner"):
        steps(model)
    for node in spread(0, 0, 0, 2):
        model.start(node)
    with pytest.raises(errors.Refused, match="slots 0-100 have no owner"):
        steps(model)


def test_repair_gives_slots_back_to_the_one_that_others_take_for_their_owner() -> None:
    model = damaged(range(101), 5000)
    assert steps(model, Wish(repair=True)) == [
        {"action": "own", "node": "10.0.0.1:7000", "slots": "0-100,5000"}
    ]
    converge(model, Wish(repair=True))
    assert_right(model)


def test_repair_gives_slots_to_the_holder_of_their_keys() -> None:
    model = damaged(7, 8)
    model.at("10.0.0.2:7000").keys[7] = 3
    planned = steps(model, Wish(repair=True))
    assert {"action": "own", "node": "10.0.0.2:7000", "slots": "7"} in planned
    assert {"action": "own", "node": "10.0.0.1:7000", "slots": "8"} in planned
    converge(model, Wish(repair=True))
    assert_right(model)


def test_a_repaired_slot_is_its_new_owners_in_the_eyes_of_all() -> None:
    """Also where the others take a master with a newer epoch for its owner."""
    model = complete()
    model.at("10.0.0.3:7000").me.slots &= ~mask(16000)
    model.at("10.0.0.1:7000").keys[16000] = 1
    assert steps(model, Wish(repair=True)) == [{"action": "own", "node": "10.0.0.1:7000", "slots": "16000"}]
    converge(model, Wish(repair=True))
    assert_right(model)


def test_repair_gives_slots_that_nobody_remembers_to_the_smallest_master() -> None:
    model = complete()
    model.at("10.0.0.3:7000").keys[16000] = 1
    for server in model.servers.values():
        for peer in server.known.values():
            peer.slots &= ~mask(range(1000))
    assert steps(model, Wish(repair=True)) == [{"action": "own", "node": "10.0.0.1:7000", "slots": "0-999"}]
    converge(model, Wish(repair=True))
    assert_right(model)


def test_repair_does_not_choose_between_two_holders_of_keys() -> None:
    model = damaged(7)
    for name in ("10.0.0.2:7000", "10.0.0.3:7000"):
        model.at(name).keys[7] = 1
    with pytest.raises(errors.Refused, match="keys of slot 7 are on 10.0.0.[23]:7000, 10.0.0.[23]:7000"):
        steps(model, Wish(repair=True))


def test_slots_of_a_member_that_does_not_answer_are_never_given_away() -> None:
    """It is not listed any more, so nothing is refused; but its keys cannot be known."""
    model = complete()
    gone = model.at("10.0.0.3:7000")
    gone.trouble = "Connection refused"
    for server in model.servers.values():
        server.known[gone.id].flags, server.known[gone.id].linked = ("fail",), False
    for node in spread(0, 0, 0, 3):
        model.start(node)
    listed = [node for node in model.nodes if node.address != gone.address]
    for repair in (False, True):
        try:
            planned = plan.make_plan(model.survey(listed), Wish(repair=repair))
        except errors.Refused:
            continue
        assert not planned.claims


def test_a_peer_in_the_model_is_what_servers_say() -> None:
    """The model itself: a newer epoch wins a slot, a node that lost all becomes the winner's replica."""
    model = complete()
    loser, winner = model.at("10.0.0.1:7000"), model.at("10.0.0.2:7000")
    winner.known[loser.id] = Peer(loser.address)
    winner.me.slots |= loser.me.slots
    winner.me.epoch = 9
    model.gossip()
    assert loser.me.master == winner.id
    assert_no_slot_twice(model)


def lose(model: Model, *lost: str) -> None:
    """These nodes have new addresses that no other has heard of."""
    for address in lost:
        id = model.at(address).id
        for server in model.servers.values():
            if server.id != id:
                server.known[id].address, server.known[id].linked = Address("10.9.9.9", 7000), False


def test_nodes_with_new_addresses_meet_again() -> None:
    model = complete()
    everyone = [str(address) for address in model.servers]
    lose(model, *everyone)
    assert Counter(step["action"] for step in steps(model)) == {"meet": 15}
    assert converge(model) == ["meet"] * 15
    assert_right(model)
    lose(model, everyone[0])
    planned = steps(model)
    assert {everyone[0] in (step["node"], step["other"]) for step in planned} == {True} and len(planned) == 5


def test_a_cut_link_alone_is_no_new_address() -> None:
    model = complete()
    for server in model.servers.values():
        for peer in server.known.values():
            peer.linked = False
    assert steps(model) == []


def test_who_nobody_can_be_any_more_is_forgotten_when_given_up() -> None:
    model = complete()
    gone = model.start(ListedNode(Address("10.9.9.9", 7000)))
    del model.servers[gone.address]
    for server in model.servers.values():
        server.known[gone.id] = Peer(gone.address, flags=("fail",))

    def planned(flags: tuple[str, ...], nobody: bool) -> list[str]:
        for server in model.servers.values():
            server.known[gone.id].flags = flags
        found = model.survey()
        silent = reports.Trouble("node_unreachable", "does not answer", gone=nobody)
        told = [one if one.view else replace(one, trouble=silent) for one in found.reports]
        return [step["action"] for step in plan.make_plan(reports.Survey(tuple(told)), Wish()).steps()]

    assert planned(("fail",), nobody=True) == ["forget"]
    assert planned(("fail",), nobody=False) == []
    assert planned((), nobody=True) == []  # another selector would see it
