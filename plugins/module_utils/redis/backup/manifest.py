# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The manifest of a backup: what it holds, and by which hashes that is known again."""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from ..errors import RedisFailure
from ..slots import SLOTS, parse_slots

FORMAT = 1
FILE_NAME = "manifest.json"

SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TIME = "%Y%m%dT%H%M%SZ"
_RDB = re.compile(r"shard-\d+\.rdb")


@dataclass(frozen=True)
class ShardFile:
    """The snapshot of one shard.

    `source` is the node it was taken from, `offset` what that had read of the stream `replication_id`. `key_count` is of all
    that the file holds, `expires` those of them with a time to live, `memory_bytes` what they take once loaded.
    """

    file: str
    slots: str
    source: str
    replication_id: str
    offset: int
    key_count: int
    expires: int
    bytes: int
    memory_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A backup. `time` is UTC as ISO 8601, `version` the newest server it is of ("redis 7.0.15"), `rdb_version` the
    newest format of its files, `functions` the sha256 of each function library by name."""

    name: str
    time: str
    version: str
    rdb_version: int
    consistent: bool
    functions: dict[str, str]
    shards: tuple[ShardFile, ...]

    @property
    def key_count(self) -> int:
        return sum(shard.key_count for shard in self.shards)

    @property
    def bytes(self) -> int:
        return sum(shard.bytes for shard in self.shards)

    @property
    def id(self) -> str:
        """Another one for every other content."""
        return _checksum(self._content())

    def to_text(self) -> str:
        return json.dumps({**self._content(), "checksum": self.id}, indent=2) + "\n"

    def _content(self) -> dict[str, Any]:
        content = {**asdict(self), "format": FORMAT, "key_count": self.key_count}
        return {**content, "shards": [asdict(shard) for shard in self.shards]}


def parse_manifest(text: str | bytes) -> Manifest:
    """Read a manifest. Raises RedisFailure for one that is damaged, of another format, or of half a cluster."""
    try:
        content = json.loads(text)
        checksum = content.pop("checksum")
        if content.get("format") != FORMAT:
            raise RedisFailure(f"{FILE_NAME}: the format is {content.get('format')!r}, this version reads {FORMAT}")
        if checksum != _checksum(content):
            raise RedisFailure(f"{FILE_NAME}: its checksum does not match, it was changed or damaged")
        shards = tuple(ShardFile(**shard) for shard in content["shards"])
        names = [field.name for field in fields(Manifest) if field.name != "shards"]
        manifest = Manifest(**{name: content[name] for name in names}, shards=shards)
        _check(manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RedisFailure(f"{FILE_NAME}: it is no manifest of a backup ({error})") from error
    return manifest


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check(manifest: Manifest) -> None:
    """Raise ValueError unless its shards have a file each, of which none leads elsewhere, and every slot once."""
    files = [shard.file for shard in manifest.shards]
    if len(set(files)) < len(files) or not all(_RDB.fullmatch(name) for name in files):
        raise ValueError(f"its files are {files}")
    owned = [slot for shard in manifest.shards for slot in parse_slots(shard.slots)]
    if sorted(owned) != list(range(SLOTS)):
        raise ValueError("its shards do not have every slot once")


def series_name(series: str, time: datetime) -> str:
    """The name of a backup of a series."""
    return f"{series}-{time.strftime(_TIME)}"


def outdated(names: Iterable[str], series: str, keep: int) -> list[str]:
    """The backups of the series beyond the `keep` newest, oldest first; none when `keep` is 0.

    A name may end in .tar.gz or .tar.zst. What was named otherwise belongs to no series.
    """
    pattern = re.compile(re.escape(series) + r"-(\d{8}T\d{6}Z)(?:\.tar\.(?:gz|zst))?")
    own = sorted((found.group(1), name) for name in names for found in [pattern.fullmatch(name)] if found)
    return [name for _time, name in own[: max(0, len(own) - keep)]] if keep else []


def merge_functions(libraries: Sequence[dict[str, str]]) -> dict[str, str]:
    """The function libraries of all shards. Raises RedisFailure where two shards have different ones of one name."""
    merged: dict[str, str] = {}
    for own in libraries:
        for name, value in own.items():
            if merged.setdefault(name, value) != value:
                raise RedisFailure(f"the function library {name} is not the same in all shards")
    return merged
