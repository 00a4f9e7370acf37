"""Smaller in pixels, at little cost."""

from __future__ import annotations

import math

from PIL import Image

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size, which is nearly free, as long as so many times the pixels of each
# side are left for the resampling. Pillow's thumbnail() asks for 2, and so gets no reduction from 4000 to 1024.
DECODED = 1.5
REDUCED = 2.0  # the same for the averaging of whole pixels before the resampling, which is coarser


def fitted(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Return the picture in its proportions within a box, in pixels; itself where it fits already."""
    width, height = picture.size
    scale = min(box[0] / width, box[1] / height)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    drafted = picture.draft(None, (math.ceil(size[0] * DECODED), math.ceil(size[1] * DECODED)))
    # A side that is not divisible is decoded to a pixel of which only a part is meant.
    # As sharp as bicubic where a picture becomes smaller, at half the cost.
    return picture.resize(size, Image.Resampling.HAMMING, drafted and drafted[1], REDUCED)
