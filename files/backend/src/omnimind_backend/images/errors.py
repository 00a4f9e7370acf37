"""Why a picture is refused."""

from __future__ import annotations

from omnimind_backend.problems import Problem

ACCEPTED = "image/jpeg, image/png, image/webp, image/gif, image/avif"


def unsupported(detail: str) -> Problem:
    """415: not a picture, or none of these formats, or not the one it says it is."""
    return Problem(415, "Unsupported picture", detail, {"Accept": ACCEPTED})


def unreadable(detail: str) -> Problem:
    """422: the right format, but damaged."""
    return Problem(422, "Unreadable picture", detail)


def too_large(what: str, found: int, limit: int) -> Problem:
    """422: within the bytes of a body, but beyond what is worth decoding."""
    return Problem(422, "Picture too large", f"The picture has {found} {what}; the limit is {limit}.", limit=limit)
