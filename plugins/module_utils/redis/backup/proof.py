# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proves that an RDB file is whole, by having a server load it and counting what it has then."""
from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import RedisFailure
from ..reports import parse_info
from ..scratch import loaded_file
from .manifest import Manifest
from .rdb import payload_version, read_header

Item = TypeVar("Item")
Result = TypeVar("Result")

# What a loaded file takes beyond its data: an idle server and its tables.
OVERHEAD = 2**24


@dataclass(frozen=True)
class Proof:
    """A file that a server has loaded: `keys` it holds, `expires` of them with a time to live, `expired` by now, the
    code of its function libraries by name, the bytes that its data take, and the format that the server writes."""

    keys: int
    expires: int
    expired: int
    functions: dict[str, bytes]
    memory_bytes: int
    format: int

    @property
    def function_hashes(self) -> dict[str, str]:
        return {name: hashlib.sha256(code).hexdigest() for name, code in self.functions.items()}


@contextmanager
def proved(server: str, file: Path, deadline: float) -> Iterator[tuple[Any, Proof]]:
    """The client of a scratch server that has loaded the file, and what it found. Raises RedisFailure."""
    with open(file, "rb") as opened:
        try:
            header = read_header(opened)
        except ValueError as error:
            raise RedisFailure(f"{file.name}: {error}") from error
    with loaded_file(server, file, deadline - time.monotonic()) as client:
        # Keys beyond the loaded ones had expired when the file was loaded; it counts them apart.
        info = parse_info(client.execute_command("INFO").decode(errors="replace"))
        loaded, expired = int(info["rdb_last_load_keys_loaded"]), int(info["rdb_last_load_keys_expired"])
        if loaded + expired != header.keys:
            raise RedisFailure(f"{file.name}: {loaded} keys were loaded and {expired} had expired, of {header.keys}")
        libraries = client.execute_command("FUNCTION", "LIST", "WITHCODE")
        functions = {own[b"library_name"].decode(): own[b"library_code"] for own in map(_mapping, libraries)}
        format = payload_version(client.execute_command("FUNCTION", "DUMP"))
        memory = int(info["used_memory_dataset"])
        yield client, Proof(header.keys, header.expires, expired, functions, memory, format)


def _mapping(answer: Any) -> dict[bytes, Any]:
    return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))


def prove(server: str, file: Path, deadline: float) -> Proof:
    with proved(server, file, deadline) as (_client, proof):
        return proof


def prove_all(server: str, directory: Path, manifest: Manifest, parallel: int, deadline: float) -> list[Proof]:
    """Load every file of a backup whose hashes are right. Raises RedisFailure unless it has the keys it shall have."""

    def check(shard: Any) -> Proof:
        proof = prove(server, directory / shard.file, deadline)
        if (proof.keys, proof.expires) != (shard.key_count, shard.expires):
            raise RedisFailure(f"{shard.file}: it has {proof.keys} keys, the manifest says {shard.key_count}")
        return proof

    return side_by_side(check, manifest.shards, loaders(parallel, [shard.memory_bytes for shard in manifest.shards]))


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], at_once: int) -> list[Result]:
    """The results of all items; the first failure, after what had begun has ended."""
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def loaders(parallel: int, sizes: Sequence[int], available: int | None = None) -> int:
    """How many files may be loaded at once, for the largest of them to fit into the memory there is.

    Raises RedisFailure where the largest does not fit alone.
    """
    available = available_memory() if available is None else available
    largest = sorted((size + OVERHEAD for size in sizes), reverse=True)
    if largest and largest[0] > available:
        raise RedisFailure(f"to load a shard takes {largest[0] >> 20} MB of memory, this host has {available >> 20} MB")
    limit = min(parallel or os.cpu_count() or 1, len(largest))
    return max([1, *(count for count in range(1, limit + 1) if sum(largest[:count]) <= available)])


def available_memory() -> int:
    """Bytes that programs may still take without swapping."""
    with open("/proc/meminfo") as file:
        rows = dict(line.split(":") for line in file)
    return int(rows["MemAvailable"].split()[0]) * 1024
