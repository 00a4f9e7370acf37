"""Colours are the same after the profile is gone; transparency stays, or lies on a background."""

from __future__ import annotations

import pytest
from PIL import Image

from images.pictures import near, noise, optimized, profile, saved

ADOBE_RGB = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
GAMMA = 2.19921875
# XYZ under D50 to linear sRGB.
TO_SRGB = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))


def encoded(linear: float) -> int:
    """The sRGB curve."""
    linear = min(1.0, max(0.0, linear))
    return round(255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055))


def in_srgb(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """What an Adobe RGB colour is in sRGB, by the definitions."""
    linear = [(value / 255) ** GAMMA for value in colour]
    xyz = [sum(part * ADOBE_RGB[name][axis] for part, name in zip(linear, ADOBE_RGB)) for axis in range(3)]
    return tuple(encoded(sum(factor * value for factor, value in zip(row, xyz))) for row in TO_SRGB)


COLOURS = [(120, 180, 90), (200, 110, 60), (90, 100, 170), (128, 128, 128), (255, 255, 255), (20, 220, 40)]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_wide_gamut_becomes_srgb(name: str, colour: tuple[int, int, int]) -> None:
    source = Image.new("RGB", (32, 32), colour)
    body = saved(source, name, icc_profile=profile(b"RGB ", GAMMA, ADOBE_RGB), quality=100)
    result = optimized(body, format="jpeg", quality=100)
    assert near(result.getpixel((16, 16)), in_srgb(colour), 4)
    assert "icc_profile" not in result.info


def test_a_wide_gamut_would_be_seen_if_it_were_ignored() -> None:
    assert max(abs(one - other) for one, other in zip(in_srgb((120, 180, 90)), (120, 180, 90))) > 20


def test_a_transparent_wide_gamut_becomes_srgb_and_stays_transparent() -> None:
    source = Image.new("RGBA", (32, 32), (120, 180, 90, 128))
    result = optimized(saved(source, "PNG", icc_profile=profile(b"RGB ", GAMMA, ADOBE_RGB)), quality=100)
    assert near(result.getpixel((16, 16)), (*in_srgb((120, 180, 90)), 128), 5)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_gray_profile_is_applied(mode: str) -> None:
    source = Image.new(mode, (32, 32), 100 if mode == "L" else (100, 200))
    result = optimized(saved(source, "PNG", icc_profile=profile(b"GRAY", 1.0, {})), quality=100)
    assert near(result.convert("RGB").getpixel((9, 9)), (encoded(100 / 255),) * 3, 3)


@pytest.mark.parametrize(
    "damaged", [b"no profile", profile(b"RGB ", GAMMA, ADOBE_RGB)[:200], profile(b"GRAY", 1.0, {})]
)
def test_a_profile_that_cannot_be_applied_is_ignored(damaged: bytes) -> None:
    result = optimized(saved(Image.new("RGB", (32, 32), (120, 180, 90)), "JPEG", icc_profile=damaged), format="jpeg")
    assert near(result.getpixel((16, 16)), (120, 180, 90), 4)


@pytest.mark.parametrize(
    "cmyk, rgb", [((0, 255, 255, 0), (255, 0, 0)), ((255, 0, 0, 0), (0, 255, 255)), ((0, 0, 0, 200), (55,) * 3)]
)
def test_cmyk_becomes_rgb(cmyk: tuple[int, ...], rgb: tuple[int, ...]) -> None:
    body = saved(Image.new("CMYK", (32, 32), cmyk), "JPEG", quality=100, icc_profile=profile(b"RGB ", GAMMA, ADOBE_RGB))
    for format in ("webp", "avif", "jpeg"):
        assert near(optimized(body, format=format, quality=100).convert("RGB").getpixel((16, 16)), rgb, 6)


def test_sixteen_bits_of_gray_become_eight() -> None:
    source = Image.new("I;16", (256, 64))
    for x in range(256):
        for y in range(64):
            source.putpixel((x, y), x * 257)
    result = optimized(saved(source, "PNG"), format="jpeg", quality=100).convert("L")
    assert all(abs(result.getpixel((x, 32)) - x) <= 2 for x in range(256))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_pictures_without_transparency_have_none_after(mode: str) -> None:
    source = Image.new("RGB", (32, 32), (255, 255, 255)).convert(mode)
    assert near(optimized(saved(source, "PNG")).getpixel((16, 16)), (255, 255, 255))


def half_transparent(mode: str) -> bytes:
    """Left half black (or red), right half nothing, in any of the ways of PNG and GIF."""
    source = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
    source.paste((0, 0, 0, 255), (0, 0, 32, 32))
    if mode == "P":
        palette = Image.new("P", (64, 32), 1)
        palette.putpalette([0, 0, 0, 9, 9, 9])
        palette.paste(0, (0, 0, 32, 32))
        return saved(palette, "PNG", transparency=1)
    if mode == "GIF":
        return saved(source, "GIF")
    if mode == "L+tRNS":
        gray = Image.new("L", (64, 32), 77)
        gray.paste(0, (0, 0, 32, 32))
        return saved(gray, "PNG", transparency=77)
    return saved(source.convert(mode), "PNG")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "GIF", "L+tRNS"])
@pytest.mark.parametrize("format", ["webp", "avif"])
def test_transparency_is_kept(mode: str, format: str) -> None:
    result = optimized(half_transparent(mode), format=format)
    assert result.mode == "RGBA"
    assert near(result.getpixel((8, 16)), (0, 0, 0, 255)) and result.getpixel((56, 16))[3] <= 4


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "GIF", "L+tRNS"])
@pytest.mark.parametrize("background, seen", [("ffffff", (255, 255, 255)), ("20A0F0", (32, 160, 240))])
def test_a_jpeg_has_a_background(mode: str, background: str, seen: tuple[int, ...]) -> None:
    result = optimized(half_transparent(mode), format="jpeg", background=background, quality=95).convert("RGB")
    assert near(result.getpixel((8, 16)), (0, 0, 0)) and near(result.getpixel((56, 16)), seen)


def test_what_is_opaque_costs_no_transparency() -> None:
    assert optimized(saved(noise(32, 32, "RGBA"), "PNG")).mode == "RGB"
