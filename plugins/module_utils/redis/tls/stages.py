# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps from one stage of TLS to another, in an order in which no client and no node is ever left outside.

A node has two ports for clients, and one bus. It announces to the others which of its ports they shall use; when
that changes, they make their links to it anew, as TLS or plain as they are set themselves by then. So the bus and
replication of all nodes are switched at once, and the change of ports is what brings them over.

Redis 7.0 announces the port that goes with tls-cluster, later versions both ports. So there the TLS port is opened
last: opened before the switch, it would be no news after it, and old links would stay as they are.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import Refused
from ..nodes import Address
from ..rolling.versions import Version

OFF, OFFERED, REQUIRED = STATES = ("off", "offered", "required")

OPEN_PLAIN, PIN_BUS, ENCRYPT, OPEN_TLS = "open the plain port", "pin the bus port", "encrypt", "open the TLS port"
CLOSE_PLAIN, DECRYPT, CLOSE_TLS = "close the plain port", "decrypt", "close the TLS port"


@dataclass(frozen=True)
class Running:
    """How a node runs. `node` is what it is listed as, with its plain port; a port of 0 is closed, `bus_port` is the
    one that it announces, `announced_*` what it was told to announce (0 for nothing)."""

    node: Address
    version: Version
    port: int
    tls_port: int
    tls_cluster: bool
    tls_replication: bool
    bus_port: int
    bus_port_is_fixed: bool
    announced_port: int = 0
    announced_tls_port: int = 0
    announced_bus_port: int = 0

    @property
    def announces_both(self) -> bool:
        """Whether it tells the others both of its ports."""
        return self.version.engine == "valkey" or self.version.numbers[:2] >= (7, 2)

    @property
    def is_encrypted(self) -> bool:
        """Whether it reaches the others through TLS, and tells them to reach it so."""
        return self.tls_cluster and self.tls_replication and bool(self.tls_port)

    @property
    def client_port(self) -> int:
        """The port that it names to a client that came the way that `is_encrypted` says."""
        return self._announced(self.is_encrypted)

    @property
    def plain_port(self) -> int:
        """The port that others name to plain clients; 0 where there is none."""
        return self._announced(False) if self.port else 0

    @property
    def replication_port(self) -> int:
        """The port that its replicas use."""
        return self._announced(self.tls_replication and bool(self.tls_port))

    def _announced(self, tls: bool) -> int:
        return (self.announced_tls_port or self.tls_port) if tls else (self.announced_port or self.port)

    @property
    def text(self) -> str:
        """One line for a diff."""
        doors = [f"plain {self.port}"] * bool(self.port) + [f"TLS {self.tls_port}"] * bool(self.tls_port)
        return f"{self.node} clients {', '.join(doors)}; bus and replication {self._encryption}\n"

    @property
    def _encryption(self) -> str:
        if self.tls_cluster == self.tls_replication:
            return "TLS" if self.tls_cluster else "plain"
        return "half TLS"


@dataclass(frozen=True)
class Step:
    """Settings for some nodes, set at once. `settles`: the nodes must find each other again before the next step."""

    name: str
    settings: Mapping[Address, Mapping[str, str]]
    settles: bool = True

    def as_dict(self) -> dict[str, object]:
        return {"step": self.name, "nodes": sorted(map(str, self.settings))}


def plan_steps(running: Sequence[Running], state: str, offset: int) -> list[Step]:
    """The steps that bring the nodes to `state`; the TLS port is `offset` above the plain one. None is empty.

    Raises Refused for nodes that cannot be brought there while they run.
    """
    reasons = [{"node": str(one.node), "reason": text} for one in running for text in _objections(one, state, offset)]
    if len({one.announces_both for one in running}) > 1:
        text = "the nodes' versions announce ports in different ways: upgrade all first"
        reasons.append({"node": "", "reason": text})
    steps = [step for step in _steps(running, state, offset) if step.settings]
    if steps and reasons:
        raise Refused(reasons)
    if steps and not offset:
        text = "TLS on the very port of the node can be had from its start only: choose another port offset"
        raise Refused([{"node": "", "reason": text}])
    return steps


def _objections(one: Running, state: str, offset: int) -> list[str]:
    found = []
    if one.version.engine == "redis" and one.version.numbers[:1] < (7,):
        found.append(f"{one.version} cannot change TLS while it runs, 7.0 can")
    if one.port not in (0, one.node.port):
        found.append(f"its plain port is {one.port}")
    if state != OFF and one.announced_port and not one.announced_tls_port:
        found.append(f"it announces port {one.announced_port}, but no cluster-announce-tls-port")
    known = one.announces_both and one.tls_port == one.node.port + offset and not one.tls_cluster
    if state != OFF and known and one.tls_port != one.port:
        found.append(
            f"the others know its TLS port {one.tls_port} already, so they would keep their plain links: turn TLS off "
            "first, or choose another port offset"
        )
    return found


def _steps(running: Sequence[Running], state: str, offset: int) -> list[Step]:
    def settings(needed: Sequence[Running], **values: int | str) -> dict[Address, dict[str, str]]:
        named = {name.replace("_", "-"): str(value) for name, value in values.items()}
        return {one.node: named for one in needed}

    def plain(needed: Sequence[Running], is_open: bool) -> dict[Address, dict[str, str]]:
        return {one.node: {"port": str(one.node.port if is_open else 0)} for one in needed}

    def tls(needed: Sequence[Running]) -> dict[Address, dict[str, str]]:
        return {one.node: {"tls-port": str(one.node.port + offset)} for one in needed}

    both = all(one.announces_both for one in running)
    closed = [one for one in running if not one.port]
    switched = [one for one in running if one.tls_cluster or one.tls_replication]
    if state == OFF:
        steps = [
            Step(OPEN_PLAIN, plain(closed, True)),
            Step(DECRYPT, settings(switched, tls_cluster="no", tls_replication="no"), not both),
            Step(CLOSE_TLS, settings([one for one in running if one.tls_port], tls_port=0)),
        ]
    else:
        unlike = [one for one in running if not (one.tls_cluster and one.tls_replication)]
        deaf = [one for one in running if one.tls_port != one.node.port + offset and (both or one not in unlike)]
        encrypted = settings(unlike, tls_cluster="yes", tls_replication="yes")
        if not both:
            encrypted = {node: {**values, **tls(unlike)[node]} for node, values in encrypted.items()}
        steps = [
            Step(ENCRYPT, encrypted, not both),
            Step(OPEN_TLS, tls(deaf)),
            Step(OPEN_PLAIN, plain(closed, True))
            if state == OFFERED
            else Step(CLOSE_PLAIN, plain([one for one in running if one.port], False)),
        ]
    loose = [one for one in running if not one.bus_port_is_fixed and not one.announced_bus_port]
    pins = {one.node: {"cluster-announce-bus-port": str(one.bus_port)} for one in loose}
    needed = any(step.settings for step in steps)
    return [Step(PIN_BUS, pins if needed else {}, False), *steps]


def plan_text(running: Sequence[Running], steps: Sequence[Step]) -> str:
    """The nodes as the steps would leave them, one a line."""
    lines = []
    for one in running:
        settings = {name: value for step in steps for name, value in step.settings.get(one.node, {}).items()}
        lines.append(with_settings(one, settings).text)
    return "".join(lines)


def with_settings(one: Running, settings: Mapping[str, str]) -> Running:
    """The node as it runs with these settings."""
    return replace(
        one,
        port=int(settings.get("port", one.port)),
        tls_port=int(settings.get("tls-port", one.tls_port)),
        tls_cluster=settings.get("tls-cluster", "yes" if one.tls_cluster else "no") == "yes",
        tls_replication=settings.get("tls-replication", "yes" if one.tls_replication else "no") == "yes",
        announced_bus_port=int(settings.get("cluster-announce-bus-port", one.announced_bus_port)),
    )
