"""A picture is seen upright, however it is stored."""

from __future__ import annotations

import pytest
from PIL import ExifTags, Image

from images.pictures import QUADRANTS, corners, near, optimized, quadrants, saved

# EXIF 2.32: the side of the upright picture where the first row and the first column of the stored one are.
SIDES = {
    1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
    5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
}  # fmt: skip


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera stores it, made pixel by pixel from the words of the standard."""
    row_side, column_side = SIDES[orientation]
    turned = row_side in ("left", "right")
    width, height = upright.size
    result = Image.new("RGB", (height, width) if turned else (width, height))
    for row in range(result.height):
        for column in range(result.width):
            x, y = (row, column) if turned else (column, row)
            x = width - 1 - x if "right" in (row_side, column_side) else x
            y = height - 1 - y if "bottom" in (row_side, column_side) else y
            result.putpixel((column, row), upright.getpixel((x, y)))
    return result


def tagged(picture: Image.Image, orientation: int, name: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return saved(picture, name, exif=exif, quality=95)


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_every_orientation_becomes_upright(name: str, orientation: int) -> None:
    result = optimized(tagged(stored(quadrants(), orientation), orientation, name), quality=95)
    assert result.size == (80, 48)
    assert all(near(found, wanted, 40) for found, wanted in zip(corners(result), QUADRANTS)), corners(result)


@pytest.mark.parametrize("orientation", SIDES)
def test_the_box_is_that_of_the_upright_picture(orientation: int) -> None:
    result = optimized(tagged(stored(quadrants(), orientation), orientation, "JPEG"), width=40, height=40)
    assert result.size == (40, 24)


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
def test_the_orientation_is_not_told_again(format: str) -> None:
    result = optimized(tagged(stored(quadrants(), 6), 6, "JPEG"), format=format)
    assert result.size == (80, 48)
    assert result.getexif().get(ExifTags.Base.Orientation, 1) == 1


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_unknown_orientation_is_upright(orientation: int) -> None:
    assert optimized(tagged(quadrants(), orientation, "JPEG")).size == (80, 48)
