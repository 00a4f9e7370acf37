"""Pictures to bytes, with nothing beside the pixels."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from .options import Options

# By what costs little more than the least: WebP method 4 takes two to three times as long for 1 to 8 %, AVIF 6 twice as
# long for nothing.
SETTINGS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 2},
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},  # a faster speed from FAST_PIXELS on
    "jpeg": {"quality": 80, "optimize": True, "progressive": True},
}
FAST_PIXELS = 4_000_000  # above, 8 takes up to 20 s of CPU, and 10 a quarter of it


def encoded(frames: list[Image.Image], milliseconds: list[int], plays: int, options: Options) -> bytes:
    """Return the file.

    Args:
        frames: one, or all of an animation, of one size.
        milliseconds: of each frame.
        plays: how often an animation is played, 0 for ever; AVIF always plays for ever.
    """
    settings = SETTINGS[options.format] | ({"quality": options.quality} if options.quality else {})
    if options.format == "avif" and frames[0].width * frames[0].height > FAST_PIXELS:
        settings["speed"] = 10
    for frame in frames:
        frame.info.clear()  # profile, EXIF, XMP, comments: some encoders take them from here
    if len(frames) > 1:
        settings |= {"save_all": True, "append_images": frames[1:], "duration": milliseconds, "loop": plays}
    file = BytesIO()
    frames[0].save(file, options.format.upper(), **settings)
    return file.getvalue()
