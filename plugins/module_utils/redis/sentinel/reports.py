# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Sentinels say of the groups they watch, and what the nodes of these groups say of themselves.

A group is a master and its replicas; Sentinels know it by its name.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..nodes import Address
from ..reports import Report, Trouble
from ..rolling.versions import parse_version

DOWN = {"s_down", "o_down"}

# A Sentinel promotes no replica whose INFO it has not read for three of its periods, or not yet.
INFO_MILLISECONDS = 30000


@dataclass(frozen=True)
class Peer:
    """A replica, or another Sentinel, in the eyes of a Sentinel: `fields` as it tells them."""

    address: Address
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def flags(self) -> frozenset[str]:
        return frozenset(self.fields.get("flags", "").split(","))

    @property
    def is_down(self) -> bool:
        return bool(DOWN & self.flags)

    @property
    def is_read(self) -> bool:
        """Whether the Sentinel has read what the replica says of itself, so that it could promote it."""
        fresh = int(self.fields.get("info-refresh", 0)) <= INFO_MILLISECONDS
        return fresh and self.fields.get("master-link-status", "ok") == "ok"


@dataclass(frozen=True)
class Watched(Peer):
    """A group in the eyes of one Sentinel: `address` is the master that it tells clients of.

    `quorum_trouble` is what SENTINEL CKQUORUM finds wrong, empty when nothing.
    """

    name: str = ""
    replicas: tuple[Peer, ...] = ()
    sentinels: tuple[Peer, ...] = ()
    quorum_trouble: str = ""

    @property
    def epoch(self) -> int:
        """Number of the failover, or of the first configuration, that this master comes from."""
        return int(self.fields.get("config-epoch", 0))

    @property
    def is_failing_over(self) -> bool:
        return "failover_in_progress" in self.flags


@dataclass(frozen=True)
class SentinelReport:
    """One Sentinel's answers. Without an answer `trouble` says why."""

    address: Address
    trouble: Trouble | None = None
    id: str = ""
    info: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    watched: Mapping[str, Watched] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.address)

    @property
    def is_tilted(self) -> bool:
        """Whether it distrusts its own clock, and so does nothing for 30 s."""
        return self.info.get("sentinel_tilt", "0") != "0"


@dataclass(frozen=True)
class DataNode(Report):
    """A master or replica: a node without a view of a cluster."""

    @property
    def name(self) -> str:
        return str(self.address)

    @property
    def alive(self) -> bool:
        return self.trouble is None

    @property
    def follows(self) -> Address | None:
        """The master that it follows; None for a master."""
        if self.info.get("role") != "slave":
            return None
        return Address(self.info.get("master_host", ""), int(self.info.get("master_port", 0)))

    @property
    def is_master(self) -> bool:
        return self.alive and self.follows is None

    @property
    def is_clustered(self) -> bool:
        return self.info.get("cluster_enabled", "0") == "1"

    @property
    def followers(self) -> int:
        return int(self.info.get("connected_slaves", 0))

    @property
    def release(self) -> tuple[int, ...]:
        """Of a living node: the numbers of its version by which servers come to write something new."""
        return parse_version(*self.version.split()).numbers[:2]

    @property
    def priority(self) -> int:
        """Lower ones are promoted first, 0 never."""
        return int(self.settings.get("replica-priority", 100))

    def obeys(self, master: DataNode) -> bool:
        """Whether it follows a living master, and is in sync if it can be: it need not be able to read all that a newer
        one sends, and is in sync once it has been replaced itself."""
        if not self.alive or self.follows != master.address:
            return False
        return self.link_up or self.release < master.release

    def contains(self, other: DataNode) -> bool:
        """Whether all that the other node has ever held came from this node's history, so that nothing is lost
        when it follows this one."""
        history = other.info.get("master_replid", "?")
        if not other.keys:
            return True
        if history == self.info.get("master_replid"):
            return other.offset <= self.offset
        if history == self.info.get("master_replid2"):
            return other.offset <= int(self.info.get("second_repl_offset", -1))
        return False


@dataclass(frozen=True)
class GroupSurvey:
    """The answers of all Sentinels, and by address those of every node that they or the user named.

    `listed` are the nodes that the user named.
    """

    sentinels: tuple[SentinelReport, ...]
    nodes: Mapping[Address, DataNode] = field(default_factory=dict)
    listed: frozenset[Address] = frozenset()

    @property
    def answering(self) -> list[SentinelReport]:
        return [sentinel for sentinel in self.sentinels if not sentinel.trouble]

    @property
    def names(self) -> list[str]:
        """Every group that some Sentinel watches."""
        return sorted({name for sentinel in self.answering for name in sentinel.watched})

    def watchers(self, name: str) -> list[tuple[SentinelReport, Watched]]:
        return [(sentinel, sentinel.watched[name]) for sentinel in self.answering if name in sentinel.watched]

    def masters_told(self, name: str) -> list[Address]:
        """The masters that Sentinels tell clients of, the one that counts first: latest epoch, then most Sentinels."""
        votes: dict[Address, tuple[int, int]] = {}
        for _sentinel, watched in self.watchers(name):
            epoch, count = votes.get(watched.address, (0, 0))
            votes[watched.address] = (max(epoch, watched.epoch), count + 1)
        return sorted(votes, key=lambda address: (votes[address], address), reverse=True)

    def members(self, name: str) -> list[Address]:
        """The addresses of the group's nodes, by what Sentinels and the user say."""
        known = {w.address for _s, w in self.watchers(name)}
        known |= {replica.address for _s, w in self.watchers(name) for replica in w.replicas}
        return sorted(known | self.listed)

    def replicas_known(self, name: str) -> frozenset[Address]:
        """The nodes that some Sentinel counts among the replicas: it makes them follow the master by itself."""
        return frozenset(replica.address for _s, w in self.watchers(name) for replica in w.replicas)

    def working_replicas(self, name: str, master: Address) -> list[DataNode]:
        """The nodes that follow the master and answer, in the order of their addresses."""
        nodes = (self.nodes.get(address) for address in self.members(name))
        return [node for node in nodes if node and node.alive and node.follows == master and node.address != master]


def listing(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))
