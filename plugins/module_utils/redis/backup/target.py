# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster that a backup is restored into: which node owns which slot, and why it cannot take the backup."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import Refused
from ..nodes import Address
from ..slots import parse_slots
from ..topology import Node, Topology
from .choice import slot_refusals
from .manifest import Manifest
from .rdb import is_readable

REFUSE, KEEP, REPLACE = "refuse", "keep", "replace"
EXISTING = (REFUSE, KEEP, REPLACE)

# A key of this name in the cluster says which backup is being restored into it. It is gone when that is done.
MARK = "omnimind:restore-in-progress"

# The data of a shard are not spread quite evenly over its slots.
UNEVEN = 1.1


@dataclass(frozen=True)
class State:
    """What the masters of the cluster say: the value of the mark (empty for none), the format that each reads, and the
    sha256 of each one's function libraries by name."""

    mark: str = ""
    formats: Mapping[Address, int] = field(default_factory=dict)
    functions: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)


def owners(topology: Topology) -> list[Address]:
    """The address of the master of each slot. All slots must be served."""
    found = {slot: shard.master.address for shard in topology.shards for slot in shard.master.slots}
    return [found[slot] for slot in sorted(found)]


def check_slots(topology: Topology) -> None:
    """Raise Refused unless every slot is served by one node."""
    reasons = list(slot_refusals(topology))
    if reasons:
        raise Refused(reasons)


def check_target(topology: Topology, state: State, manifest: Manifest, writes: int, existing: str) -> None:
    """Raise Refused unless the cluster, whose slots are all served, can take the backup.

    `writes` is the format in which keys are sent; `existing` what happens to keys that are there already.
    """
    masters = [shard.master for shard in topology.shards]
    reasons = [
        *_unreadable(masters, state, manifest, writes),
        *_filled(masters, state, manifest, existing),
        *_other_functions(masters, state, manifest, existing),
        *_too_small(masters, manifest, not state.mark and existing == REFUSE),
    ]
    if reasons:
        raise Refused(reasons)


def _unreadable(masters: list[Node], state: State, manifest: Manifest, writes: int) -> Iterator[dict[str, str]]:
    for node in masters:
        reads = state.formats[node.address]
        for version, what in ((manifest.rdb_version, f"the backup is of {manifest.version} and"), (writes, "keys")):
            if not is_readable(version, reads):
                reason = f"is {node.report.version}, which reads the RDB format {reads}: {what} would come in format {version}"
                yield {"node": node.name, "reason": reason}
                break


def _filled(masters: list[Node], state: State, manifest: Manifest, existing: str) -> Iterator[dict[str, str]]:
    if state.mark and state.mark != manifest.id:
        reason = f"another backup was being restored into this cluster and did not end ({MARK} is {state.mark[:12]})"
        yield {"node": "", "reason": f"{reason}: end that, or delete that key if it shall never be"}
    if existing != REFUSE or state.mark:
        return
    for node in masters:
        if node.report.keys:
            reason = f"holds {node.report.keys} keys; existing=keep leaves keys that are there, existing=replace does not"
            yield {"node": node.name, "reason": reason}


def _other_functions(masters: list[Node], state: State, manifest: Manifest, existing: str) -> Iterator[dict[str, str]]:
    for node in masters if existing == REFUSE else ():
        own = state.functions[node.address]
        for name, digest in manifest.functions.items():
            if own.get(name, digest) != digest:
                yield {"node": node.name, "reason": f"has another function library {name} than the backup"}


def _too_small(masters: list[Node], manifest: Manifest, empty: bool) -> Iterator[dict[str, str]]:
    """Nodes with a limit that the data of their slots do not fit into: they would refuse keys, or evict them."""
    shares = [(parse_slots(shard.slots), shard.memory_bytes) for shard in manifest.shards]
    for node in masters if empty else ():
        limit = int(node.report.info.get("maxmemory", 0))
        data = sum(size * len(slots & node.slots) / len(slots) for slots, size in shares if slots)
        needed = int(node.report.memory + data * UNEVEN)
        if limit and needed > limit:
            reason = f"may hold {limit >> 20} MB (maxmemory), and would hold about {needed >> 20} MB with its part"
            yield {"node": node.name, "reason": reason}
