# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which ports a node has at a stage of TLS, and which offsets of TLS ports are possible."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from .stages import OFF, OFFERED, REQUIRED

BUS_OFFSET = 10000


def ports_of_stage(port: int, state: str, offset: int) -> dict[str, str]:
    """The settings of a node's command line that a stage changes. `port` is its plain one, and names it.

    The bus port is there too: it would follow the port that the bus is spoken of with, and cannot be moved live.
    """
    settings = {"port": str(0 if state == REQUIRED else port), "cluster-port": str(port + BUS_OFFSET)}
    if state == OFF:
        return settings
    return {**settings, "tls-port": str(port + offset), "tls-cluster": "yes", "tls-replication": "yes"}


def offset_complaints(ports: Sequence[int], state: str, offset: int) -> list[str]:
    """What is wrong with an offset, as sentences that begin with the variable."""
    if state == OFF:
        return []
    if not offset:
        only = f"tls_port_offset: with 0 there is one port only, so tls must be {REQUIRED}"
        return [] if state == REQUIRED else [only]
    taken = {*ports, *(port + BUS_OFFSET for port in ports)}
    faults = {port: _fault(port + offset, taken) for port in ports}
    return [
        f"tls_port_offset: {offset} makes {port + offset} the TLS port of {port}, and that is {fault}"
        for port, fault in faults.items()
        if fault
    ]


def _fault(port: int, taken: Iterable[int]) -> str:
    if not 1 <= port <= 65535:
        return "not within 1 and 65535"
    return "the port or the cluster bus of another node of this host" if port in taken else ""


def stage_of_host(ports: Iterable[int], listening: frozenset[int], offset: int) -> str:
    """The stage that nodes of a host seem to be at, by the ports that are open: "mixed" where they differ, and empty
    where none runs, or where one port stands for both."""
    open_ports = {(port in listening, port + offset in listening) for port in ports} - {(False, False)}
    if not open_ports or not offset:
        return ""
    stages = {(True, False): OFF, (True, True): OFFERED, (False, True): REQUIRED}
    return stages[open_ports.pop()] if len(open_ports) == 1 else "mixed"


def reached_by_tls(ports: Iterable[int], listening: frozenset[int], state: str, offset: int) -> bool:
    """Whether the nodes of a host that run offer TLS, by the open ports; where none runs, whether they will."""
    running = [port for port in ports if listening & {port, port + offset}]
    if not running or not offset:
        return state != OFF
    return all(port + offset in listening for port in running)
