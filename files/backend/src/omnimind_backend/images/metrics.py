"""What the dashboards know of pictures: operations of vision, and bytes before and after."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from omnimind_backend.modalities import Modalities, Operation

from .jobs import Result

# A request waits for the one; the other is done as a task, and fetched later. What a cache answers is neither.
OPERATIONS = ("optimize_image", "optimize_image_task")
FORMATS = ("webp", "avif", "jpeg")


class ImageMetrics:
    """The metrics of one application.

    Args:
        registry: that bytes appear in; in none when None.
        modalities: that operations are counted in; for nobody else when None.
    """

    def __init__(self, registry: CollectorRegistry | None = None, modalities: Modalities | None = None) -> None:
        self._modalities = modalities or Modalities()
        self._modalities.declare("vision", *OPERATIONS)
        self._bytes_in = Counter(
            "omnimind_image_bytes_in", "Bytes of pictures that were optimised.", ["format"], registry=registry
        )
        self._bytes_out = Counter("omnimind_image_bytes_out", "Bytes of what became of them.", ["format"], registry=registry)
        for name in FORMATS:
            self._bytes_in.labels(name)
            self._bytes_out.labels(name)

    def operation(self, name: str) -> Operation:
        """To decorate work with; `name` is one of OPERATIONS."""
        return self._modalities.operation("vision", name)

    def optimized(self, result: Result) -> None:
        """Count the bytes of a picture, before and after."""
        self._bytes_in.labels(result.format).inc(result.original_size)
        self._bytes_out.labels(result.format).inc(len(result.data))
