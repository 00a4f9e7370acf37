# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input and unfit hosts, told before anything changes. Each complaint names the variable at fault."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..nodes import ListedNode
from ..preflight import HostState, password_complaints, path_complaints
from ..settings import is_bare_word
from .monitors import NOT_BARE

LOOPBACK = ("127.", "::1", "localhost")
LEAST_SENTINELS = 3
LEAST_NODES = 2


def complaints(
    variables: Mapping[str, Any],
    nodes: Sequence[ListedNode],
    sentinels: Sequence[ListedNode],
    data_host: HostState,
    sentinel_host: HostState,
) -> list[str]:
    """Everything that is wrong, as sentences; variables by their names without the role's prefix.

    `data_host` is the host as its data nodes have it, `sentinel_host` as its Sentinels do.
    """
    found = [*_port_complaints(variables)]
    found += password_complaints(variables["password"]) or _written_password_complaints(variables["password"])
    found += password_complaints(variables["own_password"], "own_password")
    found += _shape_complaints(variables, nodes, sentinels)
    if not data_host.is_root:
        found.append("ansible_become: tasks of this role need root, and run without it")
    for name, host in (("data_ports", data_host), ("ports", sentinel_host)):
        taken = sorted((set(variables[name]) & host.listening) - host.own_ports)
        found += [f"{name}: {port} is taken by another program on this host" for port in taken]
    for name, host, kind in (("password", data_host, "data node"), ("own_password", sentinel_host, "Sentinel")):
        found += [
            f"{name}: the {kind} on port {port} runs with another one, which the role does not change"
            for port in sorted(host.refusing_ports)
        ]
    found += dict.fromkeys([*path_complaints(data_host), *path_complaints(sentinel_host)])
    if data_host.free_mb < variables["min_free_mb"]:
        found.append(
            f"data_directory: {variables['data_directory']} has {data_host.free_mb} MB free, "
            f"min_free_mb asks for {variables['min_free_mb']}"
        )
    return found


def _written_password_complaints(password: str) -> list[str]:
    return [] if is_bare_word(password) else [f"password: it {NOT_BARE}"]


def _port_complaints(variables: Mapping[str, Any]) -> Iterator[str]:
    ports = [(name, port) for name in ("data_ports", "ports") for port in variables[name]]
    if not ports:
        yield "ports: it is empty like data_ports, so this host would have no server at all"
    counts = Counter(port for _name, port in ports)
    for name, port in dict.fromkeys(ports):
        if not 1 <= port <= 65535:
            yield f"{name}: {port} is not within 1 and 65535"
    yield from (f"ports: {port} is given twice, among ports and data_ports" for port, n in counts.items() if n > 1)


def _shape_complaints(
    variables: Mapping[str, Any], nodes: Sequence[ListedNode], sentinels: Sequence[ListedNode]
) -> Iterator[str]:
    if len(sentinels) < LEAST_SENTINELS:
        yield (
            f"ports: the group has {len(sentinels)} Sentinels, {LEAST_SENTINELS} are needed, so that most are left "
            "when one fails"
        )
    if len(nodes) < LEAST_NODES:
        yield f"data_ports: the group has {len(nodes)} data nodes, a master and a replica are needed"
    if not 0 <= variables["quorum"] <= len(sentinels):
        yield f"quorum: {variables['quorum']} is not within 1 and {len(sentinels)}, the number of Sentinels"
    name = variables["monitor"]
    if not is_bare_word(name):
        yield f"monitor: {name!r} is no name, it must be one word"
    hosts = {node.address.host for node in (*nodes, *sentinels)}
    local = sorted(host for host in hosts if host.startswith(LOOPBACK))
    if local and len(hosts) > 1:
        yield f"address: {local[0]} is loopback, where the other {len(hosts) - 1} hosts of the group cannot reach it"
