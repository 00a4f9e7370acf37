"""The settings of compression as they are now, and as the file says when it is read again."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from .compression import CompressionSettings, SettingsError, load

logger = logging.getLogger(__name__)


class LiveCompression:
    """Called, it returns the settings: the middleware asks once for each request.

    Args:
        settings: as they were read when the backend started.
        path: of compression.yaml; None where there is none to read again.
        registry: of the metrics.
    """

    def __init__(self, settings: CompressionSettings, path: Path | None, registry: CollectorRegistry) -> None:
        self._settings, self._path = settings, path
        self.read_at, self.problem = time.time(), ""
        self._reloads = Counter(
            "omnimind_compression_reloads", "Times compression.yaml was read again.", ["outcome"], registry=registry
        )
        for outcome in ("applied", "refused"):
            self._reloads.labels(outcome)
        Gauge(
            "omnimind_compression_read_timestamp_seconds", "When the settings in force were read.", registry=registry
        ).set_function(lambda: self.read_at)

    def __call__(self) -> CompressionSettings:
        return self._settings

    def reload(self) -> bool:
        """Read the file again; return whether it could be. A bad file changes nothing, and `problem` says why."""
        if self._path is None:
            return False
        try:
            self._settings = load(self._path)
        except SettingsError as error:
            self.problem = str(error)
            self._reloads.labels("refused").inc()
            logger.error("compression stays as it was: %s", error)
            return False
        self.read_at, self.problem = time.time(), ""
        self._reloads.labels("applied").inc()
        logger.info("%s was read again", self._path)
        return True
