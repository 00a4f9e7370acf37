"""The slot check: each kind of damage is named, with its nodes and slots, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from unit.core import description, nodes, problems, reports, topology
from unit.model import Model, Peer, complete, mask, spread

Address, ListedNode = nodes.Address, nodes.ListedNode

# In `complete()` the masters are on port 7000, and 10.0.0.2:7001 follows 10.0.0.1:7000.
M1, M2, M3, R1, R2 = "10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000", "10.0.0.2:7001", "10.0.0.3:7001"


def problems_of(model: Model, replicas: int = 1) -> list[problems.Problem]:
    model.silence = 99  # what is damaged is looked at before news of it spread
    return problems.find_problems(model.survey(), problems.Expectation(replicas))


def everywhere(model: Model, name: str, **changes: object) -> None:
    """Change what every server, but the node itself, thinks of a node."""
    id = model.at(name).id
    for server in model.servers.values():
        if server.id != id and id in server.known:
            for key, value in changes.items():
                setattr(server.known[id], key, value)


def down(model: Model, name: str, flag: str = "fail") -> None:
    model.at(name).trouble = "Error 111 connecting. Connection refused."
    everywhere(model, name, flags=(flag,), linked=False)


# --- kinds of damage -----------------------------------------------------------------------------


def silent(model: Model) -> None:
    model.at(R1).trouble = "Timeout reading from socket"


def password_refused(model: Model) -> None:
    model.at(R1).trouble = "NOAUTH Authentication required."


def stranger(model: Model) -> None:
    model.start(ListedNode(Address("10.0.0.9", 7000)))


def forgotten_by_one(model: Model) -> None:
    del model.at(M1).known[model.at(R2).id]


def forgotten_by_all(model: Model) -> None:
    for server in model.servers.values():
        if server is not model.at(R2):
            del server.known[model.at(R2).id]


def handshake(model: Model) -> None:
    """A node that answers MEET on its port, but not on its bus port: it has a made-up id for a while."""
    model.at(M1).known["757ef085"] = Peer(Address("10.0.0.9", 7000), flags=("handshake",), linked=False)


def ghost(model: Model) -> None:
    gone = model.start(ListedNode(Address("10.0.0.9", 7000)))
    del model.servers[gone.address]
    for server in model.servers.values():
        server.known[gone.id] = gone.known[gone.id]
        server.known[gone.id].address, server.known[gone.id].flags = Address("", 0), ("noaddr", "fail")


def failed(model: Model) -> None:
    down(model, R1)


def suspected(model: Model) -> None:
    model.at(M2).known[model.at(R1).id].flags = ("fail?",)


def bus_cut(model: Model) -> None:
    model.at(M1).known[model.at(M3).id].linked = False


def slots_deleted(model: Model) -> None:
    for server in model.servers.values():
        server.known[model.at(M1).id].slots &= ~mask(range(101), 5000)


def slot_denied_by_its_owner(model: Model) -> None:
    model.at(M1).me.slots &= ~mask(7)


def shard_down(model: Model) -> None:
    down(model, M1)
    down(model, R1)


def master_down(model: Model) -> None:
    down(model, M1, "fail?")


def two_owners(model: Model) -> None:
    model.at(M2).me.slots |= mask(range(100, 200))


def migrating(model: Model) -> None:
    model.at(M1).open_slots = f"[5->-{model.at(M2).id}] [9->-{model.at(M2).id}]"


def importing(model: Model) -> None:
    model.at(M2).open_slots = f"[5-<-{model.at(M1).id}]"


def stale_view(model: Model) -> None:
    """One replica missed that slots moved."""
    view = model.at(R2).known
    view[model.at(M1).id].slots &= ~mask(range(50))
    view[model.at(M2).id].slots |= mask(range(50))


def stale_master(model: Model) -> None:
    model.at(M3).known[model.at(R1).id].master = model.at(M2).id


def state_down(model: Model) -> None:
    for id in (M2, M3):
        model.at(R1).known[model.at(id).id].flags = ("fail",)


def unfinished(model: Model) -> None:
    model.at(R2).settings["cluster-node-timeout"] = str(reports.FORMING_NODE_TIMEOUT)


def scaled(model: Model) -> None:
    model.at(R2).settings["cluster-migration-barrier"] = "12000001"


def idle(model: Model) -> None:
    stranger(model)
    model.do(M1, "CLUSTER", "MEET", "10.0.0.9", 7000, 17000)
    model.gossip()


def replica_of_unknown(model: Model) -> None:
    for server in model.servers.values():
        server.known[model.at(R1).id].master = "f" * 40


def chain(model: Model) -> None:
    for server in model.servers.values():
        server.known[model.at(R1).id].master = model.at(R2).id


def link_down(model: Model) -> None:
    model.at(R1).info["master_link_status"] = "down"


def lagging(model: Model) -> None:
    model.at(M1).info["slave0"] = "ip=10.0.0.2,port=7001,state=online,offset=1,lag=11"


def one_host(model: Model) -> None:
    """Swap two replicas, so that one stands beside its master."""
    for server in model.servers.values():
        one, other = server.known[model.at(R1).id], server.known[model.at(R2).id]
        one.master, other.master = other.master, one.master


def versions(model: Model) -> None:
    model.at(R1).info["valkey_version"] = "8.1.1"


def snapshot_failed(model: Model) -> None:
    model.at(M2).info["rdb_last_bgsave_status"] = "err"


def appending_failed(model: Model) -> None:
    model.at(M2).info["aof_last_write_status"] = "err"


def few_masters(model: Model) -> None:
    for server in model.servers.values():
        server.known[model.at(M2).id].slots |= server.known[model.at(M3).id].slots
        server.known[model.at(M3).id].slots = 0


DAMAGE: list[tuple[Callable[[Model], None], str, set[str], str]] = [
    (silent, "node_unreachable", {R1}, ""),
    (password_refused, "node_login_refused", {R1}, ""),
    (stranger, "node_not_joined", {"10.0.0.9:7000"}, ""),
    (forgotten_by_one, "node_forgotten", {R2, M1}, ""),
    (forgotten_by_all, "node_forgotten", {M1, M2, M3, R1, R2, "10.0.0.1:7001"}, ""),
    (handshake, "node_handshake", {M1, "10.0.0.9:7000"}, ""),
    (ghost, "node_ghost", {M1, M2, M3, R1, R2, "10.0.0.1:7001"}, ""),
    (failed, "node_failing", {R1}, ""),
    (suspected, "node_suspected", {R1}, ""),
    (bus_cut, "bus_link_down", {M1, M3}, ""),
    (slots_deleted, "slots_uncovered", set(), "0-100,5000"),
    (slot_denied_by_its_owner, "slots_uncovered", set(), "7"),
    (slot_denied_by_its_owner, "views_differ", {M1}, "7"),
    (shard_down, "slots_unserved", {M1}, "0-5460"),
    (master_down, "slots_unserved", {M1}, "0-5460"),
    (two_owners, "slots_disputed", {M1, M2}, "100-199"),
    (two_owners, "views_differ", {M2}, "100-199"),
    (migrating, "slots_open", {M1, M2}, "5,9"),
    (importing, "slots_open", {M1, M2}, "5"),
    (stale_view, "views_differ", {R2}, "0-49"),
    (stale_master, "views_differ", {M3}, ""),
    (state_down, "state_down", {R1}, ""),
    (unfinished, "forming_unfinished", {R2}, ""),
    (scaled, "scaling_unfinished", {R2}, ""),
    (failed, "master_orphaned", {M1}, ""),
    (idle, "node_idle", {"10.0.0.9:7000"}, ""),
    (replica_of_unknown, "replica_lost", {R1}, ""),
    (chain, "replica_chained", {R1, R2}, ""),
    (link_down, "replica_link_down", {R1, M1}, ""),
    (lagging, "replica_lagging", {R1, M1}, ""),
    (one_host, "shares_host", {M2, R1}, ""),
    (few_masters, "masters_too_few", set(), ""),
    (versions, "versions_mixed", {M1, M2, M3, R1, R2, "10.0.0.1:7001"}, ""),
    (snapshot_failed, "persistence_failing", {M2}, ""),
    (appending_failed, "persistence_failing", {M2}, ""),
]


@pytest.mark.parametrize(
    ("damage", "code", "named", "slots"), DAMAGE, ids=lambda value: getattr(value, "__name__", None)
)
def test_damage_is_named(damage: Callable[[Model], None], code: str, named: set[str], slots: str) -> None:
    model = complete()
    damage(model)
    found = [problem for problem in problems_of(model) if problem.code == code]
    assert [(set(problem.nodes), problem.slots) for problem in found] == [(named, slots)]
    assert all(node in found[0].message for node in named or [slots])


@pytest.mark.parametrize("damage", {row[0]: None for row in DAMAGE}, ids=lambda value: value.__name__)
def test_damage_has_no_other_name(damage: Callable[[Model], None]) -> None:
    """Only problems that the damage really makes: those listed above, and what follows from them."""
    follows = {
        silent: {"master_orphaned"},
        password_refused: {"master_orphaned"},
        forgotten_by_all: {"bus_link_down"},
        failed: {"node_unreachable"},
        slots_deleted: {"state_down"},
        slot_denied_by_its_owner: {"state_down"},
        shard_down: {"node_failing", "node_unreachable", "master_orphaned", "state_down"},
        master_down: {"node_suspected", "node_unreachable", "replica_link_down"},
        replica_of_unknown: {"master_orphaned"},
        chain: {"master_orphaned"},
        state_down: {"node_failing"},
        few_masters: {"node_idle"},
    }
    model = complete()
    damage(model)
    listed = {row[1] for row in DAMAGE if row[0] is damage}
    assert {problem.code for problem in problems_of(model)} <= listed | follows.get(damage, set())


@pytest.mark.parametrize(
    ("masters", "replicas", "zones"), [(3, 1, ""), (3, 2, ""), (5, 1, ""), (3, 1, "abc"), (3, 0, "")]
)
def test_a_healthy_cluster_has_no_problem(masters: int, replicas: int, zones: str) -> None:
    model = complete(masters, replicas, zones)
    assert problems_of(model, replicas) == []
    assert description.describe(model.survey(), problems.Expectation(replicas))["healthy"]


# --- where a rule must keep quiet, and what it says exactly ----------------------------------------


def test_a_handshake_in_vain_names_the_bus_port() -> None:
    model = complete()
    handshake(model)
    assert ["bus port 17000" in problem.message for problem in problems_of(model)] == [True]


def test_replicas_fewer_than_expected_are_counted() -> None:
    found = problems_of(complete(), replicas=2)
    assert {problem.code for problem in found} == {"replicas_missing"}
    assert found[0].message == "10.0.0.1:7000 has 1 of 2 replicas: 10.0.0.2:7001"


def test_no_replica_is_missed_where_none_is_expected() -> None:
    assert problems_of(complete(3, 0), replicas=0) == []


@pytest.mark.parametrize("lag", [0, 10])
def test_a_replica_within_the_lag_allowed_is_fine(lag: int) -> None:
    model = complete()
    model.at(M1).info["slave0"] = f"ip=10.0.0.2,port=7001,state=online,offset=1,lag={lag}"
    assert problems_of(model) == []


def test_one_machine_alone_shares_nothing() -> None:
    """Where all nodes stand on one host, or in one zone, there is no better place to name."""
    model = complete(zones="aaa")
    assert problems_of(model) == []


def test_a_shared_zone_is_named_where_there_are_others() -> None:
    found = problems_of(complete(zones="aab"))
    assert [(problem.code, problem.severity, set(problem.nodes)) for problem in found] == [
        ("shares_zone", "warning", {M1, R1})
    ]


@pytest.mark.parametrize(("masters", "warned"), [(1, True), (2, True), (3, False)])
def test_fewer_than_three_masters_are_warned_of(masters: int, warned: bool) -> None:
    codes = {problem.code for problem in problems_of(complete(masters, 0), replicas=0)}
    assert ("masters_too_few" in codes) is warned


def test_one_version_of_valkey_is_no_mixture() -> None:
    model = complete()
    for server in model.servers.values():
        server.info.update(redis_version="7.2.4", valkey_version="8.1.1")
    assert problems_of(model) == []
    assert description.describe(model.survey())["versions"] == ["valkey 8.1.1"]


def test_a_master_that_was_replaced_leaves_its_failure_only() -> None:
    """After a failover the old master is down, owns nothing, and is no idle master."""
    model = complete()
    old, new = model.at(M1), model.at(R1)
    for server in model.servers.values():
        server.known[new.id].slots, server.known[old.id].slots = server.known[old.id].slots, 0
        server.known[new.id].master = ""
    down(model, M1)
    codes = {problem.code for problem in problems_of(model)}
    assert codes == {"node_failing", "node_unreachable", "master_orphaned"}


def test_warnings_leave_a_cluster_healthy_errors_do_not() -> None:
    warning = problems.Problem("a", problems.WARNING, "")
    error = problems.Problem("b", problems.ERROR, "")
    assert problems.is_healthy([]) and problems.is_healthy([warning])
    assert not problems.is_healthy([warning, error])


def test_errors_come_first() -> None:
    model = complete()
    versions(model)
    link_down(model)
    assert [problem.severity for problem in problems_of(model)] == ["error", "warning"]


def test_a_problem_is_plain_data() -> None:
    model = complete()
    slots_deleted(model)
    found = next(problem for problem in problems_of(model) if problem.code == "slots_uncovered")
    assert found.as_dict() == {
        "code": "slots_uncovered", "severity": "error", "message": "102 slots have no owner: 0-100,5000",
        "nodes": [], "slots": "0-100,5000",
    }  # fmt: skip


def test_one_seed_is_enough() -> None:
    model = complete()
    model.silence = 99
    survey = model.survey(model.nodes[:1])
    assert len(survey.answering) == 6
    assert problems.find_problems(survey) == []


def test_nothing_answers() -> None:
    model = Model(spread(1, 1))
    for server in model.servers.values():
        server.trouble = "Timeout"
    found = description.describe(model.survey())
    assert {problem["code"] for problem in found["problems"]} == {"node_unreachable"}
    assert (found["healthy"], found["state"], found["shards"], found["nodes"]) == (False, "fail", [], [])


@pytest.mark.parametrize("rule", problems.RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_its_damage_above(rule: Callable[[problems.Case], object]) -> None:
    assert any(list(rule(case)) for case in damaged_cases())


@cache
def damaged_cases() -> list[problems.Case]:
    cases = []
    for damage in (row[0] for row in DAMAGE):
        model = complete()
        damage(model)
        model.silence = 99
        survey = model.survey()
        cases.append(problems.Case(survey, topology.read_topology(survey), problems.Expectation()))
    return cases


# --- the topology below --------------------------------------------------------------------------


def test_the_largest_cluster_counts() -> None:
    model = complete()
    stranger(model)
    found = topology.read_topology(model.survey())
    assert len(found.nodes) == 6
    assert [str(report.address) for report in found.strangers] == ["10.0.0.9:7000"]


def test_a_nodes_own_word_counts_before_that_of_others() -> None:
    model = complete()
    slot_denied_by_its_owner(model)
    model.silence = 99
    assert topology.read_topology(model.survey()).uncovered == frozenset({7})


def test_of_a_silent_node_the_view_of_most_is_believed() -> None:
    model = complete()
    model.at(M1).trouble = "Timeout"
    model.at(R2).known[model.at(M1).id].slots = 0
    model.silence = 99
    found = topology.read_topology(model.survey())
    assert found.uncovered == frozenset()
    assert found.unserved == frozenset(range(5461))
