"""A picture as work for the pool, and its result as bytes that a cache can keep."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from omnimind_backend.tasks.pool import TookTooLong

from .errors import unsupported
from .limits import Limits
from .optimizer import Optimized, optimize
from .options import Options

# What a Content-Type may say, and what Pillow calls it.
DECLARED = {
    "image/jpeg": "JPEG", "image/jpg": "JPEG", "image/png": "PNG", "image/apng": "PNG", "image/webp": "WEBP",
    "image/gif": "GIF", "image/avif": "AVIF",
}  # fmt: skip


def declared_format(content_type: str | None) -> str:
    """Return the format that a Content-Type names.

    Raises:
        Problem: 415 when it names none that is accepted.
    """
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared not in DECLARED:
        raise unsupported("The Content-Type must be one of " + ", ".join(DECLARED) + ".")
    return DECLARED[declared]


def job(
    body: bytes, declared: str, options: Options, limits: Limits, told: Callable[[Result], None] = lambda _result: None
) -> Callable[[], bytes]:
    """Return the work: a `Result`, packed, which `told` hears of. It gives up `limits.seconds` from now."""
    ends = time.monotonic() + limits.seconds

    def check() -> None:
        if time.monotonic() > ends:
            raise TookTooLong(limits.seconds)

    def work() -> bytes:
        result = Result.of(optimize(body, options, limits, declared, check), len(body))
        told(result)
        return result.packed()

    return work


def key(body: bytes, declared: str, options: Options) -> str:
    """What the result depends on, as 64 hexadecimal digits."""
    return hashlib.sha256(f"{declared} {options.model_dump_json()}\n".encode() + body).hexdigest()


@dataclass(frozen=True)
class Result:
    """What the answer is made of."""

    data: bytes
    format: str
    width: int
    height: int
    frames: int
    original_size: int
    digest: str

    @classmethod
    def of(cls, optimized: Optimized, original_size: int) -> Result:
        fields = {name: getattr(optimized, name) for name in ("data", "format", "width", "height", "frames")}
        return cls(**fields, original_size=original_size, digest=hashlib.sha256(optimized.data).hexdigest())

    def packed(self) -> bytes:
        """One line of JSON, then the picture."""
        return json.dumps(asdict(self) | {"data": None}).encode() + b"\n" + self.data

    @classmethod
    def unpacked(cls, packed: bytes) -> Result:
        line, _newline, data = packed.partition(b"\n")
        return cls(**json.loads(line) | {"data": data})

    @property
    def media_type(self) -> str:
        return f"image/{self.format}"

    def headers(self) -> Mapping[str, str]:
        """Of the answer, without Content-Type and Content-Length.

        The address alone does not say which picture it is, so nobody between may store the answer; and whoever
        transforms it further, undoes what was asked for.
        """
        return {
            "ETag": f'"{self.digest[:32]}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f'inline; filename="optimized.{self.format}"',
            "Cache-Control": "no-store, no-transform",
            "X-Original-Size": str(self.original_size),
            "X-Optimized-Size": str(len(self.data)),
            "X-Image-Width": str(self.width),
            "X-Image-Height": str(self.height),
            "X-Image-Frames": str(self.frames),
        }
