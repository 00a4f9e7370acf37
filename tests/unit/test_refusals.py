"""Nodes that must not be touched: every refusal names the node and the reason, and nothing was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from unit.core import errors, nodes, plan, reports
from unit.model import Model, complete, mask, spread

Address, ListedNode, Wish = nodes.Address, nodes.ListedNode, plan.Wish


def refusals(model: Model, listed: list[ListedNode] | None = None, wish: Wish = Wish()) -> dict[str, str]:
    """Reasons by node."""
    survey = model.survey(listed)
    with pytest.raises(errors.Refused) as caught:
        plan.make_plan(survey, wish)
    assert model.acts == []
    found = caught.value.details["refusals"]
    assert all(
        refusal["node"] in caught.value.message and refusal["reason"] in caught.value.message
        for refusal in found
    )
    return {refusal["node"]: refusal["reason"] for refusal in found}


def _keys(model: Model) -> None:
    model.at("10.0.0.2:7000").keys = {5: 2, 6: 1}


def _wrong_password(model: Model) -> None:
    model.at("10.0.0.2:7000").trouble = "WRONGPASS invalid username-password pair or user is disabled."


def _silent(model: Model) -> None:
    model.at("10.0.0.2:7000").trouble = "Error 111 connecting to 10.0.0.2:7000. Connection refused."


def _not_clustered(model: Model) -> None:
    model.at("10.0.0.2:7000").trouble = "ERR This instance has cluster support disabled"


def _misannounced(model: Model) -> None:
    model.at("10.0.0.2:7000").settings["cluster-announce-ip"] = "192.0.2.1"


def _other_server(model: Model) -> None:
    model.at("10.0.0.2:7000").settings["cluster-announce-port"] = "7001"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_keys, "holds 3 keys"),
        (_wrong_password, "refuses the user name or password"),
        (_silent, "does not answer (Error 111 connecting to 10.0.0.2:7000. Connection refused)"),
        (_not_clustered, "does not run in cluster mode"),
        (_misannounced, "announces 192.0.2.1:7000 to the others, where nobody answers"),
        (_other_server, "announces 10.0.0.2:7001 to the others, where another server answers"),
    ],
)
def test_one_unfit_server_among_empty_ones(spoil: Callable[[Model], None], reason: str) -> None:
    model = Model(spread(2, 2, 2))
    spoil(model)
    assert refusals(model) == {"10.0.0.2:7000": reason}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(_wrong_password, "refuses the user name or password"), (_misannounced, "announces 192.0.2.1:7000")],
)
def test_one_unfit_server_in_a_running_cluster(spoil: Callable[[Model], None], reason: str) -> None:
    model = complete()
    spoil(model)
    assert refusals(model)["10.0.0.2:7000"].startswith(reason)


def test_a_new_node_with_keys_does_not_join() -> None:
    model = complete()
    model.start(ListedNode(Address("10.0.0.9", 7000))).keys = {1: 1}
    assert refusals(model) == {"10.0.0.9:7000": "holds 1 keys"}


@pytest.mark.parametrize(("count", "replicas", "needed"), [(5, 1, 6), (2, 0, 3), (8, 2, 9), (1, 1, 6)])
def test_too_few_nodes(count: int, replicas: int, needed: int) -> None:
    reason = refusals(Model(spread(count)), wish=Wish(replicas))[""]
    assert reason.startswith(
        f"{needed} nodes are needed for 3 masters with replicas={replicas} each, {count} "
    )


def test_one_server_under_two_names() -> None:
    model = Model(spread(2, 2, 2))
    twin = model.at("10.0.0.1:7000")
    model.servers[Address("node1.example", 7000)] = twin
    listed = [*spread(2, 2, 2), ListedNode(Address("node1.example", 7000))]
    found = refusals(model, listed)
    assert found["node1.example:7000"].startswith("has the node id of 10.0.0.1:7000")
    assert len(found) == 1


def test_loopback_addresses_among_others() -> None:
    local = [ListedNode(Address(host, 7000)) for host in ("127.0.0.1", "localhost", "::1")]
    found = refusals(Model([*local, *spread(1, 1, 1)]))
    assert set(found) == {"127.0.0.1:7000", "localhost:7000", "[::1]:7000"}
    assert all("loopback address" in reason for reason in found.values())


def test_loopback_addresses_alone_are_a_cluster_on_one_machine() -> None:
    model = Model([ListedNode(Address("127.0.0.1", 7000 + i)) for i in range(6)])
    assert plan.make_plan(model.survey(), Wish())


def other_cluster(masters: int = 3) -> Model:
    """Another complete cluster, at 10.1.0.x, with ids of its own."""
    model = complete(masters)
    moved = Model([], seed=99)
    ids = {id: f"{moved.random.getrandbits(160):040x}" for id in model.at("10.0.0.1:7000").known}
    for server in model.servers.values():
        server.id, server.address = ids[server.id], _moved(server.address)
        server.known = {
            ids[id]: replace(peer, address=_moved(peer.address), master=ids.get(peer.master, ""))
            for id, peer in server.known.items()
        }
        moved.servers[server.address] = server
    return moved


def _moved(address: nodes.Address) -> nodes.Address:
    return Address(address.host.replace("10.0.", "10.1."), address.port)


@pytest.mark.parametrize("masters", [3, 10])
def test_a_node_of_another_cluster_is_named_and_no_other(masters: int) -> None:
    """However large that other cluster is."""
    model = complete()
    model.servers.update(other_cluster(masters).servers)
    listed = [*complete().nodes, ListedNode(Address("10.1.0.2", 7000))]
    found = refusals(model, listed)
    assert set(found) == {"10.1.0.2:7000"}
    assert found["10.1.0.2:7000"].startswith("belongs to another cluster, with 10.1.0.")


def test_a_node_of_another_cluster_among_empty_ones() -> None:
    model = Model(spread(2, 2, 2))
    model.servers.update(other_cluster().servers)
    found = refusals(model, [*spread(2, 2, 2), ListedNode(Address("10.1.0.2", 7000))])
    assert set(found) == {"10.1.0.2:7000"}


def test_a_node_whose_old_cluster_is_gone_is_of_another_cluster() -> None:
    model = complete()
    left = other_cluster().at("10.1.0.2:7001")
    model.servers[left.address] = left
    assert refusals(model) == {"10.1.0.2:7001": "belongs to another cluster, with nodes that do not answer"}


def test_two_clusters_are_not_merged() -> None:
    model = complete()
    model.servers.update(other_cluster().servers)
    assert any("belongs to another cluster" in reason for reason in refusals(model).values())


@pytest.mark.parametrize(
    ("sizes", "zones", "shared"),
    [((6,), "", 3), ((4, 1, 1), "", 1), ((2, 2, 2), "aab", 1), ((1, 1, 1, 1, 1, 1), "aaaaab", 2)],
)
def test_required_anti_affinity_that_cannot_be(sizes: tuple[int, ...], zones: str, shared: int) -> None:
    found = refusals(Model(spread(*sizes, zones=zones)), wish=Wish(anti_affinity="required"))
    assert len(found) >= shared
    assert all(
        "anti_affinity=required, but it would share the host or zone" in reason for reason in found.values()
    )


@pytest.mark.parametrize(
    ("sizes", "zones"), [((2, 2, 2), ""), ((3, 2, 1), ""), ((2, 2, 2), "abc"), ((1,) * 6, "aabbcc")]
)
def test_required_anti_affinity_that_can_be(sizes: tuple[int, ...], zones: str) -> None:
    assert plan.make_plan(Model(spread(*sizes, zones=zones)).survey(), Wish(anti_affinity="required"))


def test_zones_count_only_where_every_node_has_one() -> None:
    model = Model([*spread(1, 1, 1, 1, 1, zones="aaaaa"), ListedNode(Address("10.0.0.9", 7000))])
    assert plan.make_plan(model.survey(), Wish(anti_affinity="required"))


def test_all_reasons_are_given_at_once() -> None:
    model = Model(spread(2, 2, 2))
    _keys(model)
    model.at("10.0.0.3:7000").keys = {1: 1}
    model.at("10.0.0.3:7001").settings["cluster-announce-ip"] = "192.0.2.1"
    assert len(refusals(model)) == 3


def test_half_formed_parts_are_no_other_clusters() -> None:
    """Two groups of a forming that was cut off while nodes met; slots of one are not those of the other."""
    model = Model(spread(2, 2, 2))
    model.do("10.0.0.1:7000", "CLUSTER", "MEET", "10.0.0.1", 7001, 17001)
    model.do("10.0.0.3:7000", "CLUSTER", "MEET", "10.0.0.3", 7001, 17001)
    model.at("10.0.0.1:7000").me.slots = mask(range(5461))
    model.at("10.0.0.3:7000").me.slots = mask(range(5461, 10922))
    assert plan.make_plan(model.survey(), Wish())
    model.acts.clear()
    model.at("10.0.0.3:7000").me.slots |= mask(5)
    assert "and owns slots 5 of this one" in " ".join(refusals(model).values())


def test_a_report_without_a_view_says_why() -> None:
    model = Model(spread(1))
    model.at("10.0.0.1:7000").trouble = "LOADING Redis is loading the dataset in memory"
    report = model.report("10.0.0.1:7000")
    assert report.trouble == reports.Trouble("node_loading", "is loading its data and answers nothing yet")
