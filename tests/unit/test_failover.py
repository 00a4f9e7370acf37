"""Which replica takes a master's place, and every reason why none may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors
from unit.model import Model, complete

from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.choice import Order, choose_promotions


def promotions(model: Model, **order) -> dict[str, str]:
    """The new master by the old one."""
    found = choose_promotions(model.survey(), Order(**order))
    return {promotion.master.name: promotion.replica.name for promotion in found}


def refusals(model: Model, **order) -> dict[str, str]:
    with pytest.raises(errors.Refused) as caught:
        promotions(model, **order)
    return {refusal["node"]: refusal["reason"] for refusal in caught.value.details["refusals"]}


def silence(model: Model, name: str) -> None:
    model.at(name).trouble = "Error 111 connecting. Connection refused."


def test_a_named_replica_is_promoted():
    assert promotions(complete(), promote=("10.0.0.2:7001",)) == {"10.0.0.1:7000": "10.0.0.2:7001"}


def test_a_master_needs_no_promotion():
    assert promotions(complete(), promote=("10.0.0.1:7000",)) == {}


def test_a_replica_need_not_be_demoted():
    assert promotions(complete(), demote=("10.0.0.1:7001",)) == {}


def test_a_host_loses_all_of_its_masters_to_other_hosts():
    assert promotions(complete(), demote=("10.0.0.1",)) == {"10.0.0.1:7000": "10.0.0.2:7001"}


def test_two_hosts_cannot_both_be_emptied_when_one_has_the_others_replica():
    found = refusals(complete(), demote=("10.0.0.1", "10.0.0.2"))
    assert found == {"10.0.0.1:7000": "has no replica that could take its place (there is none elsewhere)"}


@given(st.integers(0, 2), st.integers(2, 3))
def test_demoted_hosts_have_no_master_and_every_master_has_one_successor(host, replicas):
    model = complete(masters=4, replicas=replicas)
    names = tuple(f"10.0.0.{number}" for number in range(1, host + 1))
    found = promotions(model, demote=names)
    assert {old.split(":")[0] for old in found} == set(names)
    assert len(set(found.values())) == len(found)
    assert not any(new.split(":")[0] in names for new in found.values())


def test_the_replica_on_the_host_with_fewest_masters_is_chosen():
    model = complete(masters=3, replicas=2)
    # Both hosts of the replicas have a master; that of host 2 goes away, so host 2 has room.
    assert promotions(model, demote=("10.0.0.2:7000", "10.0.0.1:7000"))["10.0.0.1:7000"] == "10.0.0.2:7001"


def test_a_node_that_is_none():
    assert refusals(complete(), promote=("10.0.0.9:7000",)) == {"10.0.0.9:7000": "is no node of this cluster"}
    assert refusals(complete(), demote=("10.0.0.9",)) == {
        "10.0.0.9": "is neither a node of this cluster nor a host that has one"
    }


def test_a_replica_without_a_link_is_not_in_sync_but_may_be_forced():
    model = complete()
    model.at("10.0.0.2:7001").info = {"master_link_status": "down"}
    reason = refusals(model, promote=("10.0.0.2:7001",))["10.0.0.2:7001"]
    assert reason == "is not in sync: it has no replication link to 10.0.0.1:7000"
    assert "no replica that could take its place (10.0.0.2:7001 is not in sync" in refusals(
        model, demote=("10.0.0.1",)
    )["10.0.0.1:7000"]
    assert promotions(model, promote=("10.0.0.2:7001",), mode="force")


def test_a_replica_that_lags_is_not_in_sync():
    model = complete()
    model.at("10.0.0.1:7000").info = {"slave0": "ip=10.0.0.2,port=7001,state=online,offset=1,lag=30"}
    reason = refusals(model, promote=("10.0.0.2:7001",))["10.0.0.2:7001"]
    assert reason == "is not in sync: 10.0.0.1:7000 heard from it 30 s ago"
    assert promotions(model, promote=("10.0.0.2:7001",), max_lag=30)


def test_a_dead_master_cannot_hand_over():
    model = complete()
    silence(model, "10.0.0.1:7000")
    assert "mode=force" in refusals(model, promote=("10.0.0.2:7001",))["10.0.0.2:7001"]
    assert promotions(model, promote=("10.0.0.2:7001",), mode="force") == {"10.0.0.1:7000": "10.0.0.2:7001"}


def test_a_dead_replica_is_never_promoted():
    model = complete()
    silence(model, "10.0.0.2:7001")
    for mode in ("graceful", "force", "takeover"):
        assert refusals(model, promote=("10.0.0.2:7001",), mode=mode) == {"10.0.0.2:7001": "does not answer"}


def test_without_most_masters_only_a_takeover_is_possible():
    model = complete()
    silence(model, "10.0.0.2:7000")
    silence(model, "10.0.0.3:7000")
    for mode in ("graceful", "force"):
        assert "only 1 of 3 masters answer" in refusals(model, promote=("10.0.0.1:7001",), mode=mode)[""]
    assert promotions(model, promote=("10.0.0.1:7001",), mode="takeover") == {"10.0.0.3:7000": "10.0.0.1:7001"}


def test_others_that_do_not_know_the_replica_would_not_vote():
    model = complete()
    replica = model.at("10.0.0.2:7001")
    witness = model.at("10.0.0.3:7000")
    witness.known[replica.id] = replace(witness.known[replica.id], master=model.at("10.0.0.2:7000").id)
    model.silence = 10
    reason = refusals(model, promote=("10.0.0.2:7001",))["10.0.0.2:7001"]
    assert reason == "is not known as a replica of 10.0.0.1:7000 to 10.0.0.3:7000"


def test_two_replicas_of_one_master_cannot_both_be_promoted():
    reason = refusals(complete(replicas=2), promote=("10.0.0.2:7001", "10.0.0.3:7002"))
    assert reason == {"10.0.0.1:7000": "cannot be followed by two masters at once"}
