"""A described cluster as entries of an inventory."""

from __future__ import annotations

from unit.core import description, inventory, views
from unit.model import Model, complete

Machine = inventory.Machine


def entries(model: Model, make=inventory.node_entries, **machines: Machine) -> list:
    model.silence = 99
    known = {name.replace("_", "."): machine for name, machine in machines.items()}
    return make(description.describe(model.survey()), {address[1:]: machine for address, machine in known.items()})


def at(found: list, address: str):
    return next(entry for entry in found if entry.variables["redis_address"] == address)


def test_a_node_has_the_groups_and_the_values_of_its_own() -> None:
    master = at(entries(complete(zones="abc")), "10.0.0.1:7000")
    assert master.groups == {"cluster", "masters", "shard_1", "zone_a", "host_10.0.0.1"}
    assert (master.variables["redis_shard"], master.variables["redis_slots"]) == (1, "0-5460")
    replica = at(entries(complete()), "10.0.0.2:7001")
    assert replica.groups == {"cluster", "replicas", "shard_1", "host_10.0.0.2"}
    assert replica.variables["redis_master"] == "10.0.0.1:7000"


def test_a_node_is_reached_as_its_machine_is() -> None:
    lone = at(entries(complete()), "10.0.0.1:7000")
    assert (lone.machine, lone.variables["ansible_host"]) == ("10.0.0.1", "10.0.0.1")
    named = Machine("alpha", {"ansible_user": "ops"}, "z")
    known = at(entries(complete(zones="abc"), _10_0_0_1=named), "10.0.0.1:7000")
    assert (known.machine, known.variables["ansible_host"], known.variables["ansible_user"]) == ("alpha", "alpha", "ops")
    assert {"host_alpha", "zone_z"} <= known.groups, "the inventory knows the zone better"
    away = Machine("alpha", {"ansible_host": "192.0.2.1"})
    assert at(entries(complete(), _10_0_0_1=away), "10.0.0.1:7000").variables["ansible_host"] == "192.0.2.1"


def test_what_is_wrong_with_a_node_is_a_group() -> None:
    model = complete()
    model.at("10.0.0.1:7000").trouble = "Timeout"
    model.at("10.0.0.3:7001").info["master_link_status"] = "down"
    found = entries(model)
    dead = at(found, "10.0.0.1:7000")
    assert {"masters", "down"} <= dead.groups and "node_unreachable" in dead.variables["redis_problems"]
    assert "lagging" in at(found, "10.0.0.3:7001").groups
    assert "lagging" not in at(found, "10.0.0.2:7000").groups, "its master is not the one that lags"


def test_a_node_that_owns_nothing_and_follows_nobody_is_idle() -> None:
    model = complete()
    for server in model.servers.values():
        server.known[model.at("10.0.0.2:7001").id].master = ""
    assert at(entries(model), "10.0.0.2:7001").groups == {"cluster", "idle", "host_10.0.0.2"}


def test_a_ghost_has_no_place() -> None:
    """Neither without an address nor with one that another node has."""
    for address in (views.Address("", 0), views.Address("10.0.0.3", 7000)):
        model = complete()
        gone = model.at("10.0.0.2:7001")
        gone.trouble = "Timeout"
        for server in model.servers.values():
            server.known[gone.id].address, server.known[gone.id].flags = address, ("fail",)
        found = entries(model)
        addresses = [entry.variables["redis_address"] for entry in found]
        assert len(addresses) == len(set(addresses)) == 5


def test_a_machine_is_in_the_groups_of_all_its_nodes() -> None:
    found = entries(complete(), inventory.machine_entries, _10_0_0_1=Machine("alpha", {"ansible_user": "ops"}))
    assert [entry.machine for entry in found] == ["alpha", "10.0.0.2", "10.0.0.3"]
    alpha = found[0]
    assert alpha.groups == {"cluster", "masters", "replicas", "shard_1", "shard_3", "host_alpha"}
    assert [node["port"] for node in alpha.variables["redis_nodes"]] == [7000, 7001]
    assert alpha.variables["redis_roles"] == ["master", "replica"]
    assert "ansible_user" not in alpha.variables, "it has its own"
