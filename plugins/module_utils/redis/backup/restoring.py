# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restores a backup into a running cluster of any size, and counts afterwards.

While it is restored, a key in the cluster says which backup: a run that was cut off is finished by running it again,
and the keys that it left are not taken for somebody else's.
"""
from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..connection import RedisError, Session, first_error, open_client
from ..errors import RedisFailure
from ..nodes import Address, ListedNode
from ..reports import parse_info
from ..slots import key_slot
from ..survey import survey_cluster
from ..topology import Topology, read_topology
from .manifest import Manifest, ShardFile
from .proof import Proof, loaders, proved, side_by_side
from .rdb import payload_version
from .storage import opened, read_manifest
from .stream import Comparison, Outcome, Stream, shown
from .target import KEEP, MARK, REFUSE, REPLACE, State, check_slots, check_target, owners
from .taking import manifest_facts

POLL_SECONDS = 0.05

# Seconds that a node may take for one batch of keys, and that its clock may differ from ours.
BATCH_SECONDS = 120.0
CLOCK_SECONDS = 2.0


# Of each master, the keys that live for ever and those that do not.
Counts = Mapping[Address, tuple]


@dataclass(frozen=True)
class Order:
    """What the user asked for: the directory or archive, what happens to keys that are there already ("refuse",
    "keep" or "replace"), where an archive is unpacked, the program, and how many files are loaded at once."""

    source: Path
    existing: str = REFUSE
    scratch: Path = Path("/var/tmp")
    server: str = "/usr/bin/redis-server"
    parallel: int = 0


def restore_backup(
    session: Session, nodes: Sequence[ListedNode], order: Order, deadline: float, check_mode: bool = False
) -> dict[str, Any]:
    """Restore until `deadline` (time.monotonic()); the module's answer.

    Raises Refused before the first key, RedisFailure when not all came through.
    """
    started = time.monotonic()
    manifest = read_manifest(order.source)
    topology = read_topology(survey_cluster(session, nodes))
    check_slots(topology)
    masters = [shard.master.address for shard in topology.shards]
    mark = _Mark(session, topology)
    owner_of = owners(topology)

    def connect(address: Address) -> Any:
        return open_client(session.login, address, socket_timeout=max(session.login.timeout, BATCH_SECONDS))

    with opened(order.source, manifest, order.scratch) as directory:
        at_once = loaders(order.parallel, [shard.memory_bytes for shard in manifest.shards])

        def go_through(kind: type[Stream]) -> list[tuple[Proof, Outcome]]:
            """All shards, some at a time."""

            def one(shard: ShardFile) -> tuple[Proof, Outcome]:
                with proved(order.server, directory / shard.file, deadline) as (client, proof):
                    outcome = kind(client, owner_of, connect, order.existing).run()
                    outcome.expired += proof.expired
                    return proof, outcome

            return side_by_side(one, manifest.shards, at_once)

        writes = _format_of(order.server, directory, manifest, deadline)
        state = _ask(session, masters, mark)
        facts = {"backup": manifest_facts(manifest), "resumed": bool(state.mark)}
        counts = _count(session, masters)
        if order.existing == REFUSE and not state.mark and _may_be_restored(counts, state, manifest):
            compared = [outcome for _proof, outcome in go_through(Comparison)]
            if _is_restored(counts, compared):
                return _answer(False, facts, compared, 0, _compare(counts, counts, [], REFUSE), started)
        check_target(topology, state, manifest, writes, order.existing)
        if check_mode:
            after = f"{manifest.name}: {manifest.key_count} keys in {len(masters)} shards\n"
            return {"changed": True, **facts, "diff": {"before": "", "after": after}}
        before = mark.left_out(counts, bool(state.mark))
        if order.existing == REFUSE:
            mark.set(manifest.id)
        is_marked = bool(state.mark) or order.existing == REFUSE
        found = go_through(Stream)
    outcomes = [outcome for _proof, outcome in found]
    functions = _load_functions(session, masters, state, [proof for proof, _outcome in found], order.existing)
    conflicts = [key for outcome in outcomes for key in outcome.conflicts]
    if conflicts:
        raise RedisFailure(
            f"{len(conflicts)} keys are there with another content and were left alone: {shown(conflicts)}. Somebody "
            "wrote them since the restore began; run it again with existing=keep or existing=replace",
            **_numbers(outcomes),
        )
    _wait_for_replicas(session, topology, deadline)
    rows = _compare(before, mark.left_out(_count(session, masters), is_marked), outcomes, order.existing)
    if is_marked:
        mark.clear()
    acts = is_marked + functions + sum(outcome.restored + outcome.replaced for outcome in outcomes)
    return _answer(bool(acts), facts, outcomes, functions, rows, started)


def _answer(
    changed: bool,
    facts: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    functions: int,
    rows: Sequence[Mapping[str, Any]],
    started: float,
) -> dict[str, Any]:
    return {
        "changed": changed,
        **facts,
        **_numbers(outcomes),
        "functions_loaded": functions,
        "shards": rows,
        "seconds": round(time.monotonic() - started, 3),
    }


def _may_be_restored(counts: Counts, state: State, manifest: Manifest) -> bool:
    """Whether it is worth while to look for everything that the backup has."""
    has_functions = all(own.items() >= manifest.functions.items() for own in state.functions.values())
    return has_functions and 0 < _total(counts) <= manifest.key_count


def _is_restored(counts: Counts, compared: Sequence[Outcome]) -> bool:
    """Whether the cluster has what the backup has and nothing else, as after a run whose end nobody saw."""
    present, expired = (sum(getattr(outcome, name) for outcome in compared) for name in ("present", "expired"))
    passing = sum(len(outcome.times) for outcome in compared)
    return (
        not any(outcome.conflicts for outcome in compared)
        and sum(lasting for lasting, _passing in counts.values()) == present - passing
        # A key whose time has come may not be deleted yet.
        and passing <= sum(own for _lasting, own in counts.values()) <= passing + expired
    )


def _total(counts: Counts) -> int:
    return sum(lasting + passing for lasting, passing in counts.values())


def _numbers(outcomes: Sequence[Outcome]) -> dict[str, int]:
    names = ("restored", "present", "kept", "replaced", "expired")
    return {f"keys_{name}": sum(getattr(outcome, name) for outcome in outcomes) for name in names}


class _Mark:
    """The key in the cluster that says which backup is being restored."""

    def __init__(self, session: Session, topology: Topology) -> None:
        slot = key_slot(MARK)
        self._session = session
        self._owner = next(shard.master.address for shard in topology.shards if slot in shard.master.slots)

    def _ask(self, *command: Any) -> Any:
        answer = self._session.ask({self._owner: [command]})[self._owner]
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{self._owner} does not let us note that a restore goes on: {error}")
        return answer[0]

    def get(self) -> str:
        return self._ask("GET", MARK) or ""

    def set(self, value: str) -> None:
        self._ask("SET", MARK, value)

    def clear(self) -> None:
        self._ask("DEL", MARK)

    def left_out(self, counts: Counts, is_set: bool) -> Counts:
        """Numbers of keys without the mark."""
        lasting, passing = counts[self._owner]
        return {**counts, self._owner: (lasting - is_set, passing)}


def _format_of(server: str, directory: Path, manifest: Manifest, deadline: float) -> int:
    """The format in which keys will be sent, which is the program's own; the smallest file is loaded to ask."""
    smallest = min(manifest.shards, key=lambda shard: shard.bytes)
    with proved(server, directory / smallest.file, deadline) as (_client, proof):
        return proof.format


def _ask(session: Session, masters: Sequence[Address], mark: _Mark) -> State:
    formats, functions = {}, {}
    for address in masters:
        try:
            with open_client(session.login, address) as client:
                formats[address] = payload_version(client.execute_command("FUNCTION", "DUMP"))
                functions[address] = _libraries(client.execute_command("FUNCTION", "LIST", "WITHCODE"))
        except (RedisError, OSError) as error:
            raise RedisFailure(f"{address} does not tell its function libraries: {error}") from error
    return State(mark.get(), formats, functions)


def _libraries(answer: Sequence[Any]) -> dict[str, str]:
    rows = [row if isinstance(row, dict) else dict(zip(row[::2], row[1::2])) for row in answer]
    return {row[b"library_name"].decode(): hashlib.sha256(row[b"library_code"]).hexdigest() for row in rows}


def _load_functions(
    session: Session, masters: Sequence[Address], state: State, proofs: Sequence[Proof], existing: str
) -> int:
    """Give every master the function libraries that it lacks; how many were loaded."""
    codes = {name: code for proof in proofs for name, code in proof.functions.items()}
    hashes = {name: digest for proof in proofs for name, digest in proof.function_hashes.items()}
    loaded = 0
    for address in masters:
        own = state.functions[address]
        for name, code in codes.items():
            if own.get(name) == hashes[name] or (name in own and existing == KEEP):
                continue
            words = ["REPLACE"] if existing == REPLACE else []
            error = first_error(session.ask({address: [("FUNCTION", "LOAD", *words, code)]})[address])
            if error:
                raise RedisFailure(f"{address} does not take the function library {name}: {error}")
            loaded += 1
    return loaded


def _count(session: Session, masters: Sequence[Address]) -> Counts:
    found = {}
    for address, answer in session.ask_all(masters, ("INFO", "keyspace")).items():
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} does not tell how many keys it has: {error}")
        fields = dict(part.split("=") for part in parse_info(answer[0]).get("db0", "keys=0,expires=0").split(","))
        keys, expires = int(fields["keys"]), int(fields["expires"])
        found[address] = keys - expires, expires
    return found


def _compare(
    before: Counts, after: Counts, outcomes: Sequence[Outcome], existing: str
) -> list[dict[str, Any]]:
    """Keys that each node has and should have. Raises RedisFailure where they differ.

    Keys without a time to live must be there exactly. Of the others as many may be missing as had their time.
    """
    lasting: Counter[Address] = Counter({address: count for address, (count, _passing) in before.items()})
    passing: Counter[Address] = Counter({address: count for address, (_lasting, count) in before.items()})
    for outcome in outcomes:
        lasting.update(outcome.lasting)
        passing.update(outcome.passing)
    now = (time.time() + CLOCK_SECONDS) * 1000
    alive = sum(1 for outcome in outcomes for moment in outcome.times if moment > now)
    rows = [
        {
            "master": str(address),
            "key_count": after[address][0] + after[address][1],
            "lasting": after[address][0],
            "lasting_expected": lasting[address],
        }
        for address in before
    ]
    wrong = [f"{row['master']} has {row['lasting']} of {row['lasting_expected']}" for row in rows
             if row["lasting"] != row["lasting_expected"]]  # fmt: skip
    total = sum(count for _lasting, count in after.values())
    if not alive <= total <= sum(passing.values()):
        wrong.append(f"of those with a time to live there are {total}, not between {alive} and {sum(passing.values())}")
    if wrong and existing == REFUSE:
        reason = "keys were evicted, or somebody else writes"
        raise RedisFailure(f"The numbers of keys do not match: {'; '.join(wrong)}. {reason}", shards=rows, **_numbers(outcomes))
    return rows


def _wait_for_replicas(session: Session, topology: Topology, deadline: float) -> None:
    """Wait until every replica that was in sync has read all that was restored. Raises RedisFailure at the deadline."""
    pairs = [(r.address, s.master.address) for s in topology.shards for r in s.replicas if r.alive and r.report.link_up]
    written = session.ask_all([master for _replica, master in pairs], ("INFO", "replication"))
    offsets = {address: int(parse_info(a[0])["master_repl_offset"]) for address, a in written.items() if not first_error(a)}
    while True:
        answers = session.ask_all([replica for replica, _master in pairs], ("INFO", "replication"))
        waiting = [r for r, master in pairs if not _has_read(answers[r], offsets.get(master, 0))]
        if not waiting:
            return
        if time.monotonic() >= deadline:
            raise RedisFailure(f"Replicas have not read in time what was restored: {', '.join(map(str, waiting))}")
        time.sleep(POLL_SECONDS)


def _has_read(answer: Any, offset: int) -> bool:
    if first_error(answer):
        return False
    info = parse_info(answer[0])
    return info.get("master_link_status") == "up" and int(info.get("slave_repl_offset", -1)) >= offset
