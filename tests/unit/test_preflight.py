"""Bad input and unfit hosts: each complaint begins with the variable at fault."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core import errors, nodes, plan, preflight
from unit.model import Model, spread

from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling import versions

FIT = preflight.HostState(listening=frozenset({22}), own_ports=frozenset(), free_mb=5000, is_root=True)
GOOD: dict[str, Any] = {
    "ports": [7000, 7001],
    "password": "secret",
    "former_passwords": [],
    "users": [],
    "extra_settings": [],
    "left_out_hosts": [],
    "replicas": 1,
    "anti_affinity": "preferred",
    "data_directory": "/var/lib/redis",
    "min_free_mb": 256,
}


def complaints(
    sizes: tuple[int, ...] = (2, 2, 2), zones: str = "", host: Any = FIT, **variables: Any
) -> list[str]:
    return preflight.complaints({**GOOD, **variables}, spread(*sizes, zones=zones), host)


def host(**changes: Any) -> preflight.HostState:
    return preflight.HostState(**{**vars(FIT), **changes})


def test_good_input_on_a_fit_host() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"ports": [7000, 7000]}, "ports: 7000 is given twice"),
        ({"ports": []}, "ports: the list is empty"),
        ({"ports": [0, 7000]}, "ports: 0 is not within 1 and 55535"),
        ({"ports": [7000, 55536]}, "ports: 55536 is not within 1 and 55535"),
        ({"ports": [7000, 70000]}, "ports: 70000 is not within 1 and 55535"),
        ({"ports": [-1, 7000]}, "ports: -1 is not within"),
        ({"ports": [7000, 17000]}, "ports: 17000 is the cluster bus of 7000"),
        ({"tls": "offered", "tls_port_offset": 1}, "tls_port_offset: 1 makes 7001 the TLS port of 7000"),
        (
            {"tls": "offered", "tls_port_offset": 100, "host": host(listening=frozenset({7101}))},
            "ports: 7001 is taken by another program",
        ),
        ({"password": ""}, "password: it is empty"),
        ({"password": "a\nb"}, "password: it contains a line break"),
        ({"former_passwords": ["secret"]}, "former_passwords: one is the present password"),
        ({"former_passwords": [""]}, "former_passwords: one is empty"),
        (
            {"former_passwords": ["old"], "left_out_hosts": ["c", "d"]},
            "former_passwords: a password is replaced on all hosts at once, and this run leaves out c, d",
        ),
        ({"users": [{"name": "shop", "role": "application"}]}, "users: shop: passwords: there is none"),
        (
            {"users": [{"name": "default", "role": "application", "passwords": ["a"]}]},
            "users: 'default' is the user of the variable password",
        ),
        ({"extra_settings": ["hz", "requirepass"]}, "extra_settings: requirepass would undo the users"),
        ({"extra_settings": ["aclfile"]}, "extra_settings: aclfile would undo the users"),
        ({"host": host(refusing_ports=frozenset({7001}))}, "password: the node on port 7001 runs with another one"),
        ({"replicas": -1}, "replicas: -1 is negative"),
        ({"replicas": 2}, "ports: 9 nodes are needed for 3 masters with replicas=2 each, the group has 6"),
        ({"sizes": (5,)}, "ports: 6 nodes are needed for 3 masters with replicas=1 each, the group has 5"),
        (
            {"sizes": (6,), "anti_affinity": "required"},
            "anti_affinity: it is required, but of 6 nodes on 1 hosts 3",
        ),
        (
            {"sizes": (4, 1, 1), "anti_affinity": "required"},
            "anti_affinity: it is required, but of 6 nodes on 3 hosts 1",
        ),
        (
            {"zones": "aab", "anti_affinity": "required"},
            "anti_affinity: it is required, but of 6 nodes on 3 hosts 1",
        ),
        ({"host": host(is_root=False)}, "ansible_become: tasks of this role need root"),
        ({"host": host(listening=frozenset({7001}))}, "ports: 7001 is taken by another program"),
        ({"host": host(listening=frozenset({17000}))}, "ports: 7000 is taken by another program"),
        ({"host": host(distrusted_ports=frozenset({7001}))}, "tls_ca: it does not trust the certificates"),
        (
            {"host": host(free_mb=255)},
            "data_directory: /var/lib/redis has 255 MB free, min_free_mb asks for 256",
        ),
    ],
)
def test_one_fault_is_one_complaint_that_names_its_variable(
    variables: dict[str, Any], beginning: str
) -> None:
    (found,) = complaints(**variables)
    assert found.startswith(beginning)


@pytest.mark.parametrize(
    "variables",
    [
        {"sizes": (6,)},
        {"sizes": (6,), "anti_affinity": "none"},
        {"sizes": (3, 2, 1), "anti_affinity": "required"},
        {"sizes": (2, 2, 2), "zones": "abc", "anti_affinity": "required"},
        {"sizes": (3,), "replicas": 0},
        {"ports": [1, 55535]},
        {"left_out_hosts": ["c"]},
        {"former_passwords": ["old"]},
        {"users": [{"name": "shop", "role": "application", "passwords": ["a"]}]},
        {"host": host(listening=frozenset({7000, 17000}), own_ports=frozenset({7000}))},
        {"host": host(free_mb=256)},
    ],
)
def test_what_is_allowed(variables: dict[str, Any]) -> None:
    assert complaints(**variables) == []


def test_all_faults_are_told_at_once() -> None:
    found = complaints(ports=[7000, 7000, 0], password="", host=host(is_root=False, free_mb=1))
    assert [text.partition(":")[0] for text in found] == [
        "ports",
        "ports",
        "password",
        "ansible_become",
        "data_directory",
    ]


@settings(max_examples=40)
@given(st.lists(st.integers(-5, 70000), min_size=1, max_size=4), st.text(max_size=5), st.integers(-1, 4))
def test_every_complaint_begins_with_a_variable(ports: list[int], password: str, replicas: int) -> None:
    known = {*GOOD, "ansible_become"}
    assert all(
        text.partition(":")[0] in known
        for text in complaints(ports=ports, password=password, replicas=replicas)
    )


@settings(max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 2))
def test_what_the_preflight_allows_the_planner_can_place(sizes: list[int], replicas: int) -> None:
    """A required anti-affinity is refused before the first change, not after nodes are installed."""
    wish = plan.Wish(replicas, "required")
    allowed = complaints(sizes=tuple(sizes), replicas=replicas, anti_affinity="required") == []
    try:
        plan.make_plan(Model(spread(*sizes)).survey(), wish)
    except errors.Refused:
        assert not allowed
    else:
        assert allowed


def test_nodes_are_those_of_the_whole_group() -> None:
    listed = nodes.parse_nodes(["10.0.0.1:7000"])
    (found,) = preflight.complaints(GOOD, listed, FIT)
    assert found.endswith("the group has 1")


@pytest.mark.parametrize(
    ("running", "target", "beginning"),
    [
        ("redis 8.0.2", "redis 7.0.15", "version: redis 8.0.2 cannot be replaced by redis 7.0.15"),
        ("redis 8.0.2", "valkey 8.1.1", "flavor: redis 8.0.2 cannot be replaced by valkey 8.1.1"),
    ],
)
def test_a_package_that_must_not_replace_what_runs(running: str, target: str, beginning: str) -> None:
    old, new = (versions.parse_version(*text.split()) for text in (running, target))
    (complaint,) = complaints(host=host(running={7000: old, 7001: old}, target=new))
    assert complaint.startswith(beginning)
    assert complaints(host=host(running={7000: old}, target=None)) == []
    assert complaints(host=host(running={7000: old}, target=old)) == []
