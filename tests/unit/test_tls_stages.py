"""The steps between stages of TLS, for servers that announce one port and for those that announce both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors, nodes

from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.versions import Version
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls import ports, settling, stages
from ansible_collections.omnimind.platform.plugins.module_utils.redis.views import parse_view

ONE, BOTH = Version("redis", (7, 0, 15)), Version("redis", (8, 0, 2))
OFFSET = 100


def running(state: str = "off", version: Version = ONE, port: int = 7000, **changes) -> stages.Running:
    """A node that runs at a stage."""
    on = state != "off"
    node = stages.Running(
        node=nodes.Address("10.0.0.1", port),
        version=version,
        port=0 if state == "required" else port,
        tls_port=port + OFFSET if on else 0,
        tls_cluster=on,
        tls_replication=on,
        bus_port=port + 10000,
        bus_port_is_fixed=True,
    )
    return replace(node, **changes)


def names(found: list[stages.Step]) -> list[str]:
    return [step.name for step in found]


def take(cluster: list[stages.Running], step: stages.Step) -> list[stages.Running]:
    return [stages.with_settings(one, step.settings.get(one.node, {})) for one in cluster]


@pytest.mark.parametrize(
    ("path", "on_7_0", "on_8_0"),
    [
        ("off offered", ["encrypt"], ["encrypt", "open the TLS port"]),
        (
            "off required",
            ["encrypt", "close the plain port"],
            ["encrypt", "open the TLS port", "close the plain port"],
        ),
        ("offered required", ["close the plain port"], ["close the plain port"]),
        ("required offered", ["open the plain port"], ["open the plain port"]),
        ("offered off", ["decrypt", "close the TLS port"], ["decrypt", "close the TLS port"]),
        (
            "required off",
            ["open the plain port", "decrypt", "close the TLS port"],
            ["open the plain port", "decrypt", "close the TLS port"],
        ),
    ],
)
def test_steps_between_stages(path, on_7_0, on_8_0):
    before, after = path.split()
    for version, wanted in ((ONE, on_7_0), (BOTH, on_8_0)):
        assert names(stages.plan_steps([running(before, version)], after, OFFSET)) == wanted


@pytest.mark.parametrize("state", stages.STATES)
def test_a_stage_that_is_reached_needs_no_step(state):
    assert stages.plan_steps([running(state), running(state, port=7001)], state, OFFSET) == []


def test_one_that_announces_one_port_opens_the_other_in_the_same_moment():
    (step,) = stages.plan_steps([running()], "offered", OFFSET)
    assert step.settings[running().node] == {"tls-cluster": "yes", "tls-replication": "yes", "tls-port": "7100"}


def test_nodes_wait_for_each_other_only_when_their_ports_have_changed():
    encrypt, listen = stages.plan_steps([running(version=BOTH)], "offered", OFFSET)
    assert (encrypt.settles, listen.settles) == (False, True)


def test_a_bus_port_that_would_follow_the_client_port_is_pinned_first():
    loose = running(bus_port_is_fixed=False)
    pin, *rest = stages.plan_steps([loose], "offered", OFFSET)
    assert (pin.name, pin.settings[loose.node]) == ("pin the bus port", {"cluster-announce-bus-port": "17000"})
    assert rest
    assert stages.plan_steps([loose], "off", OFFSET) == [], "not where nothing else is to be done"


@st.composite
def clusters(draw):
    """Nodes that were left at any two neighbouring stages, as by a run that was killed."""
    version = draw(st.sampled_from([ONE, BOTH]))
    states = draw(st.sampled_from([("off",), ("offered",), ("required",), ("off", "offered"), ("offered", "required")]))
    fixed = draw(st.booleans())
    size = range(7000, 7000 + draw(st.integers(1, 4)))
    return [running(draw(st.sampled_from(states)), version, port, bus_port_is_fixed=fixed) for port in size]


@given(clusters(), st.sampled_from(stages.STATES), st.data())
def test_any_run_may_be_cut_off_within_any_step_and_the_next_one_arrives(cluster, state, data):
    steps = stages.plan_steps(cluster, state, OFFSET)
    for _round in range(data.draw(st.integers(0, 4))):
        if not steps:
            break
        reached = {n: s for n, s in steps[0].settings.items() if data.draw(st.booleans())}
        cluster = take(cluster, replace(steps[0], settings=reached))
        steps = stages.plan_steps(cluster, state, OFFSET)
    for _round in range(6):
        if not steps:
            break
        cluster = take(cluster, steps[0])
        steps = stages.plan_steps(cluster, state, OFFSET)
    assert steps == []
    assert {(one.port > 0, one.tls_port > 0, one.is_encrypted) for one in cluster} == {
        {"off": (True, False, False), "offered": (True, True, True), "required": (False, True, True)}[state]
    }


@given(clusters(), st.sampled_from(stages.STATES))
def test_a_client_port_is_open_at_any_time_and_never_closed_before_the_other_is_open_everywhere(cluster, state):
    while True:
        steps = stages.plan_steps(cluster, state, OFFSET)
        if not steps:
            break
        after = take(cluster, steps[0])
        if steps[0].name == "close the plain port":
            assert all(one.is_encrypted for one in cluster)
        if steps[0].name == "close the TLS port":
            assert all(one.port for one in cluster)
        assert all(one.port or one.tls_port for one in after)
        cluster = after


@pytest.mark.parametrize(
    ("node", "offset", "reason"),
    [
        (running(version=Version("redis", (6, 2, 7))), OFFSET, "redis 6.2.7 cannot change TLS while it runs"),
        (running(announced_port=17), OFFSET, "it announces port 17, but no cluster-announce-tls-port"),
        (running(port=7000, tls_port=0), 0, "choose another port offset"),
        (replace(running(), port=6379), OFFSET, "its plain port is 6379"),
        (running(version=BOTH, tls_port=7100), OFFSET, "the others know its TLS port 7100 already"),
    ],
)
def test_what_cannot_be_done_live_is_refused(node, offset, reason):
    with pytest.raises(errors.Refused, match=reason):
        stages.plan_steps([node], "offered", offset)


def test_versions_that_announce_in_different_ways_are_refused():
    with pytest.raises(errors.Refused, match="upgrade all first"):
        stages.plan_steps([running(), running(version=BOTH, port=7001)], "offered", OFFSET)


def test_nothing_to_do_is_never_refused():
    old = running("required", Version("redis", (6, 2, 7)), announced_port=17)
    assert stages.plan_steps([old], "required", OFFSET) == []


# --- settling ------------------------------------------------------------------------------------

FIRST, SECOND = "a" * 40, "b" * 40


def view(me: str, flags: str = "", port: int = 7101, linked: str = "connected", master: str = "-"):
    lines = [
        f"{FIRST} 10.0.0.1:7100@17000 {'myself,' if me == FIRST else ''}master - 0 0 1 {linked} 0-16383",
        f"{SECOND} 10.0.0.1:{port}@17001 {'myself,' if me == SECOND else ''}slave{flags} {master} 0 0 1 connected",
    ]
    return parse_view("\n".join(lines))


def complaints(first, second, **info):
    cluster = {one.node: one for one in (running("offered"), running("offered", port=7001))}
    replication = {"master_link_status": "up", "master_port": "7100", **info}
    views = dict(zip(cluster, (first, second)))
    return settling.unsettled(cluster, views, dict(zip(cluster, ({}, replication))))


def test_nodes_that_have_found_each_other():
    assert complaints(view(FIRST, master=FIRST), view(SECOND, master=FIRST)) == []


@pytest.mark.parametrize(
    ("change", "info", "complaint"),
    [
        ({"flags": ",fail?"}, {}, "10.0.0.1:7000 takes 10.0.0.1:7001 for failed"),
        ({"port": 7001}, {}, "10.0.0.1:7000 knows 10.0.0.1:7001 by port 7001"),
        ({}, {"master_link_status": "down"}, "10.0.0.1:7001 has no replication link to 10.0.0.1:7000"),
        ({}, {"master_port": "7000"}, "10.0.0.1:7001 follows 10.0.0.1:7000 on port 7000"),
    ],
)
def test_what_is_not_yet_as_it_shall_be(change, info, complaint):
    assert complaints(view(FIRST, master=FIRST, **change), view(SECOND, master=FIRST), **info) == [complaint]


def test_a_link_that_is_down():
    found = complaints(view(FIRST, master=FIRST), view(SECOND, master=FIRST, linked="disconnected"))
    assert found == ["10.0.0.1:7001 has no bus link to 10.0.0.1:7000"]


def test_plain_clients_that_would_be_sent_to_a_tls_port():
    cluster = {one.node: one for one in (running("offered"), running("offered", port=7001))}
    text = "{} 10.0.0.1:7000@17000 {}master - 0 0 1 connected\n{} 10.0.0.1:{}@17001 {}master - 0 0 1 connected"
    views = [
        parse_view(text.format(FIRST, "myself,", SECOND, 7101, "")),
        parse_view(text.format(FIRST, "", SECOND, 7001, "myself,")),
    ]
    found = settling.misdirected(cluster, dict(zip(cluster, views)))
    assert found == ["10.0.0.1:7000 sends plain clients to port 7101 of 10.0.0.1:7001"]


# --- ports ---------------------------------------------------------------------------------------


def test_ports_on_the_command_line():
    assert ports.ports_of_stage(7000, "off", 100) == {"port": "7000", "cluster-port": "17000"}
    tls = {"tls-cluster": "yes", "tls-replication": "yes", "cluster-port": "17000"}
    assert ports.ports_of_stage(7000, "offered", 100) == {"port": "7000", "tls-port": "7100", **tls}
    assert ports.ports_of_stage(7000, "required", 0) == {"port": "0", "tls-port": "7000", **tls}


@pytest.mark.parametrize(
    ("state", "offset", "complaint"),
    [
        ("off", 1, ""),
        ("offered", 100, ""),
        ("required", 0, ""),
        ("offered", 0, "tls_port_offset: with 0 there is one port only"),
        ("offered", 1, "tls_port_offset: 1 makes 7001 the TLS port of 7000, and that is the port or"),
        ("offered", 10000, "tls_port_offset: 10000 makes 17000 the TLS port of 7000"),
        ("offered", 60000, "tls_port_offset: 60000 makes 67000 the TLS port of 7000, and that is not within"),
    ],
)
def test_offsets(state, offset, complaint):
    found = ports.offset_complaints([7000, 7001], state, offset)
    assert found[0].startswith(complaint) if complaint else not found


@pytest.mark.parametrize(
    ("listening", "state", "expected"),
    [
        (set(), "offered", True),
        (set(), "off", False),
        ({7000, 7001}, "offered", False),
        ({7000, 7001, 7100}, "offered", False),
        ({7100, 7101}, "off", True),
        ({7000, 7100}, "off", True),
    ],
)
def test_how_nodes_of_a_host_are_reached(listening, state, expected):
    assert ports.reached_by_tls([7000, 7001], frozenset(listening), state, 100) is expected


@pytest.mark.parametrize(
    ("listening", "stage"),
    [
        (set(), ""),
        ({7000}, "off"),
        ({7000, 7001, 7100, 7101}, "offered"),
        ({7101}, "required"),
        ({7000, 7100, 7001}, "mixed"),
    ],
)
def test_the_stage_of_a_host(listening, stage):
    assert ports.stage_of_host([7000, 7001], frozenset(listening), 100) == stage
    assert ports.stage_of_host([7000, 7001], frozenset(listening), 0) == ""
