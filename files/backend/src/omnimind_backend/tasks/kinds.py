"""What a task can be: real work on real input."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import brotli
import zstandard
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError

from omnimind_backend.images.jobs import Result, declared_format, job
from omnimind_backend.images.limits import Limits
from omnimind_backend.images.metrics import ImageMetrics
from omnimind_backend.images.options import Options

from .store import Outcome

Work = Callable[[], Outcome]
Model = TypeVar("Model", bound=BaseModel)


class Kind(Protocol):
    """Of what a task does."""

    def __call__(self, parameters: Mapping[str, str], content_type: str | None) -> Callable[[bytes], Work]:
        """Check a request before its body is read, and return what makes work of a body.

        Raises:
            RequestValidationError: for parameters that are unknown or wrong.
            Problem: for a Content-Type that is.
        """


def image(limits: Limits, metrics: ImageMetrics) -> Kind:
    """As POST /api/image/optimize, with the same parameters."""
    measured = metrics.operation("optimize_image_task")

    def prepare(parameters: Mapping[str, str], content_type: str | None) -> Callable[[bytes], Work]:
        options, declared = _checked(Options, parameters), declared_format(content_type)

        def begin(body: bytes) -> Work:
            work = measured(job(body, declared, options, limits, metrics.optimized))
            return lambda: _picture(Result.unpacked(work()))

        return begin

    return prepare


def _picture(result: Result) -> Outcome:
    return Outcome(result.data, result.media_type, result.headers())


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


CODINGS: Mapping[str, tuple[int, Callable[[bytes, int], bytes]]] = {
    "gzip": (6, lambda body, level: zlib.compress(body, level, wbits=31)),
    "br": (4, lambda body, level: brotli.compress(body, quality=level)),
    "zstd": (3, lambda body, level: zstandard.ZstdCompressor(level=level).compress(body)),
}


def compression(parameters: Mapping[str, str], _content_type: str | None) -> Callable[[bytes], Work]:
    """What each coding makes of a body: bytes, and seconds at work."""
    _checked(_Nothing, parameters)
    return lambda body: lambda: _compared(body)


def _compared(body: bytes) -> Outcome:
    found = {}
    for coding, (level, compress) in CODINGS.items():
        started = time.perf_counter()
        size = len(compress(body, level))
        found[coding] = {"level": level, "size": size, "seconds": round(time.perf_counter() - started, 6)}
    return Outcome(json.dumps({"size": len(body), "codings": found}).encode(), "application/json")


def _checked(model: type[Model], parameters: Mapping[str, str]) -> Model:
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise RequestValidationError([{**problem, "loc": ("query", *problem["loc"])} for problem in found]) from None


def kinds(limits: Limits, metrics: ImageMetrics) -> dict[str, Kind]:
    """All kinds, by the name that a request gives."""
    return {"image": image(limits, metrics), "compression": compression}
