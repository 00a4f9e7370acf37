# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings all nodes of a cluster to a stage of TLS while they serve.

Nothing is noted anywhere: each step is planned from how the nodes run, so a run that was cut off is finished by the
next one.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Answer, Command, first_error
from ..errors import RedisFailure, Refused
from ..nodes import Address, ListedNode
from ..reports import parse_info
from ..rolling.versions import parse_version
from ..views import parse_view
from .doors import Doors, must_answer
from .settling import misdirected, unsettled
from .stages import CLOSE_PLAIN, OFF, Running, Step, plan_steps, plan_text, with_settings

POLL_SECONDS = 0.05
BUS_PORT = "cluster-announce-bus-port"

# How Python says that it does not trust a server; it will say so again.
UNTRUSTED = "certificate verify failed"


@dataclass(frozen=True)
class Wish:
    """The stage, how far TLS ports are above the plain ones, and whether clients on plain ports may be cut off."""

    state: str
    offset: int
    disconnect: bool = False


def change_tls(
    doors: Doors,
    nodes: Sequence[ListedNode],
    wish: Wish,
    deadline: float,
    check_mode: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Make the wish true until `deadline` (time.monotonic()); the module's answer.

    Raises Refused before any change, RedisFailure when the nodes do not come to agree in time.
    """
    started = time.monotonic()
    addresses = [node.address for node in nodes]
    doors.find(addresses, deadline)
    first = running = read_running(doors, addresses)
    steps = plan_steps(running, wish.state, wish.offset)
    answer = {
        "changed": bool(steps),
        "plan": [step.as_dict() for step in steps],
        "diff": {"before": plan_text(first, []), "after": plan_text(first, steps)},
    }
    _refuse_to_cut_off(doors, running, steps, wish)
    if check_mode:
        return {**answer, "by_tls": all(one.is_encrypted for one in running)}
    _rehearse(doors, running, steps)
    while steps:
        on_step(steps[0].name)
        running = _take(doors, running, steps[0], wish)
        if steps[0].settles:
            _wait_until_settled(doors, running, deadline)
        steps = plan_steps(running, wish.state, wish.offset)
    if wish.state != OFF:
        must_answer(doors.through_tls(addresses, ("PING",)), "prove themselves by TLS")
    elapsed = round((time.monotonic() - started) * 1000, 1)
    return {**answer, "by_tls": wish.state != OFF, "elapsed_ms": elapsed}


def read_running(doors: Doors, nodes: Sequence[Address]) -> list[Running]:
    """How the nodes run. Raises RedisFailure for one that does not answer, or has no TLS."""
    answers = doors.ask_all(nodes, ("CONFIG", "GET", "*"), ("INFO", "server"), ("CLUSTER", "NODES"))
    must_answer(answers, "tell their settings")
    return [_running(node, answers[node]) for node in nodes]


def _running(node: Address, answer: Answer) -> Running:
    flat, server, view = answer
    settings = dict(flat) if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2]))
    if "tls-port" not in settings:
        raise RedisFailure(f"{node}: its server was built without TLS")
    info = parse_info(server)
    engine = "valkey" if "valkey_version" in info else "redis"
    return Running(
        node=node,
        version=parse_version(engine, info[f"{engine}_version"]),
        port=int(settings["port"]),
        tls_port=int(settings["tls-port"]),
        tls_cluster=settings["tls-cluster"] == "yes",
        tls_replication=settings["tls-replication"] == "yes",
        bus_port=parse_view(view).myself.bus_port,
        bus_port_is_fixed=settings.get("cluster-port", "0") != "0",
        announced_port=int(settings["cluster-announce-port"]),
        announced_tls_port=int(settings["cluster-announce-tls-port"]),
        announced_bus_port=int(settings[BUS_PORT]),
    )


def _rehearse(doors: Doors, running: Sequence[Running], steps: Sequence[Step]) -> None:
    """Have nodes without TLS load their certificates, before the first of them depends on it.

    A server answers the second command before it does anything else, so no link notices.
    """
    plain = [one for one in running if not (one.tls_port or one.tls_cluster or one.tls_replication)]
    on, off = (("CONFIG", "SET", "tls-replication", value) for value in ("yes", "no"))
    concerned = {node for step in steps for node in step.settings}
    answers = doors.ask_all([one.node for one in plain if one.node in concerned], on, off)
    refusing = {str(node): first_error(answer) for node, answer in answers.items() if first_error(answer)}
    if refusing:
        text = "cannot load its certificate, key or authorities; its log says why ({})"
        raise Refused([{"node": node, "reason": text.format(error)} for node, error in refusing.items()])


def _take(doors: Doors, running: Sequence[Running], step: Step, wish: Wish) -> list[Running]:
    """Set the settings of a step on its nodes at once; how the nodes run then."""
    _refuse_to_cut_off(doors, running, [step], wish)
    by_node = {one.node: one for one in running}
    answers = doors.ask({node: _commands(by_node[node], settings) for node, settings in step.settings.items()})
    must_answer(answers, f"{step.name}")
    after = [with_settings(one, step.settings.get(one.node, {})) for one in running]
    doors.secure = {one.node for one in after if one.is_encrypted}
    if step.name == CLOSE_PLAIN and wish.disconnect:
        _cut_off(doors, by_node, step)
    return after


def _commands(one: Running, settings: Mapping[str, str]) -> list[Command]:
    """CONFIG SET, and another bus port there and back: with that a node looks up its own ports, which it
    forgets to do when they are changed."""
    usual = with_settings(one, settings).announced_bus_port
    words = [text for pair in settings.items() for text in pair]
    return [
        ("CONFIG", "SET", *words),
        ("CONFIG", "SET", BUS_PORT, 0 if usual else one.bus_port),
        ("CONFIG", "SET", BUS_PORT, usual),
    ]


def _wait_until_settled(doors: Doors, running: Sequence[Running], deadline: float) -> None:
    by_node = {one.node: one for one in running}
    while True:
        answers = doors.ask_all(list(by_node), ("CLUSTER", "NODES"), ("INFO", "replication"))
        silent = [f"{node} does not answer ({first_error(a)})" for node, a in answers.items() if first_error(a)]
        good = {node: answer for node, answer in answers.items() if not first_error(answer)}
        views = {node: parse_view(view) for node, (view, info) in good.items()}
        reasons = silent + unsettled(by_node, views, {node: parse_info(info) for node, (view, info) in good.items()})
        both = [one.node for one in running if one.is_encrypted and one.port]
        plain = doors.through_plain(both, ("CLUSTER", "NODES"))
        reasons += misdirected(by_node, {n: parse_view(a[0]) for n, a in plain.items() if not first_error(a)})
        if not reasons:
            return
        if time.monotonic() >= deadline or any(UNTRUSTED in reason for reason in silent):
            raise RedisFailure(f"The nodes have not found each other again: {'; '.join(reasons)}")
        time.sleep(POLL_SECONDS)


# --- clients on plain ports ----------------------------------------------------------------------


def _refuse_to_cut_off(doors: Doors, running: Sequence[Running], steps: Sequence[Step], wish: Wish) -> None:
    closing = [node for step in steps if step.name == CLOSE_PLAIN for node in step.settings]
    if wish.disconnect or not closing:
        return
    reasons = []
    for node, clients in _plain_clients(doors, running, closing).items():
        hosts = sorted({client["addr"].rpartition(":")[0] for client in clients})
        if clients:
            count = f"{len(clients)} client" if len(clients) == 1 else f"{len(clients)} clients"
            reasons.append({"node": str(node), "reason": f"{count} still on the plain port, from {', '.join(hosts)}"})
    if reasons:
        raise Refused(reasons)


def _plain_clients(
    doors: Doors, running: Sequence[Running], nodes: Sequence[Address]
) -> dict[Address, list[dict[str, str]]]:
    """By node, the clients that are connected to its plain port, but for us and for replicas."""
    ports = {one.node: one.port for one in running}
    kinds = [("CLIENT", "LIST", "TYPE", kind) for kind in ("normal", "pubsub")]
    answers = doors.ask_all(nodes, *kinds)
    must_answer(answers, "list their clients")
    ours = doors.through_plain(nodes, ("CLIENT", "ID"))
    found = {}
    for node, lists in answers.items():
        clients = [dict(re.findall(r"(\S+?)=(\S*)", line)) for text in lists for line in text.splitlines()]
        on_plain = [client for client in clients if client["laddr"].endswith(f":{ports[node]}")]
        found[node] = [client for client in on_plain if first_error(ours[node]) or client["id"] != str(ours[node][0])]
    return found


def _cut_off(doors: Doors, before: Mapping[Address, Running], step: Step) -> None:
    """Close the connections that clients still have to ports that nobody listens on any more."""
    for node, clients in _plain_clients(doors, list(before.values()), list(step.settings)).items():
        ends = {client["laddr"] for client in clients}
        doors.ask_all([node] if ends else [], *(("CLIENT", "KILL", "LADDR", end) for end in ends))
