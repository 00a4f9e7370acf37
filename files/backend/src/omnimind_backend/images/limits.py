"""What a picture may cost."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import too_large


@dataclass(frozen=True)
class Limits:
    """Bounds of one picture; what is beyond is refused before it is decoded.

    Args:
        body: bytes of the input.
        pixels: of a still picture: width x height.
        animation_pixels: of an animation: width x height x frames.
        frames: of an animation.
        side: pixels, of the output; a larger picture is made to fit.
        metadata: bytes, of a JPEG: profile, EXIF, previews.
        segments: of a file that are not pixels (JPEG markers, PNG chunks, ...).
        pieces: of a file that are pixels (IDAT chunks, GIF sub-blocks, ...).
        scans: of a progressive JPEG: each costs a pass over the whole picture.
        seconds: from the last byte of the input until there is an answer.
    """

    body: int = 10 * 2**20
    pixels: int = 24_000_000
    animation_pixels: int = 24_000_000
    frames: int = 500
    side: int = 4096
    metadata: int = 4 * 2**20
    segments: int = 1_000
    pieces: int = 50_000
    scans: int = 100
    seconds: float = 10.0

    def check_size(self, width: int, height: int, frames: int = 1) -> None:
        """Raise Problem (422) for more pixels or frames than are allowed."""
        if width * height > self.pixels:
            raise too_large("pixels", width * height, self.pixels)
        if frames > self.frames:
            raise too_large("frames", frames, self.frames)
        if frames > 1 and width * height * frames > self.animation_pixels:
            raise too_large("pixels in all frames", width * height * frames, self.animation_pixels)

    def check_segments(self, segments: int, pieces: int = 0) -> None:
        """Raise Problem (422) for a file of more parts than are allowed."""
        if segments > self.segments:
            raise too_large("segments", segments, self.segments)
        if pieces > self.pieces:
            raise too_large("pieces", pieces, self.pieces)
