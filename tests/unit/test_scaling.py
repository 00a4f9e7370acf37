"""The plan of a scaling: who is a master, who follows, who leaves, what is repaired, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors, nodes, problems
from unit.model import Model, complete, mask, spread

from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.asking import parse_leaving
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.holding import given_back, held
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.members import ScaleWish, read_members
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.plan import make_scale_plan
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.progress import Progress
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.shape import following_in_the_end


def plan(model: Model, *, only=None, leaving=(), keys=None, slot_keys=None, **wish):
    """The plan for the listed nodes: all of the model's that do not leave, or `only` these."""
    gone = parse_leaving(leaving)
    listed = [node for node in model.nodes if not {str(node.address), node.address.host} & gone.names]
    if only is not None:
        listed = [node for node in listed if str(node.address) in only]
    survey = model.survey([*listed, *gone.nodes])
    members = read_members(survey, ScaleWish(leaving=gone.names, **wish))
    return make_scale_plan(members, keys or {}, slot_keys)


def actions(found) -> list[str]:
    return [step["action"] for step in found.steps()]


def reasons(model: Model, **options) -> str:
    with pytest.raises(errors.Refused) as caught:
        plan(model, **options)
    return "; ".join(f"{r['node']} {r['reason']}".strip() for r in caught.value.details["refusals"])


def grown(masters=3, replicas=1, new=1, nodes_each=2) -> Model:
    """A complete cluster, and hosts with empty nodes."""
    model = complete(masters, replicas)
    for node in spread(*[nodes_each] * (masters + new))[masters * nodes_each :]:
        model.start(node)
    return model


def test_a_complete_cluster_is_left_alone():
    assert not plan(complete())
    assert not plan(complete(4, 2), replicas=2)


def test_a_new_host_gives_a_master_and_a_replica():
    found = plan(grown())
    assert actions(found) == ["join", "join", "move", "move", "move", "follow", "follow"]
    assert found.moved_slots == 4096
    assert {step["target"] for step in found.steps() if step["action"] == "move"} == {"10.0.0.4:7000"}


@given(st.integers(3, 5), st.integers(1, 2), st.integers(0, 3), st.sampled_from(["none", "preferred"]))
def test_every_master_has_its_replicas_on_other_hosts_where_hosts_allow(masters, replicas, new, affinity):
    model = grown(masters, replicas, new, replicas + 1)
    found = plan(model, replicas=replicas, anti_affinity=affinity)
    masters_then = found.shape.masters
    assert len(masters_then) == masters + new
    following = following_in_the_end(found.members, found.shape)
    assert set(following) | set(masters_then) == set(found.members.wanted)
    assert all(list(following.values()).count(master) == replicas for master in masters_then)
    if affinity == "preferred":
        hosts = {id: node.address.host for id, node in found.members.wanted.items()}
        assert not [id for id, master in following.items() if hosts[id] == hosts[master]]


def test_a_host_leaves_and_its_slots_go_to_the_others():
    model = complete(4)
    found = plan(model, leaving=["10.0.0.4"])
    assert found.moved_slots == 4096 and actions(found).count("leave") == 2
    assert len(found.shape.masters) == 3 and not found.shape.heirs


def test_a_leaving_masters_replica_takes_its_place_when_as_many_masters_are_wanted():
    found = plan(grown(), leaving=["10.0.0.3"])
    assert found.moved_slots == 0
    assert {step["node"] for step in found.steps() if step["action"] == "promote"} == {"10.0.0.1:7001"}


def test_spare_replicas_become_masters():
    """As after redis.yml was run with a new host, whose nodes became replicas."""
    model = complete(4)
    fourth = model.at("10.0.0.4:7000")
    first = model.at("10.0.0.1:7000")
    for server in model.servers.values():
        server.known[first.id] = replace(server.known[first.id], slots=mask(range(4096), range(12288, 16384)), epoch=9)
        server.known[fourth.id] = replace(server.known[fourth.id], slots=0, master=first.id, epoch=9)
        orphan = model.at("10.0.0.1:7001").id
        server.known[orphan] = replace(server.known[orphan], master=first.id)
    found = plan(model)
    assert actions(found).count("empty") == 1 and found.moved_slots == 4096
    assert len(found.shape.masters) == 4


@given(st.integers(3, 6), st.integers(3, 6))
def test_after_the_moves_every_slot_has_one_owner_that_stays(before, after):
    model = grown(before, 1, max(0, after - before))
    leaving = [f"10.0.0.{number}" for number in range(after + 1, before + 1)]
    found = plan(model, leaving=leaving)
    owned = {id: set(node.slots) for id, node in found.members.masters.items()}
    for old, new in found.shape.heirs.items():
        owned[new] = owned.pop(old)
    for move in found.moves:
        assert move.slots <= owned[move.source]
        owned[move.source] -= move.slots
        owned.setdefault(move.target, set()).update(move.slots)
    assert sorted(slot for slots in owned.values() for slot in slots) == list(range(16384))
    assert {id for id, slots in owned.items() if slots} == set(found.shape.masters)
    assert len(found.shape.masters) == after
    counts = [len(slots) for slots in owned.values() if slots]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("dataset, moves", [(100_000_000, True), (1_000_000, False)])
def test_memory_is_weighed_by_keys_in_slots(dataset, moves):
    """Unless it is less than what servers count as data without a key."""
    model = complete()
    ids = {name: model.at(name).id for name in ("10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000")}
    model.at("10.0.0.1:7000").info = {}
    counts = {id: {} for id in ids.values()}
    survey_members = read_members(model.survey(), ScaleWish(balance="memory", tolerance=10))
    for report in survey_members.survey.reports:
        object.__setattr__(report, "info", {**report.info, "used_memory_dataset": str(dataset), "db0": "keys=1000"})
    counts[ids["10.0.0.1:7000"]] = {0: 500, 1: 500}
    found = make_scale_plan(survey_members, {}, counts)
    assert bool({slot for move in found.moves for slot in move.slots} & {0, 1}) == moves
    assert found.moved_slots < 20 and bool(found.moved_slots) == moves


# --- open slots -----------------------------------------------------------------------------------


def opened(owner="", other="", **keys):
    """A complete cluster with slot 5 of the first master open at it and at the second one."""
    model = complete()
    one, two = model.at("10.0.0.1:7000"), model.at("10.0.0.2:7000")
    one.open_slots, two.open_slots = owner.replace("ID", two.id), other.replace("ID", one.id)
    found = plan(model, keys={model.at(f"10.0.0.{host[1:]}:7000").id: {5: count} for host, count in keys.items()})
    return [(step["action"], step["node"], step.get("target")) for step in found.steps()]


ONE, TWO, THREE = "10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000"


def test_a_slot_none_of_whose_keys_went_is_closed():
    assert opened("[5->-ID]", h1=3) == [("close", ONE, None)]
    assert opened("", "[5-<-ID]", h1=3) == [("close", TWO, None)]
    assert opened("[5->-ID]", "[5-<-ID]", h1=3) == [("close", ONE, None), ("close", TWO, None)]


def test_a_slot_some_of_whose_keys_went_follows_them():
    assert opened("[5->-ID]", "[5-<-ID]", h1=3, h2=1)[0] == ("finish", ONE, TWO)
    assert opened("[5->-ID]", "", h2=1)[0] == ("finish", ONE, TWO)


def test_keys_that_no_client_is_sent_to_come_back():
    assert opened("", "[5-<-ID]", h1=3, h2=1) == [("gather", TWO, ONE)]
    assert opened("", "", h3=1) == [("gather", THREE, ONE)]
    assert opened("[5->-ID]", "[5-<-ID]", h2=1, h3=1)[:2] == [("finish", ONE, TWO), ("gather", THREE, TWO)]


def test_a_target_that_nobody_knows_any_more():
    assert opened("[5->-0123456789012345678901234567890123456789]", h1=1) == [("close", ONE, None)]


# --- refusals --------------------------------------------------------------------------------------


def test_a_member_that_is_missing_in_the_list_is_not_removed():
    model = complete(4)
    only = [str(node.address) for node in model.nodes if node.address.host != "10.0.0.4"]
    found = reasons(model, only=only)
    assert "10.0.0.4:7000 is a node of the cluster, but is named neither in nodes nor in leaving" in found


def test_too_few_nodes_would_be_left():
    found = reasons(complete(), leaving=["10.0.0.3"])
    assert "6 nodes are needed for 3 masters with replicas=1 each, 4 are listed" in found


def test_no_cluster_yet():
    assert "there is no cluster yet" in reasons(Model(spread(2, 2, 2)))


def test_slots_without_owner():
    model = complete()
    model.do(ONE, "CLUSTER", "DELSLOTS", 5)
    for server in model.servers.values():
        server.known[model.at(ONE).id].slots &= ~mask(5)
    assert "slots 5 have no owner" in reasons(model)


def test_a_dead_master_whose_slots_nobody_serves():
    model = complete(4)
    for name in ("10.0.0.4:7000", "10.0.0.1:7001"):
        model.at(name).trouble = "Connection refused"
    only = [str(n.address) for n in model.nodes if n.address.host != "10.0.0.4" and str(n.address) != "10.0.0.1:7001"]
    found = reasons(model, only=only, leaving=["10.0.0.4", "10.0.0.1:7001"], replicas=0)
    assert "slots of 10.0.0.4:7000 are not served" in found


def test_a_dead_node_without_slots_is_forgotten():
    model = complete(3, 2)
    dead = ["10.0.0.1:7002", "10.0.0.2:7002"]
    for name in dead:
        model.at(name).trouble = "Connection refused"
    found = plan(model, leaving=dead)
    assert "forget" in actions(found) and "leave" not in actions(found) and found.moved_slots == 0


def test_a_listed_node_that_is_dead():
    model = grown()
    model.at("10.0.0.4:7001").trouble = "Connection refused"
    assert "10.0.0.4:7001 does not answer" in reasons(model)


def test_a_new_node_with_keys():
    model = grown()
    model.at("10.0.0.4:7001").keys = {1: 7}
    assert reasons(model) == "10.0.0.4:7001 holds 7 keys"


def test_anti_affinity_that_the_hosts_do_not_allow():
    model = complete(3, 1)
    for node in spread(4)[2:]:
        model.start(node)
    crowded = [str(node.address) for node in model.nodes if node.address.host == "10.0.0.1"]
    assert len(crowded) == 4
    assert not plan(complete(), anti_affinity="required")
    leaving = ["10.0.0.2:7001", "10.0.0.3:7001"]
    found = reasons(model, leaving=leaving, anti_affinity="required")
    assert "would share the host of their master" in found


def test_a_master_that_has_no_memory_for_more():
    model = grown()
    members = read_members(model.survey(), ScaleWish())
    for report in members.survey.reports:
        full = {"maxmemory": "1500000", "maxmemory_policy": "noeviction", "used_memory_dataset": "9000000"}
        object.__setattr__(report, "info", {**report.info, **full})
    with pytest.raises(errors.Refused, match="10.0.0.4:7000: would get about 6.4 MB of data beside the 1.0 MB it uses"):
        make_scale_plan(members, {})


def test_a_suspected_node_and_a_broken_replica():
    model = complete()
    model.at("10.0.0.2:7001").info = {"master_link_status": "down"}
    assert "replica_link_down" in reasons(model)


# --- settings, names, progress ---------------------------------------------------------------------


@given(st.booleans(), st.integers(0, 1000), st.integers(0, 500))
def test_a_held_node_remembers_what_it_had(allowed, barrier, delay):
    had = {
        "cluster-allow-replica-migration": "yes" if allowed else "no",
        "cluster-migration-barrier": str(barrier),
        "repl-diskless-sync-delay": str(delay),
    }
    during = held(had)
    assert during["cluster-allow-replica-migration"] == "no" and int(during["cluster-migration-barrier"]) < 2**31
    assert given_back(during) == had
    assert held({}) == {}


def test_a_node_that_is_held_is_a_warning_and_gets_its_settings_back():
    model = complete()
    had = {"cluster-allow-replica-migration": "yes", "cluster-migration-barrier": "1", "repl-diskless-sync-delay": "5"}
    for server in model.servers.values():
        server.settings.update(had)
    model.at(ONE).settings.update(held(had))
    assert [problem.code for problem in problems.find_problems(model.survey())] == ["scaling_unfinished"]
    found = plan(model)
    assert found and not found.acts and found.steps() == [{"action": "restore", "node": ONE}]
    assert list(found.restored.values()) == [had]


def test_names_of_those_that_leave():
    found = parse_leaving(["10.0.0.1:7000", "10.0.0.2", {"host": "10.0.0.3", "port": 7001}, "[::1]:7000", "::2"])
    assert found.names == {"10.0.0.1:7000", "10.0.0.2", "10.0.0.3:7001", "[::1]:7000", "::2"}
    assert [str(node.address) for node in found.nodes] == ["10.0.0.1:7000", "10.0.0.3:7001", "[::1]:7000"]
    with pytest.raises(errors.RedisFailure):
        nodes.parse_nodes(["10.0.0.2"])


def test_progress_of_several_slices():
    progress = Progress()
    first = {"changed": True, "plan": [1], "moved_slots": 100, "moved_keys": 1000, "moving_seconds": 2.0,
             "remaining_slots": 300, "diff": {"before": "a", "after": "b"}}  # fmt: skip
    progress.add(first)
    assert progress.line() == "100 of 400 slots moved, 1000 keys, 500 keys/s, about 6 s left"
    last = {**first, "plan": [2], "moved_slots": 300, "remaining_slots": 0, "diff": {"before": "b", "after": "c"}}
    found = progress.add(last)
    assert found["plan"] == [1] and found["moved_slots"] == 400 and found["diff"] == {"before": "a", "after": "c"}
    assert Progress().line() == "0 of 0 slots moved, 0 keys"
