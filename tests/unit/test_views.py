"""CLUSTER NODES as servers answer it. The lines were recorded, ids and times shortened."""

from __future__ import annotations

import pytest
from unit.core import nodes, views

ME = "7687bae2 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460"


def test_empty_server_knows_itself_without_a_host() -> None:
    view = views.parse_view("7687bae2 :7000@17000 myself,master - 0 0 0 connected\n")
    assert view.my_id == "7687bae2"
    assert view.myself == views.Seen(
        id="7687bae2", address=nodes.Address("", 7000), bus_port=17000, hostname="",
        flags=frozenset({"myself", "master"}), master_id="", epoch=0, linked=True,
        slots_text="", migrating=(), importing=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("coordinates", "host", "port", "bus_port", "hostname"),
    [
        ("10.0.0.2:7000@17000", "10.0.0.2", 7000, 17000, ""),
        ("10.0.0.2:7000@17000,node2.example", "10.0.0.2", 7000, 17000, "node2.example"),
        ("::1:27001@37001,node1.example", "::1", 27001, 37001, "node1.example"),
        ("fd00::a:7000@27000", "fd00::a", 7000, 27000, ""),
        (":0@0", "", 0, 0, ""),
        # What Redis 7.2, Valkey 8 and later keep in nodes.conf, and name=value fields to come:
        ("10.0.0.2:7000@17000,,tls-port=0,shard-id=5dd5", "10.0.0.2", 7000, 17000, ""),
        ("10.0.0.2:7000@17000,node2,tls-port=0,shard-id=5dd5", "10.0.0.2", 7000, 17000, "node2"),
        ("10.0.0.2:7000@17000,shard-id=5dd5", "10.0.0.2", 7000, 17000, ""),
    ],
)
def test_coordinates_of_a_node(coordinates: str, host: str, port: int, bus_port: int, hostname: str) -> None:
    seen = views.parse_view(f"{ME}\nf91bb73c {coordinates} master - 0 1795425751973 5 connected\n").nodes[
        "f91bb73c"
    ]
    assert (*seen.address, seen.bus_port, seen.hostname) == (host, port, bus_port, hostname)


def test_replica_names_its_master() -> None:
    seen = views.parse_view(
        f"{ME}\n74ca7a0c 10.0.0.3:7000@17000 slave 7687bae2 0 1795425752977 5 connected\n"
    ).nodes["74ca7a0c"]
    assert seen.is_replica
    assert seen.master_id == "7687bae2"
    assert not seen.slots


def test_open_slots_are_no_owned_slots() -> None:
    view = views.parse_view(f"{ME} 6000 [0->-f91bb73c] [5->-74ca7a0c] [300-<-f91bb73c]\n")
    assert view.myself.slots == frozenset([*range(5461), 6000])
    assert view.myself.migrating == ((0, "f91bb73c"), (5, "74ca7a0c"))
    assert view.myself.importing == ((300, "f91bb73c"),)


@pytest.mark.parametrize("flags", ["master,fail", "slave,fail?", "master,noaddr", "slave,nofailover"])
def test_flags_are_kept_apart(flags: str) -> None:
    seen = views.parse_view(f"{ME}\nf91bb73c :0@0 {flags} - 1 2 5 disconnected\n").nodes["f91bb73c"]
    assert seen.flags == frozenset(flags.split(","))
    assert not seen.linked


def test_handshake_is_known_but_not_settled() -> None:
    view = views.parse_view(f"{ME}\n757ef085 127.0.0.1:27009@37009 handshake - 0 0 0 disconnected\n")
    assert set(view.nodes) == {"7687bae2", "757ef085"}
    assert set(view.settled) == {"7687bae2"}


def test_layouts_are_equal_whatever_times_links_and_order_are() -> None:
    other = "f91bb73c 10.0.0.2:7000@17000 {} - 0 {} 5 {} 5461-16383"
    one = views.parse_view(f"{ME}\n{other.format('master', 1, 'connected')}\n")
    two = views.parse_view(f"{other.format('myself,master', 9, 'connected')}\n{ME.replace('myself,', '')}\n")
    assert one.layout() == two.layout()


@pytest.mark.parametrize(
    ("change", "to"), [("0-5460", "0-5459"), ("master -", "slave 7687bae2"), ("f91bb73c", "f91bb73d")]
)
def test_layouts_differ_with_slots_masters_and_members(change: str, to: str) -> None:
    other = "f91bb73c 10.0.0.2:7000@17000 master - 0 0 5 connected 0-5460"
    me = ME.replace(" 0-5460", "")
    assert (
        views.parse_view(f"{me}\n{other}").layout()
        != views.parse_view(f"{me}\n{other.replace(change, to)}").layout()
    )


@pytest.mark.parametrize(
    "text",
    ["", "ERR unknown command", "f91bb73c 10.0.0.2:7000@17000 master - 0 0 5 connected\n", f"{ME} 0-16384x"],
)
def test_what_is_no_view_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        assert views.parse_view(text).myself.slots
