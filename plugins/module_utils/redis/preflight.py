# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input and unfit hosts, told before anything changes. Each complaint names the variable at fault."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .acl.users import DEFAULT, user_complaints
from .nodes import ListedNode
from .placement import Place, choose_masters, match_replicas, neighbours
from .rolling.versions import Version, path_objection
from .tls.ports import BUS_OFFSET, offset_complaints
from .tls.stages import OFF


@dataclass(frozen=True)
class HostState:
    """What is so on the host: taken ports (TCP, in LISTEN), ports that have a node of ours already, free
    space, whether we are root, ports of nodes that run with another password, and of nodes whose certificate the new
    authorities do not trust. `running` has the versions
    of nodes of ours by port, `target` what the packages would make of them (None where nobody can tell)."""

    listening: frozenset[int]
    own_ports: frozenset[int]
    free_mb: int
    is_root: bool
    refusing_ports: frozenset[int] = frozenset()
    distrusted_ports: frozenset[int] = frozenset()
    running: Mapping[int, Version] = field(default_factory=dict)
    target: Version | None = None


def complaints(variables: Mapping[str, Any], nodes: Sequence[ListedNode], host: HostState) -> list[str]:
    """Everything that is wrong, as sentences; variables by their names without the role's prefix."""
    ports = variables["ports"]
    offset = variables.get("tls_port_offset", 0) if variables.get("tls", OFF) != OFF else 0
    found = [*_port_complaints(ports), *password_complaints(variables["password"])]
    found += offset_complaints(_valid(ports), variables.get("tls", OFF), offset)
    found += [*_rotation_complaints(variables), *_user_complaints(variables)]
    found += _shape_complaints(nodes, variables["replicas"], variables["anti_affinity"])
    if not host.is_root:
        found.append("ansible_become: tasks of this role need root, and run without it")
    found += [
        f"ports: {port} is taken by another program on this host"
        for port in _valid(ports)
        if port not in host.own_ports and host.listening & {port, port + BUS_OFFSET, port + offset}
    ]
    found += [
        f"password: the node on port {port} runs with another one; to replace that, give it in former_passwords"
        for port in sorted(host.refusing_ports)
    ]
    if host.distrusted_ports:
        found.append(
            f"tls_ca: it does not trust the certificates that nodes run with (ports {_listing(host.distrusted_ports)}), "
            "and they would part; to change the authority, give both the old and the new one first"
        )
    found += path_complaints(host)
    if host.free_mb < variables["min_free_mb"]:
        found.append(
            f"data_directory: {variables['data_directory']} has {host.free_mb} MB free, "
            f"min_free_mb asks for {variables['min_free_mb']}"
        )
    return found


def _listing(ports: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ports)))


def path_complaints(host: HostState) -> list[str]:
    """One sentence for each version that runs, however many nodes run it."""
    found = []
    for running in sorted(set(host.running.values())) if host.target else ():
        objection = path_objection(running, host.target)
        if objection:
            found.append(f"{'version' if running.engine == host.target.engine else 'flavor'}: {objection}")
    return found


def _valid(ports: Iterable[Any]) -> list[int]:
    return [port for port in ports if isinstance(port, int) and 1 <= port <= 65535 - BUS_OFFSET]


def _port_complaints(ports: Sequence[int]) -> list[str]:
    found = [] if ports else ["ports: the list is empty, a host needs at least one node"]
    found += [f"ports: {port} is given twice" for port in sorted({p for p in ports if ports.count(p) > 1})]
    top = 65535 - BUS_OFFSET
    found += [
        f"ports: {port} is not within 1 and {top} (the cluster bus needs the port {BUS_OFFSET} above as well)"
        for port in ports
        if port not in _valid(ports)
    ]
    used = set(_valid(ports))
    return found + [
        f"ports: {port} is the cluster bus of {port - BUS_OFFSET}" for port in sorted(used) if port - BUS_OFFSET in used
    ]


def password_complaints(password: str, variable: str = "password") -> list[str]:
    """What is wrong with a password that servers shall ask for."""
    if not password:
        return [f"{variable}: it is empty; give one, for example with the ansible.builtin.password lookup"]
    if any(character in password for character in "\r\n\0"):
        return [f"{variable}: it contains a line break, which no client can send"]
    return []


def _rotation_complaints(variables: Mapping[str, Any]) -> list[str]:
    """A password is replaced on all nodes and in all files, or a node that starts again is shut out."""
    former, left_out = variables["former_passwords"], variables["left_out_hosts"]
    found = []
    if "" in former:
        found.append("former_passwords: one is empty")
    if variables["password"] in former:
        found.append("former_passwords: one is the present password")
    if former and left_out:
        hosts = ", ".join(left_out)
        found.append(f"former_passwords: a password is replaced on all hosts at once, and this run leaves out {hosts}")
    return found


def _user_complaints(variables: Mapping[str, Any]) -> list[str]:
    found = user_complaints(variables["users"])
    if any(user["name"] == DEFAULT for user in variables["users"]):
        found.append(f"users: {DEFAULT!r} is the user of the variable password, give this one another name")
    return found + [
        f"extra_settings: {name} would undo the users, who come from the variables password and users"
        for name in ("aclfile", "requirepass", "user")
        if name in variables["extra_settings"]
    ]


def _shape_complaints(nodes: Sequence[ListedNode], replicas: int, anti_affinity: str) -> list[str]:
    if replicas < 0:
        return [f"replicas: {replicas} is negative"]
    masters = len(nodes) // (replicas + 1)
    if masters < 3:
        needed = 3 * (replicas + 1)
        have = f"the group has {len(nodes)}"
        return [f"ports: {needed} nodes are needed for 3 masters with replicas={replicas} each, {have}"]
    if anti_affinity != "required":
        return []
    return [
        f"anti_affinity: it is required, but of {len(nodes)} nodes on {len({n.address.host for n in nodes})} hosts "
        f"{count} would share the {domain} of their master"
        for domain, count in _unavoidable(nodes, masters, replicas)
        if count
    ]


def _unavoidable(nodes: Sequence[ListedNode], masters: int, replicas: int) -> list[tuple[str, int]]:
    """How many replicas would stand beside their master in the best placement, by host and by zone."""
    places = {str(n.address): Place(str(n.address), n.address.host, n.zone) for n in nodes}
    chosen = choose_masters(list(places.values()), masters, replicas)
    free = [place for place in places.values() if place not in chosen]
    following = match_replicas(chosen, free, {})
    zones = neighbours(following, places, lambda place: place.zone) if all(n.zone for n in nodes) else []
    return [("host", len(neighbours(following, places, lambda place: place.host))), ("zone", len(zones))]
