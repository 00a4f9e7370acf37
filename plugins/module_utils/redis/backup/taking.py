# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes a backup of a whole cluster: chosen, snapshot, proved, and only then given its name."""
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..connection import Session
from ..errors import RedisFailure, Refused
from ..nodes import ListedNode
from ..reports import Survey
from ..rolling.versions import parse_version
from ..slots import format_slots
from ..survey import survey_cluster
from ..topology import Topology, read_topology
from .choice import Source, choose_sources
from .manifest import SERIES, Manifest, ShardFile, merge_functions, outdated, series_name
from .proof import loaders, prove, side_by_side
from .snapshot import Snapshot, Taking, take_snapshots
from .storage import (
    ENDINGS, directory_objection, find_backups, force_to_disk, free_bytes, publish, remove, sha256_of, work_directory,
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What the user asked for.

    Args:
        directory: where backups are; `name` of this one, by its series and the time when it is empty.
        archive: "none", "gz" or "zst".
        keep: backups of the series that remain, 0 for all.
        source: "replica", "prefer_replica" or "master".
        max_lag: seconds since its master last heard from a replica that counts as in sync.
        consistent: whether writes are held up for one moment of all shards, for `pause_limit` seconds at most.
        server, client: paths of redis-server and redis-cli.
        parallel: files that are loaded at once, 0 for one a processor.
    """

    directory: Path
    name: str = ""
    series: str = "redis"
    archive: str = "none"
    keep: int = 0
    source: str = "replica"
    max_lag: int = 10
    consistent: bool = False
    pause_limit: float = 3.0
    server: str = "/usr/bin/redis-server"
    client: str = "/usr/bin/redis-cli"
    parallel: int = 0
    owner: str | None = None
    group: str | None = None


def take_backup(
    session: Session, nodes: Sequence[ListedNode], order: Order, deadline: float, check_mode: bool = False
) -> dict[str, Any]:
    """Take a backup until `deadline` (time.monotonic()); the module's answer.

    Raises Refused before anything is written, RedisFailure when it is not taken or not whole: then there is none.
    """
    started = time.monotonic()
    taken_at = datetime.now(timezone.utc)
    name = order.name or series_name(order.series, taken_at)
    target = order.directory / f"{name}{ENDINGS[order.archive]}"
    survey = survey_cluster(session, nodes)
    topology = read_topology(survey)
    sources = choose_sources(topology, order.source, order.max_lag)
    _refuse(order, name, target, sources)
    plan = [source.as_dict() for source in sources]
    if check_mode:
        diff = {"before": "", "after": f"{target}\n" + "".join(f"{p['slots']} from {p['source']}\n" for p in plan)}
        return {"changed": True, "path": str(target), "sources": plan, "removed": _outdated(order, target), "diff": diff}
    _make_directory(order)
    taking = Taking(session.login, order.client, order.pause_limit if order.consistent else 0.0, deadline)
    with work_directory(order.directory, name) as work:
        snapshots, paused = take_snapshots(session, sources, work, taking)
        snapped = time.monotonic()
        _check_layout(session, nodes, topology)
        manifest = _proved_manifest(name, taken_at, survey, snapshots, order, deadline)
        publish(work, manifest, target, ENDINGS[order.archive], lambda path: _own(path, order))
    removed = _outdated(order, target)
    for old in removed:
        remove(Path(old))
    return {
        "changed": True,
        "path": str(target),
        "sources": plan,
        "removed": removed,
        "manifest": manifest_facts(manifest),
        "paused_ms": round(paused * 1000, 1),
        "snapshot_seconds": round(snapped - started, 3),
        "seconds": round(time.monotonic() - started, 3),
    }


def manifest_facts(manifest: Manifest) -> dict[str, Any]:
    """A backup as modules return it."""
    return {
        "id": manifest.id,
        "name": manifest.name,
        "time": manifest.time,
        "version": manifest.version,
        "consistent": manifest.consistent,
        "key_count": manifest.key_count,
        "bytes": manifest.bytes,
        "functions": sorted(manifest.functions),
        "shards": [vars(shard) for shard in manifest.shards],
    }


def _refuse(order: Order, name: str, target: Path, sources: Sequence[Source]) -> None:
    """Raise Refused for everything on this host that would keep the backup from being written."""
    reasons = []
    objection = directory_objection(order.directory)
    if objection:
        reasons.append(f"directory: {objection}")
    if not SERIES.fullmatch(name):
        reasons.append(f"name: {name!r} is no name of a backup, which has letters, digits, dots, dashes and underscores")
    elif target.exists():
        reasons.append(f"name: {target} is there already")
    if order.keep < 0:
        reasons.append(f"keep: {order.keep} is negative; 0 keeps all")
    if order.consistent and order.pause_limit <= 0:
        reasons.append(f"pause_limit: {order.pause_limit} is no time in which a snapshot could begin; 3 is usual")
    # What the data take in memory is more than a file of them; an archive is written beside the files.
    needed = sum(int(s.node.report.info.get("used_memory_dataset", 0)) for s in sources)
    needed *= 1 if order.archive == "none" else 2
    free = free_bytes(order.directory)
    if free < needed:
        reasons.append(f"directory: {order.directory} has {free >> 20} MB free, the backup may need {needed >> 20} MB")
    if order.archive == "zst" and not shutil.which("zstd"):
        reasons.append("archive: zst needs the program zstd on the host that runs the module")
    for option, program in (("server", order.server), ("client", order.client)):
        if not os.access(program, os.X_OK):
            reasons.append(f"{option}: {program} is no program on the host that runs the module")
    if reasons:
        raise Refused([{"node": "", "reason": reason} for reason in reasons])


def _make_directory(order: Order) -> None:
    if not order.directory.exists():
        order.directory.mkdir(parents=True, mode=0o700)
        _own(order.directory, order)


def _own(path: Path, order: Order) -> None:
    """Nobody but the owner reads it, and the group where one is given."""
    if order.owner or order.group:
        try:
            shutil.chown(path, order.owner, order.group)
        except (LookupError, OSError) as error:
            raise RedisFailure(f"owner, group: {path} cannot be given to {order.owner}:{order.group}: {error}") from error
    path.chmod((0o750 if order.group else 0o700) if path.is_dir() else (0o640 if order.group else 0o600))


def _outdated(order: Order, target: Path) -> list[str]:
    """Paths of the backups that this one makes superfluous."""
    names = {target.name}
    if order.directory.is_dir():
        names |= {path.name for path in find_backups(order.directory)}
    return [str(order.directory / name) for name in outdated(names, order.series, order.keep)]


def _check_layout(session: Session, nodes: Sequence[ListedNode], before: Topology) -> None:
    """Raise RedisFailure when slots have changed hands meanwhile: their keys would be missing, or twice there."""
    now = read_topology(survey_cluster(session, nodes))
    if [shard.master.slots for shard in now.shards] != [shard.master.slots for shard in before.shards]:
        raise RedisFailure("slots moved to other nodes while the snapshots were taken; run it again")


def _proved_manifest(
    name: str, taken_at: datetime, survey: Survey, snapshots: Sequence[Snapshot], order: Order, deadline: float
) -> Manifest:
    """Every file loaded, counted and hashed."""

    def prove_one(snapshot: Snapshot) -> tuple[ShardFile, dict[str, str]]:
        source, path = snapshot.source, snapshot.path
        force_to_disk(path)
        digest = sha256_of(path)
        proof = prove(order.server, path, deadline)
        shard = ShardFile(
            file=path.name,
            slots=format_slots(source.master.slots),
            source=source.node.name,
            replication_id=snapshot.header.replication_id,
            offset=snapshot.header.offset,
            key_count=proof.keys,
            expires=proof.expires,
            bytes=path.stat().st_size,
            memory_bytes=proof.memory_bytes,
            sha256=digest,
        )
        return shard, proof.function_hashes

    sizes = [int(s.source.node.report.info.get("used_memory_dataset", 0)) for s in snapshots]
    proofs = side_by_side(prove_one, snapshots, loaders(order.parallel, sizes))
    reports = [snapshot.source.node.report for snapshot in snapshots]
    newest = max((parse_version(*report.version.split()) for report in reports), key=lambda version: version.numbers)
    return Manifest(
        name=name,
        time=taken_at.isoformat(timespec="seconds"),
        version=str(newest),
        rdb_version=max(snapshot.header.version for snapshot in snapshots),
        consistent=order.consistent,
        functions=merge_functions([functions for _shard, functions in proofs]),
        shards=tuple(shard for shard, _functions in proofs),
    )
