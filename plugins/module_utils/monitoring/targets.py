# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is watched, out of an inventory: the targets of every scrape job, whatever hosts a play is limited to."""
from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a host of the group runs, and what every other host that the role is rolled out to runs.
SERVER = ("prometheus", "alertmanager", "node_exporter", "redis_exporter", "grafana", "gpu")
AGENT = ("node_exporter", "gpu")
# Hosts of these groups are watched beside those of the role's own group.
WATCHED = ("redis", "redis_sentinel", "backend", "monitored")


@dataclass(frozen=True)
class Host:
    """A host of the inventory with the values of its variables."""

    name: str
    values: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """A variable's value; the default when it is not set, or empty."""
        value = self.values.get(name)
        return default if value in (None, "") else value

    @property
    def address(self) -> str:
        """Where other hosts reach it."""
        return str(self.get("monitoring_address") or self.get("ansible_host") or self.name)


@dataclass(frozen=True)
class Inventory:
    """Groups with their hosts, and what roles take a variable to be where a host does not set it."""

    groups: Mapping[str, Sequence[Host]]
    defaults: Mapping[str, Any]
    group: str = "monitoring"

    def hosts(self, group: str) -> Sequence[Host]:
        return self.groups.get(group, ())

    def value(self, host: Host, name: str) -> Any:
        return host.get(name, self.defaults.get(name))

    def watched(self) -> list[Host]:
        """Every host that the role is rolled out to, once."""
        found = {host.name: host for group in (self.group, *WATCHED) for host in self.hosts(group)}
        return list(found.values())

    def runs(self, host: Host, component: str) -> bool:
        chosen = host.get("monitoring_components")
        return component in (components(host.name, [h.name for h in self.hosts(self.group)]) if chosen is None else chosen)


def components(host: str, servers: Sequence[str]) -> list[str]:
    """What a host runs when nobody says otherwise.

    Args:
        host: its name.
        servers: names of the hosts of the group that has the servers.
    """
    return list(SERVER if host in servers else AGENT)


def joined(address: str, port: Any) -> str:
    """Address and port as one, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


def is_numeric(address: str) -> bool:
    """Whether it is an address and no name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def jobs(inventory: Inventory) -> dict[str, list[dict[str, Any]]]:
    """Targets by scrape job, in the form of Prometheus' file_sd_configs: {targets: [...], labels: {host: ...}}."""
    return {
        "prometheus": _own(inventory, "prometheus"),
        "alertmanager": _own(inventory, "alertmanager"),
        "node": _own(inventory, "node_exporter"),
        "redis": [
            _entry(node.address, node.host, __redis_scheme=node.scheme, zone=node.zone) for node in redis_nodes(inventory)
        ],
        "omnimind_backend": list(_backends(inventory)),
    }


def _entry(address: str, host: str, **labels: str) -> dict[str, Any]:
    return {"targets": [address], "labels": {"host": host, **{name: text for name, text in labels.items() if text}}}


def _own(inventory: Inventory, component: str) -> list[dict[str, Any]]:
    return [_entry(address, host.name) for host, address in members(inventory, component)]


def members(inventory: Inventory, component: str, port: str = "port") -> list[tuple[Host, str]]:
    """Every host that runs a component, with the address and port of it.

    Args:
        port: the end of the name of the variable with the port.
    """
    return [
        (host, joined(host.address, inventory.value(host, f"monitoring_{component}_{port}")))
        for host in inventory.watched()
        if inventory.runs(host, component)
    ]


def _backends(inventory: Inventory) -> Iterator[dict[str, Any]]:
    for host in inventory.hosts("backend"):
        listens = str(inventory.value(host, "backend_address"))
        address = host.address if listens in ("0.0.0.0", "::") else listens
        for port in inventory.value(host, "backend_ports"):
            yield _entry(joined(address, port), host.name)


def unreachable(inventory: Inventory, server: str) -> list[str]:
    """Targets on the loopback address of another host than the one that scrapes, as sentences."""
    return [
        f"{target} of {entry['labels']['host']} (job {job}) is on loopback, where {server} cannot scrape it"
        for job, entries in jobs(inventory).items()
        for entry in entries
        for target in entry["targets"]
        if _is_loopback(target.rpartition(":")[0].strip("[]")) and not _same(inventory, entry["labels"]["host"], server)
    ]


def _same(inventory: Inventory, one: str, other: str) -> bool:
    """Whether two names of the inventory are one machine: both are reached on loopback, or they are the same."""
    known = {host.name: host for host in inventory.watched()}
    return one == other or all(name in known and _is_loopback(known[name].address) for name in (one, other))


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback if is_numeric(address) else address == "localhost"


@dataclass(frozen=True)
class RedisNode:
    """A server of Redis, a Sentinel being one too.

    Args:
        address: with its port.
        host: name in the inventory.
        scheme: redis, or rediss where it is reached through TLS.
        login: user and password; two empty texts for none.
    """

    address: str
    host: str
    scheme: str
    login: tuple[str, str]
    zone: str = ""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"


def redis_nodes(inventory: Inventory, user: str = "", password: str = "") -> list[RedisNode]:
    """All nodes of the cluster, and data nodes and Sentinels of the other kind.

    Args:
        user, password: a login in place of the one that the nodes' own variables have. Sentinels know no such user, and
            are left out with one.
    """
    found = []
    for host in inventory.hosts("redis"):
        if inventory.value(host, "redis_cluster_leaving") in (True, "true", "yes"):
            continue
        tls = inventory.value(host, "redis_cluster_tls") == "required"
        offset = int(inventory.value(host, "redis_cluster_tls_port_offset") or 0) if tls else 0
        ports = [int(port) + offset for port in inventory.value(host, "redis_cluster_ports")]
        login = (user, password or str(host.get("redis_cluster_password", "")))
        found += _nodes(host, "redis_cluster_", ports, login, "rediss" if tls else "redis")
    for host in inventory.hosts("redis_sentinel"):
        own = str(host.get("redis_sentinel_password", ""))
        data = inventory.value(host, "redis_sentinel_data_ports")
        found += _nodes(host, "redis_sentinel_", data, (user, password or own))
        if not user:
            sentinels = inventory.value(host, "redis_sentinel_ports")
            found += _nodes(host, "redis_sentinel_", sentinels, ("", str(host.get("redis_sentinel_own_password", own))))
    return found


def _nodes(
    host: Host, prefix: str, ports: Sequence[Any], login: tuple[str, str], scheme: str = "redis"
) -> list[RedisNode]:
    address = str(host.get(f"{prefix}address") or host.get("ansible_host") or host.name)
    zone = str(host.get(f"{prefix}zone", ""))
    return [RedisNode(joined(address, port), host.name, scheme, login, zone) for port in ports]


def redis_passwords(nodes: Sequence[RedisNode]) -> dict[str, str]:
    """The file with passwords as the exporter wants it: by address, in newer versions with the user in it."""
    found = {}
    for node in nodes:
        user, password = node.login
        if password:
            found[node.url] = password
            if user:
                found[f"{node.scheme}://{user}@{node.address}"] = password
    return found
