"""A group of master, replicas and Sentinels as plain data, to be damaged before it is surveyed."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address
from ansible_collections.omnimind.platform.plugins.module_utils.redis.reports import Trouble
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.reports import (
    DataNode,
    GroupSurvey,
    Peer,
    SentinelReport,
    Watched,
)

NAME = "cache"
SILENT = Trouble("node_unreachable", "does not answer (Connection refused)")


def node(host: int) -> Address:
    return Address(f"10.0.0.{host}", 6379)


def sentinel(host: int) -> Address:
    return Address(f"10.0.0.{host}", 26379)


@dataclass
class Member:
    """What a data node says of itself. `follows` is the host number of its master, 0 for a master."""

    follows: int = 0
    keys: int = 10
    offset: int = 1000
    history: str = "h1"
    older: str = "0" * 40
    older_until: int = -1
    link: str = "up"
    priority: int = 100
    silent: bool = False
    clustered: bool = False
    version: str = "7.0.15"
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class Watcher:
    """What a Sentinel says: `master` by its host number, other things it gets wrong."""

    master: int = 1
    epoch: int = 0
    flags: str = "master"
    silent: bool = False
    tilt: bool = False
    watches: bool = True
    quorum_trouble: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    unknown_sentinels: set[int] = field(default_factory=set)
    unknown_replicas: set[int] = field(default_factory=set)
    down: set[Address] = field(default_factory=set)
    more_sentinels: set[int] = field(default_factory=set)
    more_replicas: set[int] = field(default_factory=set)


class Model:
    """One master (host 1), two replicas, three Sentinels."""

    def __init__(self, watched: bool = True) -> None:
        self.nodes = {1: Member(), 2: Member(follows=1), 3: Member(follows=1)}
        self.sentinels = {host: Watcher(watches=watched) for host in (1, 2, 3)}
        self.listed: set[int] = {1, 2, 3}

    def survey(self) -> GroupSurvey:
        nodes = {node(host): self._node(host, member) for host, member in self.nodes.items()}
        reports = tuple(self._sentinel(host, watcher) for host, watcher in self.sentinels.items())
        survey = GroupSurvey(reports, nodes, frozenset(map(node, self.listed)))
        strangers = {address for name in survey.names for address in survey.members(name)} - set(nodes)
        silent = {address: DataNode(address, trouble=SILENT) for address in strangers}
        return GroupSurvey(reports, {**nodes, **silent}, survey.listed)

    def _node(self, host: int, member: Member) -> DataNode:
        if member.silent:
            return DataNode(node(host), trouble=SILENT)
        followers = [other for other, m in self.nodes.items() if m.follows == host and not m.silent]
        info = {
            "role": "slave" if member.follows else "master",
            "master_replid": member.history,
            "master_replid2": member.older,
            "second_repl_offset": str(member.older_until),
            "master_repl_offset": str(member.offset),
            "slave_repl_offset": str(member.offset),
            "connected_slaves": str(len(followers)),
            "redis_version": member.version,
            "cluster_enabled": str(int(member.clustered)),
            "run_id": f"run{host}",
            "db0": f"keys={member.keys},expires=0",
        }
        for turn, other in enumerate(followers):
            info[f"slave{turn}"] = f"ip=10.0.0.{other},port=6379,state=online,offset=1,lag=0"
        if member.follows:
            address = node(member.follows)
            info |= {"master_host": address.host, "master_port": str(address.port), "master_link_status": member.link}
        return DataNode(node(host), info=info | member.more, settings={"replica-priority": str(member.priority)})

    def _sentinel(self, host: int, watcher: Watcher) -> SentinelReport:
        address = sentinel(host)
        if watcher.silent:
            return SentinelReport(address, Trouble("sentinel_unreachable", "does not answer"))
        info = {"sentinel_tilt": str(int(watcher.tilt))}
        if not watcher.watches:
            return SentinelReport(address, id=f"id{host}", info=info)
        replicas = ({*self.nodes} - {watcher.master} - watcher.unknown_replicas) | watcher.more_replicas
        others = ({*self.sentinels} - {host} - watcher.unknown_sentinels) | watcher.more_sentinels
        fields = {
            "name": NAME,
            "flags": watcher.flags,
            "config-epoch": str(watcher.epoch),
            "quorum": "2",
            "down-after-milliseconds": "5000",
            "failover-timeout": "60000",
            "parallel-syncs": "1",
            **watcher.fields,
        }
        watched = Watched(
            node(watcher.master),
            fields,
            name=NAME,
            replicas=tuple(self._peer(node(other), watcher, "slave") for other in sorted(replicas)),
            sentinels=tuple(self._peer(sentinel(other), watcher, "sentinel") for other in sorted(others)),
            quorum_trouble=watcher.quorum_trouble,
        )
        return SentinelReport(address, id=f"id{host}", info=info, watched={NAME: watched})

    @staticmethod
    def _peer(address: Address, watcher: Watcher, kind: str) -> Peer:
        flags = f"s_down,{kind}" if address in watcher.down else kind
        return Peer(address, {"flags": flags, "info-refresh": "100", "master-link-status": "ok"})
