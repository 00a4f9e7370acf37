"""A model of servers in cluster mode: what Redis does with the commands that the collection sends.

It stands where a `Session` stands, so that surveys, plans and formings run on it unchanged, thousands of
times in seconds. What it leaves out (time, elections, sync) is tested with real servers.
Sets of slots are bit masks here: bit 5 is slot 5.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import (
    Answer,
    Command,
    RedisError,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address, ListedNode
from ansible_collections.omnimind.platform.plugins.module_utils.redis.reports import Report, Survey
from ansible_collections.omnimind.platform.plugins.module_utils.redis.survey import (
    check_announcements,
    survey_cluster,
)

SLOTS = 16384
ALL = (1 << SLOTS) - 1


class Killed(BaseException):
    """The program that sends commands was killed."""


@dataclass
class Peer:
    """A node as one server knows it."""

    address: Address
    master: str = ""
    epoch: int = 0
    slots: int = 0
    flags: tuple[str, ...] = ()
    linked: bool = True


@dataclass
class Server:
    """One server; `known` is its view, itself among it. `keys` counts keys by slot."""

    address: Address
    id: str
    zone: str = ""
    known: dict[str, Peer] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    open_slots: str = ""
    banned: set[str] = field(default_factory=set)
    info: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def me(self) -> Peer:
        return self.known[self.id]


def mask(*slots: int | range) -> int:
    """Slots and ranges of slots as a bit mask."""
    digits = bytearray(b"0" * SLOTS)
    for part in slots:
        for slot in (part,) if isinstance(part, int) else part:
            digits[-1 - slot] = ord("1")
    return int(digits, 2)


@lru_cache(maxsize=4096)
def text_of(slots: int) -> str:
    """A bit mask as CLUSTER NODES writes it."""
    runs = [match.span() for match in re.finditer("1+", bin(slots)[:1:-1])]
    return " ".join(str(a) if b == a + 1 else f"{a}-{b - 1}" for a, b in runs)


class OnlyClient:
    """A connection to a server that nobody else is connected to."""

    def execute_command(self, *command: str) -> Any:
        return {"SETNAME": "OK", "ID": 1, "LIST": "id=1 name=omnimind-run:this age=0"}[command[1]]


class Model:
    """Servers, and the network between them.

    `budget` is how many acts succeed before Killed, `silence` after how many questions news spread.
    """

    def __init__(self, nodes: Iterable[ListedNode], seed: int = 0) -> None:
        self.servers: dict[Address, Server] = {}
        self.random = random.Random(seed)
        self.budget: int | None = None
        self.silence = 0
        self.acts: list[tuple[Address, Command]] = []
        for node in nodes:
            self.start(node)

    def start(self, node: ListedNode) -> Server:
        """A new, empty server."""
        server = Server(node.address, f"{self.random.getrandbits(160):040x}", node.zone)
        server.known[server.id] = Peer(Address("", node.address.port))
        server.settings = {"cluster-node-timeout": "5000", "repl-diskless-sync-delay": "5"}
        self.servers[node.address] = server
        return server

    @property
    def nodes(self) -> list[ListedNode]:
        return [ListedNode(server.address, server.zone) for server in self.servers.values()]

    def at(self, text: str) -> Server:
        """The server at "host:port"."""
        host, port = text.rsplit(":", 1)
        return self.servers[Address(host, int(port))]

    def survey(self, nodes: Sequence[ListedNode] | None = None) -> Survey:
        return check_announcements(self, survey_cluster(self, self.nodes if nodes is None else nodes))

    def report(self, text: str) -> Report:
        return next(report for report in self.survey().reports if str(report.address) == text)

    # --- as a Session ----------------------------------------------------------------------------

    def ask_all(self, addresses: Sequence[Address], *commands: Command) -> dict[Address, Answer]:
        return self.ask({address: commands for address in addresses})

    @contextmanager
    def connection(self, address: Address) -> Iterator[OnlyClient]:
        yield OnlyClient()

    def ask(self, requests: Mapping[Address, Sequence[Command]]) -> dict[Address, Answer]:
        """Nodes work side by side: their commands are mixed, those of one node stay in order."""
        if self.silence:
            self.silence -= 1
        else:
            self.gossip()
        turns = [address for address, commands in requests.items() for command in commands]
        self.random.shuffle(turns)
        waiting = {address: iter(commands) for address, commands in requests.items()}
        answers: dict[Address, Answer] = {address: [] for address in requests}
        for address in turns:
            server = self.servers.get(address)
            if server is None or server.trouble:
                answers[address] = RedisError(server.trouble if server else "Connection refused")
            else:
                answers[address].append(self._answer(server, next(waiting[address])))
        return answers

    def _answer(self, server: Server, command: Command) -> Any:
        name, words = "_".join(command[:2]).lower().replace("-", "_"), map(str, command[2:])
        read = getattr(self, f"_read_{name}", None)
        if read:
            return read(server, *words)
        if self.budget is not None:
            if self.budget == 0:
                raise Killed
            self.budget -= 1
        self.acts.append((server.address, command))
        error = getattr(self, f"_{name}")(server, *words)
        return RedisError(error) if error else "OK"

    # --- commands that read ------------------------------------------------------------------------

    def _read_cluster_nodes(self, server: Server) -> str:
        return "\n".join(self._line(server, id, peer) for id, peer in server.known.items()) + "\n"

    def _line(self, server: Server, id: str, peer: Peer) -> str:
        host, port = peer.address
        flags = [*(["myself"] if id == server.id else []), "slave" if peer.master else "master", *peer.flags]
        link = "connected" if peer.linked else "disconnected"
        slots = [text_of(peer.slots), server.open_slots if id == server.id else ""]
        fields = [
            id,
            f"{host}:{port}@{port + 10000}",
            ",".join(flags),
            peer.master or "-",
            "0",
            "0",
            str(peer.epoch),
            link,
        ]
        return " ".join([*fields, *filter(None, slots)])

    def _read_cluster_info(self, server: Server) -> str:
        covered = 0
        for peer in server.known.values():
            covered |= 0 if "fail" in peer.flags else peer.slots
        return f"cluster_enabled:1\r\ncluster_state:{'ok' if covered == ALL else 'fail'}\r\n"

    def _read_cluster_myid(self, server: Server) -> str:
        return server.id

    def _read_cluster_countkeysinslot(self, server: Server, slot: str) -> int:
        return server.keys.get(int(slot), 0)

    def _read_info_server(self, server: Server) -> str:
        return _fields({"redis_version": "7.0.15", **server.info})

    def _read_info_replication(self, server: Server) -> str:
        if server.me.master:
            found = {"role": "slave", "master_link_status": "up", "slave_repl_offset": "100"}
        else:
            replicas = [s for s in self.servers.values() if s.me.master == server.id and not s.trouble]
            rows = (
                f"ip={s.address.host},port={s.address.port},state=online,offset=100,lag=0" for s in replicas
            )
            found = {
                "role": "master",
                **{f"slave{i}": row for i, row in enumerate(rows)},
                "master_repl_offset": "100",
            }
        return _fields({**found, **{name: value for name, value in server.info.items() if name in found}})

    def _read_info_keyspace(self, server: Server) -> str:
        count = sum(self._dataset(server).values())
        return _fields({"db0": f"keys={count},expires=0,avg_ttl=0"} if count else {})

    def _read_info_persistence(self, server: Server) -> str:
        return _fields({"rdb_last_bgsave_status": "ok", "aof_last_write_status": "ok", **server.info})

    def _read_info_memory(self, server: Server) -> str:
        return _fields({"used_memory": str(2**20 + 100 * sum(self._dataset(server).values())), "maxmemory": "0"})

    def _read_info_stats(self, server: Server) -> str:
        return _fields({"instantaneous_ops_per_sec": "0"})

    def _read_config_get(self, server: Server, pattern: str) -> list[str]:
        names = [name for name in server.settings if name.startswith(pattern.rstrip("*"))]
        return [text for name in names for text in (name, server.settings[name])]

    def _dataset(self, server: Server) -> dict[int, int]:
        return next((s.keys for s in self.servers.values() if s.id == server.me.master), server.keys)

    # --- commands that change: an error, or None ---------------------------------------------------

    def _config_set(self, server: Server, *words: str) -> None:
        server.settings.update(zip(words[::2], words[1::2]))

    def _cluster_flushslots(self, server: Server) -> str | None:
        if server.keys:
            return "ERR DB must be empty to perform CLUSTER FLUSHSLOTS."
        server.me.slots = 0
        return None

    def _cluster_addslots(self, server: Server, *slots: str) -> str | None:
        wanted = mask(*map(int, slots))
        if wanted & _assigned(server):
            return "ERR Slot is already busy"
        server.me.slots |= wanted
        return None

    def _cluster_delslots(self, server: Server, *slots: str) -> str | None:
        unwanted = mask(*map(int, slots))
        if unwanted & ~_assigned(server):
            return "ERR Slot is already unassigned"
        for peer in server.known.values():
            peer.slots &= ~unwanted
        return None

    def _cluster_set_config_epoch(self, server: Server, epoch: str) -> str | None:
        if len(server.known) > 1:
            return "ERR The user can assign a config epoch only when the node does not know any other node."
        if server.me.epoch:
            return "ERR Node config epoch is already non-zero"
        server.me.epoch = int(epoch)
        return None

    def _cluster_bumpepoch(self, server: Server) -> None:
        latest = max(peer.epoch for peer in server.known.values())
        if server.me.epoch == 0 or server.me.epoch != latest:
            server.me.epoch = latest + 1

    def _cluster_meet(self, server: Server, host: str, port: str, bus_port: str) -> None:
        other = self.servers[Address(host, int(port))]
        for one, two in ((server, other), (other, server)):
            seen = one.known.setdefault(two.id, Peer(two.address))
            seen.address, seen.linked = two.address, True
            one.banned.discard(two.id)
            one.me.address = one.address

    def _cluster_forget(self, server: Server, id: str) -> str | None:
        if id not in server.known:
            return f"ERR Unknown node {id}"
        if id in (server.id, server.me.master):
            return "ERR I tried hard but I can't forget myself, or my master..."
        del server.known[id]
        server.banned.add(id)  # against gossip, for a minute
        return None

    def _cluster_replicate(self, server: Server, id: str) -> str | None:
        master = server.known.get(id)
        if master is None:
            return f"ERR Unknown node {id}"
        if id == server.id:
            return "ERR Can't replicate myself"
        if master.master:
            return "ERR I can only replicate a master, not a replica."
        if not server.me.master and (server.me.slots or server.keys):
            return "ERR To set a master the node must be empty and without assigned slots."
        server.me.master = id
        return None

    # --- the cluster bus -----------------------------------------------------------------------------

    def do(self, where: str, *command: Any) -> None:
        """One command, which must succeed."""
        answer = self.ask({self.at(where).address: [command]})[self.at(where).address]
        assert answer == ["OK"], answer

    def gossip(self) -> None:
        """Every server hears what those that it knows, and that know it, have to say, until all is said."""
        changed = True
        while changed:
            changed = False
            for listener in self.servers.values():
                for speaker in self.servers.values():
                    mutual = speaker.id in listener.known and listener.id in speaker.known
                    if listener is not speaker and mutual and listener.known[speaker.id].linked:
                        changed |= _hear(listener, speaker)


def _hear(listener: Server, speaker: Server) -> bool:
    """Whether the listener learnt anything: nodes, who follows whom, slots, or that its epoch is taken."""
    if speaker.trouble or listener.trouble:
        return False
    news = False
    for id, peer in speaker.known.items():
        if id not in listener.known and id not in listener.banned:
            listener.known[id] = Peer(peer.address, flags=peer.flags, linked=peer.linked)
            news = True
    seen, said = listener.known[speaker.id], speaker.me
    if (seen.master, seen.epoch) != (said.master, said.epoch):
        seen.master, seen.epoch, news = said.master, said.epoch, True
    if said.master:
        return news
    had = listener.me.slots
    for id, peer in listener.known.items():
        if id != speaker.id and peer.epoch < said.epoch:
            peer.slots &= ~said.slots
    gained = said.slots & ~_assigned(listener)
    seen.slots |= gained
    if had and not listener.me.slots:
        listener.me.master = speaker.id
    if not listener.me.master and listener.me.epoch == said.epoch and listener.id < speaker.id:
        listener.me.epoch = max(peer.epoch for peer in listener.known.values()) + 1
        news = True
    return news or bool(gained)


def _assigned(server: Server) -> int:
    """The slots that have an owner in a server's view."""
    found = 0
    for peer in server.known.values():
        found |= peer.slots
    return found


def _fields(found: Mapping[str, str]) -> str:
    return "".join(f"{name}:{value}\r\n" for name, value in found.items())


def spread(*sizes: int, zones: Sequence[str] = ()) -> list[ListedNode]:
    """Nodes of hosts with so many nodes each: 10.0.0.1:7000, 10.0.0.1:7001 ..."""
    return [
        ListedNode(Address(f"10.0.0.{host}", 7000 + i), zones[host - 1] if zones else "")
        for host, size in enumerate(sizes, 1)
        for i in range(size)
    ]


def complete(masters: int = 3, replicas: int = 1, zones: Sequence[str] = ()) -> Model:
    """A healthy cluster: the masters on port 7000 of a host each, their replicas on the hosts after it."""
    model = Model(spread(*[replicas + 1] * masters, zones=zones))
    everyone = list(model.servers.values())
    leaders = [server for server in everyone if server.address.port == 7000]
    cuts = [i * SLOTS // masters for i in range(masters + 1)]
    wanted: dict[str, Peer] = {}
    for number, server in enumerate(leaders):
        wanted[server.id] = Peer(
            server.address, epoch=number + 1, slots=mask(range(cuts[number], cuts[number + 1]))
        )
        for copy in range(1, replicas + 1):
            follower = model.servers[Address(f"10.0.0.{(number + copy) % masters + 1}", 7000 + copy)]
            wanted[follower.id] = Peer(follower.address, master=server.id, epoch=number + 1)
    for server in everyone:
        server.known = {id: replace(peer) for id, peer in wanted.items()}
    return model
