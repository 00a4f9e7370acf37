"""Whether an answer is to be left as it is, by its headers."""

from __future__ import annotations

from omnimind_backend.compression.headers import forbids_transformation
from omnimind_backend.compression.settings import CompressionSettings

_NO_CONTENT = frozenset({204, 205, 304})


def reason_to_skip(
    status: int,
    found: dict[bytes, bytes],
    length: int | None,
    settings: CompressionSettings,
    fits: bool,
    events: bool,
) -> tuple[str, bool] | None:
    """Why no client gets this answer encoded, and whether the answer varies with Accept-Encoding all the same.

    Args:
        found: header values by name in lower case.
        length: of the body in bytes, None when it is unknown.
        fits: whether the settings name its media type.
        events: whether it is one that comes event by event.
    """
    if status < 200 or status in _NO_CONTENT:
        # A 304 speaks for the 200 that the client has, and seldom tells its type.
        return "status", status == 304 and (fits or b"content-type" not in found)
    if b"content-encoding" in found:
        return "encoded", False
    if b"cache-control" in found and forbids_transformation(found):
        return "no-transform", False
    if not fits:
        return "type", False
    if status == 206 or b"content-range" in found:
        return "range", True
    if length is not None and length < settings.minimum_size and not events:
        return "small", False
    return None
