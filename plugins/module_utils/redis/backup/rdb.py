# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the beginning of an RDB file says about the rest: its writer, its place in the replication stream, its keys.

The server writes these fields before the first key (rdb.c, `rdbSaveRio`), so they are of the moment of the snapshot,
and reading them costs nothing. Whether the keys are there is only known once a server has loaded the file.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

MAGIC = re.compile(rb"(?:REDIS(\d{4})|VALKEY(\d{3}))$")

# What may stand before the first key. Whatever else does is the first key, or the end.
_FIELD, _FUNCTION, _MODULE, _DATABASE, _SIZES = 0xFA, 0xF5, 0xF7, 0xFE, 0xFB

# Redis and Valkey share the format until 11. Later Redis writes 12 to 79, later Valkey 80 and more.
LAST_COMMON, FIRST_OF_VALKEY = 11, 80


class Header(NamedTuple):
    """Of an RDB file: format version, fields of its writer as text, and how many keys it has, `expires` of them
    with a time to live."""

    version: int
    fields: Mapping[str, str]
    keys: int
    expires: int

    @property
    def replication_id(self) -> str:
        return self.fields.get("repl-id", "")

    @property
    def offset(self) -> int:
        """Bytes of the replication stream that the snapshot holds; -1 where the writer did not say."""
        return int(self.fields.get("repl-offset", -1))


def read_header(file: BinaryIO) -> Header:
    """Read the beginning of an RDB file. Raises ValueError for anything else, or an end that comes too soon."""
    magic = MAGIC.match(_read(file, 9))
    if not magic:
        raise ValueError("it does not begin as an RDB file does")
    fields: dict[str, str] = {}
    sizes = (0, 0)
    while True:
        code = _read(file, 1)[0]
        if code == _FIELD:
            name = _read_text(file)
            fields[name] = _read_text(file)
        elif code == _FUNCTION:
            _read_text(file)
        elif code == _MODULE:
            _pass_over_module(file)
        elif code == _DATABASE:
            _read_length(file)
        elif code == _SIZES:
            sizes = (_read_length(file)[0], _read_length(file)[0])
        else:
            return Header(int(magic.group(1) or magic.group(2)), fields, *sizes)


def payload_version(payload: bytes) -> int:
    """The format version at the end of what DUMP and FUNCTION DUMP return: 2 bytes before the checksum of 8."""
    return int.from_bytes(payload[-10:-8], "little")


def is_readable(version: int, reader: int) -> bool:
    """Whether a server that writes the format version `reader` reads `version`."""
    same_family = version <= LAST_COMMON or (version < FIRST_OF_VALKEY) == (reader < FIRST_OF_VALKEY)
    return version <= reader and same_family


def _read(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise ValueError("it ends within its first lines")
    return found


def _read_length(file: BinaryIO) -> tuple[int, bool]:
    """A length, or (with True) the number of a special encoding of what follows."""
    first = _read(file, 1)[0]
    kind, low = first >> 6, first & 0x3F
    if kind == 0:
        return low, False
    if kind == 1:
        return low << 8 | _read(file, 1)[0], False
    if kind == 2:
        return int.from_bytes(_read(file, 8 if first == 0x81 else 4), "big"), False
    return low, True


def _read_text(file: BinaryIO) -> str:
    """A string; integers as digits, and the empty text for a compressed one, which only functions are."""
    length, special = _read_length(file)
    if not special:
        return _read(file, length).decode(errors="replace")
    if length < 3:
        return str(int.from_bytes(_read(file, 1 << length), "little", signed=True))
    compressed = _read_length(file)[0]
    _read_length(file)
    _read(file, compressed)
    return ""


def _pass_over_module(file: BinaryIO) -> None:
    """What a module wrote beside the keys: its number, then values that say what they are, until a 0."""
    _read_length(file)
    while True:
        kind = _read_length(file)[0]
        if kind == 0:
            return
        if kind in (1, 2):
            _read_length(file)
        elif kind in (3, 4):
            _read(file, 4 if kind == 3 else 8)
        else:
            _read_text(file)
