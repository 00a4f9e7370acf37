"""Which media types are worth compressing."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Text and what is text beneath, and the few binary types that are not packed already.
COMPRESSIBLE = (
    "text/*",
    "application/json",
    "application/*+json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/json-seq",
    "application/xml",
    "application/*+xml",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "application/graphql",
    "application/openmetrics-text",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/yaml",
    "application/x-yaml",
    "application/wasm",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "model/gltf+json",
)
_MOST_REMEMBERED = 256


class TypeMatcher:
    """Tells by the value of Content-Type; remembers what it told."""

    def __init__(self, patterns: Iterable[str]) -> None:
        parts = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
        self._pattern = re.compile("|".join(parts))
        self._known: dict[bytes, tuple[bool, bool]] = {}

    def __call__(self, content_type: bytes) -> tuple[bool, bool]:
        """Whether it fits one of the patterns, and whether it says that events follow one by one."""
        return self._known.get(content_type) or self._tell(content_type)

    def _tell(self, content_type: bytes) -> tuple[bool, bool]:
        media_type = content_type.partition(b";")[0].strip().lower().decode("latin-1")
        told = self._pattern.fullmatch(media_type) is not None, media_type == "text/event-stream"
        if len(self._known) < _MOST_REMEMBERED:
            self._known[content_type] = told
        return told
