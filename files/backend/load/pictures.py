"""Pictures for a load, made of nothing but Python."""

from __future__ import annotations

import functools
import random
import struct
import zlib

WIDTH, HEIGHT = 320, 240
NOISE = 0x0F  # bits of each colour: too much for a PNG to be small, little enough for other formats


@functools.lru_cache(maxsize=16)
def picture(number: int) -> bytes:
    """A PNG of some 190 kB, a different one for each number."""
    source = random.Random(number)
    ramp = bytes((x * 200 // WIDTH + 37 * number) % 256 for x in range(WIDTH) for _colour in range(3))
    row, mask = int.from_bytes(ramp), int.from_bytes(bytes([NOISE]) * len(ramp))
    rows = ((row ^ source.getrandbits(8 * len(ramp)) & mask).to_bytes(len(ramp)) for _row in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
