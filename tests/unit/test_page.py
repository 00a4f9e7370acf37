"""A cluster as data and as a page: what a person reads after a roll-out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core import description, nodes, page
from unit.model import Model, complete, mask

Address = nodes.Address

HEALTHY = """\
Redis Cluster                                                          HEALTHY
==============================================================================
3 masters and 3 replicas on 3 hosts, redis 7.0.15; 16384 of 16384 slots covered, all nodes agree

SLOTS        ROLE     NODE           KEYS  STATE
0-5460       master   10.0.0.1:7000  0     up
             replica  10.0.0.2:7001  0     in sync
5461-10921   master   10.0.0.2:7000  0     up
             replica  10.0.0.3:7001  0     in sync
10922-16383  master   10.0.0.3:7000  0     up
             replica  10.0.0.1:7001  0     in sync

CONNECT
  redis-cli -c -h 10.0.0.1 -p 7000 --askpass
  redis.cluster.RedisCluster(host="10.0.0.1", port=7000, password=...)   # Python
  The password is in a vault."""


def described(model: Model) -> dict[str, Any]:
    model.silence = 99
    return description.describe(model.survey())


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if f" {name} " in line)


def test_the_page_of_a_healthy_cluster() -> None:
    assert page.page(described(complete()), "a vault") == HEALTHY


def test_zones_have_a_column_where_there_are_any() -> None:
    assert row(page.page(described(complete(zones="abc"))), "10.0.0.3:7000").split() == [
        "10922-16383", "master", "10.0.0.3:7000", "c", "0", "up",
    ]  # fmt: skip


def test_what_is_wrong_stands_on_the_page() -> None:
    model = complete()
    model.at("10.0.0.1:7000").trouble = "Timeout"
    model.at("10.0.0.2:7001").info["master_link_status"] = "down"
    for server in model.servers.values():
        server.known[model.at("10.0.0.1:7000").id].flags = ("fail",)
    text = page.page(described(model))
    assert text.splitlines()[0].endswith("NOT HEALTHY")
    assert row(text, "10.0.0.1:7000").endswith("?     DOWN")
    assert row(text, "10.0.0.2:7001").endswith("up, NO LINK to its master")
    assert "  error: 10.0.0.1:7000 does not answer (Timeout) [node_unreachable]" in text


def test_a_replica_behind_tells_how_far() -> None:
    model = complete()
    model.at("10.0.0.2:7001").info["slave_repl_offset"] = "40"
    assert row(page.page(described(model)), "10.0.0.2:7001").endswith("in sync, 60 bytes behind")


def test_an_ipv6_host_is_written_without_brackets_where_clients_want_none() -> None:
    model = complete()
    found = described(model)
    found["shards"][0]["master"] = "[fd00::1]:7000"
    found["nodes"][0]["address"] = "[fd00::1]:7000"
    assert "redis-cli -c -h fd00::1 -p 7000" in page.page(found)


def test_no_cluster_no_table_to_connect_to() -> None:
    model = complete()
    for server in model.servers.values():
        server.trouble = "Timeout"
    text = page.page(described(model))
    assert "CONNECT" not in text
    assert "0 masters and 0 replicas on 0 hosts, no answer; 0 of 16384 slots covered" in text


@settings(max_examples=30)
@given(st.data())
def test_any_damaged_cluster_can_be_described(data: st.DataObject) -> None:
    """Whatever is wrong, the answer comes, and the page with every node on it."""
    model = complete()
    everyone = list(model.servers.values())
    for damage in data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=6)):
        server, other = data.draw(st.sampled_from(everyone)), data.draw(st.sampled_from(everyone))
        peer = server.known.get(other.id)
        match damage:
            case 0:
                server.trouble = "Timeout"
            case 1 if server is not other:
                server.known.pop(other.id, None)
            case 2 if peer:
                peer.slots &= ~mask(range(100, 9000))
            case 3 if peer:
                peer.slots |= mask(range(5))
            case 4 if peer:
                peer.master = data.draw(st.sampled_from(["", "f" * 40, *(one.id for one in everyone)]))
            case 5 if peer and server is not other:
                peer.flags, peer.linked = ("fail", "noaddr"), False
                peer.address = Address("", 0)
            case 6:
                server.open_slots = f"[5->-{other.id}]"
    found = described(model)
    text = page.page(found)
    assert all(node["address"] in text for node in found["nodes"])
    assert found["healthy"] == (not any(problem["severity"] == "error" for problem in found["problems"]))


def test_a_node_as_data() -> None:
    found = described(complete())
    replica = next(node for node in found["nodes"] if node["address"] == "10.0.0.2:7001")
    assert replica == {
        "id": replica["id"], "address": "10.0.0.2:7001", "host": "10.0.0.2", "port": 7001, "zone": "",
        "role": "replica", "alive": True, "slots": "", "version": "redis 7.0.15", "key_count": 0,
        "memory_bytes": 2**20, "memory_limit_bytes": 0, "operations_per_second": 0, "uptime_seconds": 0,
        "master": "10.0.0.1:7000", "link_up": True, "lag_seconds": 0, "lag_bytes": 0,
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["", "deny", "open", "down"])
def test_slots_as_data(damage: str) -> None:
    model = complete()
    if damage == "deny":
        model.at("10.0.0.1:7000").me.slots &= ~mask(7)
    if damage == "open":
        model.at("10.0.0.1:7000").open_slots = f"[5->-{model.at('10.0.0.2:7000').id}]"
    if damage == "down":
        model.at("10.0.0.1:7000").trouble = "Timeout"
    wanted = {
        "covered": 16384,
        "uncovered": "",
        "unserved": "",
        "disputed": "",
        "migrating": "",
        "importing": "",
    }
    changes = {
        "deny": {"covered": 16383, "uncovered": "7"},
        "open": {"migrating": "5"},
        "down": {"unserved": "0-5460"},
    }
    assert described(model)["slots"] == {**wanted, **changes.get(damage, {})}


def test_the_layout_before_and_after_is_one_line_a_shard() -> None:
    model = complete()
    model.start(nodes.ListedNode(Address("10.0.0.9", 7000)))
    assert description.layout_text(model.survey()).splitlines() == [
        "10.0.0.1:7000 slots 0-5460 replicas 10.0.0.2:7001",
        "10.0.0.2:7000 slots 5461-10921 replicas 10.0.0.3:7001",
        "10.0.0.3:7000 slots 10922-16383 replicas 10.0.0.1:7001",
        "10.0.0.9:7000 alone",
    ]


def test_where_clients_use_tls_the_page_says_how():
    text = page.page(described(complete()), ca="/etc/x/ca.crt")
    assert "redis-cli -c -h 10.0.0.1 -p 7000 --askpass --tls --cacert /etc/x/ca.crt\n" in text
    assert 'ssl=True, ssl_ca_certs="/etc/x/ca.crt")' in text
