"""Nodes as users list them."""

from __future__ import annotations

from typing import Any

import pytest
from unit.core import errors, nodes


@pytest.mark.parametrize(
    ("entry", "host", "port", "zone"),
    [
        ("redis1.example:7000", "redis1.example", 7000, ""),
        ("10.0.0.1:65535", "10.0.0.1", 65535, ""),
        ("[fd00::1]:7000", "fd00::1", 7000, ""),
        ({"host": "fd00::1", "port": "7000", "zone": "a"}, "fd00::1", 7000, "a"),
        ({"host": "h", "port": 1, "zone": None}, "h", 1, ""),
    ],
)
def test_node_is_read(entry: Any, host: str, port: int, zone: str) -> None:
    assert nodes.parse_nodes([entry]) == [nodes.ListedNode(nodes.Address(host, port), zone)]


@pytest.mark.parametrize(
    "entry",
    ["h", ":7000", "h:", "h:0", "h:65536", "h:-1", "h:7000.0", 7000, {"host": "", "port": 1}, {"host": "h"}]
    + [{"host": "h", "port": True}, {"host": "h", "port": 1, "rack": "a"}],
)
def test_what_is_no_node_is_named(entry: Any) -> None:
    with pytest.raises(errors.RedisFailure) as caught:
        nodes.parse_nodes(["good:7000", entry])
    assert caught.value.message.startswith("nodes: ")
    assert repr(entry) in caught.value.message


def test_node_listed_twice_and_empty_list_are_refused() -> None:
    with pytest.raises(errors.RedisFailure, match="h:1 is listed twice"):
        nodes.parse_nodes(["h:1", {"host": "h", "port": 1, "zone": "a"}])
    with pytest.raises(errors.RedisFailure, match="empty"):
        nodes.parse_nodes([])


@pytest.mark.parametrize("text", ["h:7000", "10.0.0.1:7000", "[fd00::1]:7000"])
def test_address_is_written_as_it_is_read(text: str) -> None:
    assert str(nodes.parse_nodes([text])[0].address) == text
