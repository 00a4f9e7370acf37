"""What the backend is told by its environment, checked as a whole before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .cache import CacheSettings
from .compression import CompressionSettings, load
from .images.limits import Limits

PREFIX = "OMNIMIND_"
LOG_LEVELS = ("debug", "info", "warning", "error")
MIB = 2**20


class SettingsError(ValueError):
    """Variables that cannot be right. The message has a line for each, with what would be right."""


@dataclass(frozen=True)
class Settings:
    """Everything the backend is told.

    Args:
        compression_file: where compression.yaml is, read again on SIGHUP; None for the defaults.
        compression: what it says now.
        cache: where Redis is.
        limits: of pictures.
        workers: threads that work on pictures and tasks.
        queue: tasks that may wait for one.
        shutdown_seconds: that requests and streams have to end in when the process is asked to.
        log_level: of LOG_LEVELS.
        version: that runs here, as its image or its directory is called; shown, not used.
    """

    compression_file: Path | None = None
    compression: CompressionSettings = field(default_factory=CompressionSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    limits: Limits = field(default_factory=Limits)
    workers: int = 2
    queue: int = 8
    shutdown_seconds: int = 20
    log_level: str = "info"
    version: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the variables OMNIMIND_*; SettingsError with a line for each that is wrong or unknown."""
        given = {name: value for name, value in (os.environ if environment is None else environment).items() if name.startswith(PREFIX)}
        problems = [f"{name}: no such variable; known are {', '.join(VARIABLES)}" for name in given.keys() - VARIABLES.keys()]
        found: dict[str, Any] = {}
        for name, (key, read) in VARIABLES.items():
            if name in given:
                try:
                    found[key] = read(given[name])
                except (ValueError, OSError) as error:
                    problems.append(f"{name}: {error}")
        if problems:
            raise SettingsError("\n".join(sorted(problems)))
        limits = {name.removeprefix("limit_"): found.pop(name) for name in list(found) if name.startswith("limit_")}
        return replace(cls(**_cache(found)), limits=replace(Limits(), **limits))


def _cache(found: dict[str, Any]) -> dict[str, Any]:
    """Without the parts that make up one setting; SettingsError."""
    if "compression_file" in found:
        found["compression"] = found["compression_file"][1]
        found["compression_file"] = found["compression_file"][0]
    if "cache_file" in found:
        if "cache" in found:
            raise SettingsError(f"{PREFIX}CACHE_URL_FILE: {PREFIX}CACHE_URL is given too; right would be one of them")
        found["cache"] = found.pop("cache_file")
    return found


def _whole(least: int, most: int, unit: str = "", factor: int = 1) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not possible; right would be a whole number{unit} from {least} to {most}")
        return int(text) * factor

    return read


def _level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"{text!r} is not possible; right would be one of {', '.join(LOG_LEVELS)}")
    return text


def _compression(text: str) -> tuple[Path, CompressionSettings]:
    return Path(text), load(text)


def _cache_url(text: str) -> CacheSettings:
    return CacheSettings.from_url(text.strip())


# In a file, as the environment of a process or a container is seen by more people than a file is.
def _cache_url_file(text: str) -> CacheSettings:
    return _cache_url(Path(text).read_text(encoding="utf-8"))


# Name: the setting, and how the text becomes it.
VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "OMNIMIND_COMPRESSION_FILE": ("compression_file", _compression),
    "OMNIMIND_CACHE_URL": ("cache", _cache_url),
    "OMNIMIND_CACHE_URL_FILE": ("cache_file", _cache_url_file),
    "OMNIMIND_IMAGE_BODY_MIB": ("limit_body", _whole(1, 1024, " of MiB", MIB)),
    "OMNIMIND_IMAGE_MEGAPIXELS": ("limit_pixels", _whole(1, 170, " of megapixels", 1_000_000)),
    "OMNIMIND_IMAGE_SIDE": ("limit_side", _whole(16, 16_383, " of pixels")),
    "OMNIMIND_IMAGE_SECONDS": ("limit_seconds", _whole(1, 300, " of seconds")),
    "OMNIMIND_TASK_WORKERS": ("workers", _whole(1, 256)),
    "OMNIMIND_TASK_QUEUE": ("queue", _whole(0, 10_000)),
    "OMNIMIND_SHUTDOWN_SECONDS": ("shutdown_seconds", _whole(1, 3600, " of seconds")),
    "OMNIMIND_LOG_LEVEL": ("log_level", _level),
    "OMNIMIND_VERSION": ("version", str),
}
