"""From one end of a file to the other, by its own lengths: JPEG, PNG, GIF, WebP and AVIF.

Each raises Problem (422) for what is beyond the limits, IndexError or struct.error for what is cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from struct import unpack_from

from .av1 import check_frames
from .errors import too_large, unreadable
from .limits import Limits


@dataclass(frozen=True)
class Header:
    """As stored, so before any rotation. AVIF is left to libavif, which reads no more than boxes: size and frames 0."""

    format: str
    width: int = 0
    height: int = 0
    frames: int = 1


# A marker with a length; not a stuffed zero, a restart, padding, or one of the two without a length.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])", re.DOTALL)
_END, _SCAN = 0xD9, 0xDA
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def jpeg(body: bytes, limits: Limits) -> Header:
    width = height = segments = scans = 0
    position = 2
    # Only what follows a scan is long; before, Pillow would take each byte of padding by itself.
    while found := _MARKER.search(body, position, len(body) if scans else position + limits.segments):
        code, start = found[1][0], found.end()
        if code == _END:
            break
        if code in _FRAMES:
            height, width = unpack_from(">HH", body, start + 3)
            limits.check_size(width, height)
        scans += code == _SCAN
        segments += code != _SCAN
        if scans > limits.scans:
            raise too_large("scans", scans, limits.scans)
        limits.check_segments(segments)
        position = start + unpack_from(">H", body, start)[0]
        if not scans and position > limits.metadata:
            raise too_large("bytes before its pixels", position, limits.metadata)
    if not scans:
        raise unreadable("The JPEG is cut off, or padded.")
    return Header("JPEG", width, height)


def png(body: bytes, limits: Limits) -> Header:
    if body[12:16] != b"IHDR":
        raise unreadable("The PNG does not begin with its header.")
    width, height = unpack_from(">II", body, 16)
    limits.check_size(width, height)
    position, kind, segments, pieces, profiles, frames = 8, b"", 0, 0, 0, 1
    while kind != b"IEND":
        length, kind = unpack_from(">I4s", body, position)
        if kind in (b"IDAT", b"fdAT", b"fcTL"):
            pieces += 1
        else:
            segments += 1
        if kind == b"acTL":
            frames = unpack_from(">I", body, position + 8)[0]
        profiles += kind == b"iCCP"
        if profiles > 1:  # Each would be inflated.
            raise unreadable("The PNG has two colour profiles.")
        limits.check_segments(segments, pieces)
        position += 12 + length
    return Header("PNG", width, height, max(1, frames))


def gif(body: bytes, limits: Limits) -> Header:
    width, height, flags = unpack_from("<HHB", body, 6)
    position, frames, segments, pieces = 13 + _palette(flags), 0, 0, 0
    while position < len(body) and (kind := body[position]) != 0x3B:
        if kind == 0x2C:  # A frame; one that hangs over the edge enlarges the canvas.
            x, y, w, h, flags = unpack_from("<HHHHB", body, position + 1)
            width, height, frames = max(width, x + w), max(height, y + h), frames + 1
            limits.check_size(width, height, frames)
            position += 11 + _palette(flags)
        else:
            position += 2 if kind == 0x21 else 1
            segments += 1
        while kind in (0x21, 0x2C) and (length := body[position]):
            position += length + 1
            pieces += 1
            limits.check_segments(segments, pieces)
        position += kind in (0x21, 0x2C)
        limits.check_segments(segments, pieces)
    return Header("GIF", width, height, frames)


def _palette(flags: int) -> int:
    """Bytes of the palette that follows."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def webp(body: bytes, limits: Limits) -> Header:
    end = 8 + unpack_from("<I", body, 4)[0]
    if end > len(body):
        raise unreadable("The WEBP is cut off.")
    width = height = frames = segments = 0
    position = 12
    while position + 8 <= end:
        kind, length = unpack_from("<4sI", body, position)
        start = position + 8
        if kind == b"VP8X":
            width, height = (1 + int.from_bytes(body[start + at : start + at + 3], "little") for at in (4, 7))
        elif kind == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in unpack_from("<HH", body, start + 6))
        elif kind == b"VP8L" and not width:
            bits = unpack_from("<I", body, start + 1)[0]
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        frames += kind == b"ANMF"
        segments += kind != b"ANMF"
        limits.check_size(width, height, frames)
        limits.check_segments(segments)
        position = start + length + length % 2
    return Header("WEBP", width, height, max(1, frames))


def avif(body: bytes, limits: Limits) -> Header:
    check_frames(body, limits)
    return Header("AVIF")
