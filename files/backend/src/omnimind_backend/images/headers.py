"""The size of a picture, read from its headers alone: no pixel is decoded, and no more is walked than is allowed.

Pillow would know, too, but only after it has read all metadata one piece after the other: ten megabytes of empty
chunks, comments or padding keep it busy for seconds, and a picture of 200 bytes can ask for a canvas of gigabytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from . import walks
from .errors import unreadable, unsupported
from .limits import Limits
from .walks import Header

FORMATS: dict[str, tuple[re.Pattern[bytes], Callable[[bytes, Limits], Header]]] = {
    "JPEG": (re.compile(rb"\xff\xd8\xff"), walks.jpeg),
    "PNG": (re.compile(rb"\x89PNG\r\n\x1a\n"), walks.png),
    "GIF": (re.compile(rb"GIF8[79]a"), walks.gif),
    "WEBP": (re.compile(rb"RIFF....WEBP", re.DOTALL), walks.webp),
    "AVIF": (re.compile(rb"....ftyp(avif|avis|mif1|msf1)", re.DOTALL), walks.avif),
}


def read_header(body: bytes, limits: Limits, declared: str | None = None) -> Header:
    """Return what the file says of itself, by its first bytes, whatever it is called.

    Args:
        declared: the format that it is said to be, one of FORMATS.

    Raises:
        Problem: 415 for what is none of the five formats, or not the declared one; 422 for what is cut off or beyond
            the limits.
    """
    for name, (magic, reader) in FORMATS.items():
        if magic.match(body):
            if declared not in (None, name):
                raise unsupported(f"The Content-Type says {declared}, but the body is {name}.")
            try:
                header = reader(body, limits)
            except (struct.error, LookupError):
                raise unreadable(f"The {name} is cut off.") from None
            limits.check_size(header.width, header.height, header.frames)
            return header
    raise unsupported("The body is no JPEG, PNG, WebP, GIF or AVIF.")
