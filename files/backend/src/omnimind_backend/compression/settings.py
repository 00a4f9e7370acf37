"""What is compressed and how; read from compression.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import yaml

from omnimind_backend.compression import checks
from omnimind_backend.compression.codecs import LEVELS, STREAM_LEVELS, is_slow
from omnimind_backend.compression.media_types import COMPRESSIBLE, TypeMatcher

KIB = 1024


class SettingsError(ValueError):
    """All that is wrong with a configuration, a line each: the key, the value, and what would be right."""


@dataclass(frozen=True)
class CompressionSettings:
    """How to compress; for keys of a file see `from_mapping`.

    Args:
        codings: for answers of known length, the server's favourite first.
        stream_codings: for answers of unknown length; Brotli last, as its encoder takes most memory.
        levels: of whole bodies; gzip from 1 to 3 is isal's.
        stream_levels: of streams.
        minimum_size: bytes from which on a body is encoded.
        content_types: with at most one `*` each, as `text/*` or `application/*+json`.
        excluded_paths: what is below them is left alone; `/a` is `/a` and `/a/b`, not `/ab`.
        offload_from: bytes from which on encoding is left to a thread. Absent: 128 KiB for slow codecs, else 256 KiB.
    """

    codings: tuple[str, ...] = ("zstd", "br", "gzip")
    stream_codings: tuple[str, ...] = ("zstd", "gzip", "br")
    levels: Mapping[str, int] = field(default_factory=lambda: {"zstd": 3, "br": 4, "gzip": 2})
    stream_levels: Mapping[str, int] = field(default_factory=lambda: {"zstd": 3, "br": 3, "gzip": 6})
    minimum_size: int = 500
    content_types: tuple[str, ...] = COMPRESSIBLE
    excluded_paths: tuple[str, ...] = ()
    offload_from: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> CompressionSettings:
        """Checked settings; a key that is absent, or a coding absent within a key, keeps its default.

        Raises:
            SettingsError: naming every problem there is.
        """
        if not isinstance(mapping, Mapping):
            raise SettingsError(f"the settings are {mapping!r}, but must be a mapping of keys to values")
        problems: list[str] = []
        values: dict[str, Any] = {}
        for key, value in mapping.items():
            check = _CHECKS.get(key)
            if check is None:
                problems.append(f"{key}: no such key; known are {', '.join(_CHECKS)}")
            else:
                values[key] = check(checks.Place(str(key), problems), value)
        if problems:
            raise SettingsError("\n".join(problems))
        for key in ("levels", "stream_levels"):
            values[key] = {**getattr(cls(), key), **values.get(key, {})}
        if "codings" in values and "stream_codings" not in values:
            # Whoever gives up a coding does not expect it in streams.
            kept = tuple(coding for coding in cls.stream_codings if coding in values["codings"])
            values["stream_codings"] = kept
        return cls(**values)

    @cached_property
    def types(self) -> TypeMatcher:
        return TypeMatcher(self.content_types)

    @cached_property
    def thread_from(self) -> dict[str, int]:
        """By coding of a whole body, the bytes from which on a thread encodes it."""
        return self._thresholds(self.levels)

    @cached_property
    def stream_thread_from(self) -> dict[str, int]:
        """The same of a stream's chunk."""
        return self._thresholds(self.stream_levels)

    def excludes(self, path: str) -> bool:
        """Whether the path is, or is below, one of `excluded_paths`."""
        return any(
            path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
            for prefix in self.excluded_paths
        )

    def _thresholds(self, levels: Mapping[str, int]) -> dict[str, int]:
        usual = {coding: (128 if is_slow(coding, level) else 256) * KIB for coding, level in levels.items()}
        return {**usual, **self.offload_from}


def load(path: str | PathLike[str]) -> CompressionSettings:
    """The settings in a YAML file; an empty file holds the defaults.

    Raises:
        SettingsError: also when the file cannot be read or is not YAML; the message begins with its path.
    """
    try:
        content = yaml.safe_load(Path(path).read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        return CompressionSettings.from_mapping({} if content is None else content)
    except SettingsError as error:
        raise SettingsError("\n".join(f"{path}: {line}" for line in str(error).split("\n"))) from error


_CHECKS = {
    "codings": checks.codings,
    "stream_codings": checks.codings,
    "levels": lambda place, value: checks.numbers(place, value, LEVELS),
    "stream_levels": lambda place, value: checks.numbers(place, value, STREAM_LEVELS),
    "minimum_size": checks.size,
    "content_types": checks.content_types,
    "excluded_paths": checks.paths,
    "offload_from": lambda place, value: checks.numbers(place, value, dict.fromkeys(LEVELS)),
}
