"""The size of a picture, read from its headers alone: no pixel is decoded, and no more is walked than is allowed.

Pillow would know, too, but only after it has read all metadata one piece after the other: ten megabytes of empty
chunks, comments or padding keep it busy for seconds, and a picture of 200 bytes can ask for a canvas of gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from struct import error as StructError
from struct import unpack_from

from .errors import too_large, unreadable, unsupported
from .limits import Limits


@dataclass(frozen=True)
class Header:
    """As stored, so before any rotation. AVIF is left to libavif, which reads no more than boxes: size and frames 0."""

    format: str
    width: int = 0
    height: int = 0
    frames: int = 1


def read_header(body: bytes, limits: Limits) -> Header:
    """Return what the file says of itself.

    Raises:
        Problem: 415 for what is none of the five formats; 422 for what is cut off or beyond the limits.
    """
    for name, (magic, reader) in FORMATS.items():
        if magic.match(body):
            try:
                header = reader(body, limits)
            except (StructError, IndexError):
                raise unreadable(f"The {name} is cut off.") from None
            check_size(header.width, header.height, header.frames, limits)
            return header
    raise unsupported("The body is no JPEG, PNG, WebP, GIF or AVIF.")


def check_size(width: int, height: int, frames: int, limits: Limits) -> None:
    """Raise Problem (422) for more pixels or frames than are allowed."""
    if width * height > limits.pixels:
        raise too_large("pixels", width * height, limits.pixels)
    if frames > limits.frames:
        raise too_large("frames", frames, limits.frames)
    if frames > 1 and width * height * frames > limits.animation_pixels:
        raise too_large("pixels in all frames", width * height * frames, limits.animation_pixels)


# A marker with a length; not a stuffed zero, a restart, padding, or one of the two without a length.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])", re.DOTALL)
_END, _SCAN = 0xD9, 0xDA
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def _jpeg(body: bytes, limits: Limits) -> Header:
    width = height = segments = scans = 0
    position = 2
    while (found := _MARKER.search(body, position)) and found[1][0] != _END:
        code, start = found[1][0], found.end()
        if not scans and found.start() - position > limits.segments:
            raise unreadable("The JPEG is padded.")
        if code in _FRAMES:
            height, width = unpack_from(">HH", body, start + 3)
            check_size(width, height, 1, limits)
        scans += code == _SCAN
        segments += code != _SCAN
        if scans > limits.scans:
            raise too_large("scans", scans, limits.scans)
        _check_segments(segments, limits)
        position = start + unpack_from(">H", body, start)[0]
    if not scans:
        raise unreadable("The JPEG is cut off.")
    return Header("JPEG", width, height)


def _png(body: bytes, limits: Limits) -> Header:
    if body[12:16] != b"IHDR":
        raise unreadable("The PNG does not begin with its header.")
    width, height = unpack_from(">II", body, 16)
    check_size(width, height, 1, limits)
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
        _check_segments(segments, limits, pieces)
        position += 12 + length
    return Header("PNG", width, height, max(1, frames))


def _gif(body: bytes, limits: Limits) -> Header:
    width, height, flags = unpack_from("<HHB", body, 6)
    position, frames, segments, pieces = 13 + _palette(flags), 0, 0, 0
    while position < len(body) and (kind := body[position]) != 0x3B:
        if kind == 0x2C:  # A frame; one that hangs over the edge enlarges the canvas.
            x, y, w, h, flags = unpack_from("<HHHHB", body, position + 1)
            width, height, frames = max(width, x + w), max(height, y + h), frames + 1
            check_size(width, height, frames, limits)
            position += 11 + _palette(flags)
        else:
            position += 2 if kind == 0x21 else 1
            segments += 1
        while kind in (0x21, 0x2C) and (length := body[position]):
            position += length + 1
            pieces += 1
            _check_segments(segments, limits, pieces)
        position += kind in (0x21, 0x2C)
        _check_segments(segments, limits, pieces)
    return Header("GIF", width, height, frames)


def _palette(flags: int) -> int:
    """Bytes of the palette that follows."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(body: bytes, limits: Limits) -> Header:
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
        check_size(width, height, frames, limits)
        _check_segments(segments, limits)
        position = start + length + length % 2
    return Header("WEBP", width, height, max(1, frames))


def _avif(_body: bytes, _limits: Limits) -> Header:
    return Header("AVIF")


def _check_segments(segments: int, limits: Limits, pieces: int = 0) -> None:
    if segments > limits.segments:
        raise too_large("segments", segments, limits.segments)
    if pieces > limits.pieces:
        raise too_large("pieces", pieces, limits.pieces)


FORMATS: dict[str, tuple[re.Pattern[bytes], Callable[[bytes, Limits], Header]]] = {
    "JPEG": (re.compile(rb"\xff\xd8\xff"), _jpeg),
    "PNG": (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    "GIF": (re.compile(rb"GIF8[79]a"), _gif),
    "WEBP": (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    "AVIF": (re.compile(rb"....ftyp(avif|avis|mif1|msf1)", re.DOTALL), _avif),
}
