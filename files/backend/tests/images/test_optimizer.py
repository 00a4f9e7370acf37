"""What goes in, what comes out, and what never does."""

from __future__ import annotations

import random
import re
import struct

import pytest
from PIL import Image, ImageChops, ImageStat, PngImagePlugin
from pydantic import ValidationError

from images.pictures import animation, noise, optimized, quadrants, refusal, saved
from omnimind_backend.images.limits import Limits
from omnimind_backend.images.optimizer import optimize
from omnimind_backend.images.options import Options
from omnimind_backend.problems import Problem

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
SECRET = b"meet me at 52.5163 13.3777"


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_becomes_every_format(name: str, format: str) -> None:
    result = optimize(saved(quadrants(), name), Options(format=format, allow_larger=True))
    assert (result.format, result.width, result.height, result.frames) == (format, 80, 48, 1)
    assert optimized(result.data, format="jpeg").size == (80, 48)


@pytest.mark.parametrize(
    "box, size",
    [
        ({}, (80, 48)), ({"width": 40}, (40, 24)), ({"height": 12}, (20, 12)), ({"width": 40, "height": 40}, (40, 24)),
        ({"width": 10, "height": 40}, (10, 6)), ({"width": 800}, (80, 48)), ({"width": 79, "height": 9000}, (79, 47)),
        ({"width": 1}, (1, 1)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_it_fits_the_box_in_its_proportions_and_never_grows(
    name: str, box: dict[str, int], size: tuple[int, int]
) -> None:
    assert optimized(saved(quadrants(), name), **box).size == size


@pytest.mark.parametrize("width", [797, 800, 1203])
def test_a_jpeg_that_is_decoded_small_is_the_same_picture(width: int) -> None:
    """Beside a PNG, of which every pixel is decoded; an edge of a pixel's part would be seen as a line."""
    source = noise(40, 30).resize((width, 599), Image.Resampling.BICUBIC)
    small = [optimized(saved(source, name, quality=98), width=100, quality=100) for name in ("JPEG", "PNG")]
    assert small[0].size == small[1].size
    difference = ImageChops.difference(*small)
    assert max(high for _low, high in difference.getextrema()) < 24
    assert max(ImageStat.Stat(difference).mean) < 2


def test_it_fits_the_limits_without_a_box() -> None:
    assert optimized(saved(quadrants(), "PNG"), Limits(side=60)).size == (60, 36)
    assert optimized(saved(quadrants(), "PNG"), Limits(side=60), width=70, height=12).size == (20, 12)


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
def test_quality_is_heard_and_has_a_default(format: str) -> None:
    body = saved(noise(200, 150), "PNG")
    sizes = [
        len(optimize(body, Options(format=format, quality=quality)).data) for quality in (1, 30, None, 95)
    ]  # fmt: skip
    assert sizes == sorted(sizes) and sizes[0] * 2 < sizes[-1]


def with_secrets(name: str) -> bytes:
    """A picture that says in every way it knows where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    settings = {"exif": exif, "xmp": b"<x>" + SECRET + b"</x>", "comment": SECRET}
    if name == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", SECRET.decode())
        return saved(quadrants(), name, pnginfo=texts, exif=exif) + SECRET
    behind = b"" if name == "AVIF" else SECRET  # in an AVIF it would be a broken box
    return saved(quadrants(), name, **settings) + behind


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
@pytest.mark.parametrize("name", FORMATS)
def test_metadata_and_what_follows_the_picture_are_gone(name: str, format: str) -> None:
    body = with_secrets(name)
    assert body.count(SECRET) >= (1 if name == "AVIF" else 2)
    data = optimize(body, Options(format=format, allow_larger=True)).data
    assert SECRET not in data and not re.search(rb"Exif\0|EXIF|XMP |ICCP|http://ns\.adobe", data)


def test_it_is_never_larger_than_what_came() -> None:
    small = optimize(saved(noise(100, 80), "PNG"), Options(format="webp", quality=5)).data
    problem = refusal(small, quality=100, allow_larger=False)
    assert problem and (problem.status, problem.title) == (422, "Picture would not get smaller")
    assert problem.members["original_size"] == len(small) <= problem.members["optimized_size"]
    assert optimize(small, Options(quality=100, allow_larger=True)).data != small


def test_the_declared_format_is_the_real_one() -> None:
    body = saved(quadrants(), "PNG")
    assert optimize(body, Options(allow_larger=True), declared="PNG", limits=Limits()).format == "webp"
    with pytest.raises(Problem, match="says JPEG, but the body is PNG") as refused:
        optimize(body, Options(), declared="JPEG", limits=Limits())
    assert refused.value.status == 415


def test_a_check_that_raises_ends_it() -> None:
    frames = 0

    def check() -> None:
        nonlocal frames
        frames += 1
        if frames == 5:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        optimize(animation("GIF", frames=50), Options(), check=check)


@pytest.mark.parametrize(
    "wrong", [{"quality": 0}, {"quality": 101}, {"width": 0}, {"height": -1}, {"width": 20000}, {"format": "png"},
              {"format": "WEBP"}, {"background": "red"}, {"background": "#ffffff"}, {"quality": "x"}, {"widht": 5}],
)  # fmt: skip
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options(**wrong)


@pytest.mark.parametrize("limits", [Limits(pixels=80 * 48 - 1), Limits(side=1), Limits()])
def test_pixels_are_counted(limits: Limits) -> None:
    for name in FORMATS:
        problem = refusal(saved(quadrants(), name), limits)
        assert (problem and problem.title) == ("Picture too large" if limits.pixels < 4000 else None)


def test_the_frames_in_an_avif_are_measured_not_the_boxes() -> None:
    """libavif believes the boxes of such a file, decodes the large frame, and scales it: it must not come to that."""
    body = saved(noise(400, 300), "AVIF")
    size = struct.pack(">II", 400, 300)
    assert body.count(size) == 1
    lying = body.replace(size, struct.pack(">II", 40, 30))
    assert optimized(lying).size == (40, 30)
    problem = refusal(lying, Limits(pixels=400 * 300 - 1))
    assert problem and problem.title == "Picture too large"


def test_a_png_of_two_profiles_is_refused() -> None:
    body = saved(quadrants(), "PNG", icc_profile=b"one")
    at = body.index(b"iCCP") - 4
    end = at + 12 + int.from_bytes(body[at : at + 4], "big")
    assert refusal(body) is None
    assert refusal(body[:end] + body[at:])


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_cut_off_is_refused(name: str) -> None:
    """At any place; only what stands behind the last pixel is not missed."""
    body = saved(noise(40, 30), name)
    for end in [*range(16, 100, 7), *range(100, len(body) - 20, max(1, len(body) // 40))]:
        problem = refusal(body[:end])
        assert problem and problem.status in (415, 422), end


@pytest.mark.parametrize("name", FORMATS + ["animated GIF", "animated PNG", "animated WEBP", "animated AVIF"])
def test_damage_is_refused_or_survived_but_never_unexpected(name: str) -> None:
    """Bytes are changed at random; whatever comes out is a picture, or a problem of the client's."""
    dice = random.Random(name)
    kind = name.rpartition(" ")[2]
    body = animation(kind, frames=3, size=(16, 16)) if " " in name else with_secrets(name)
    refused = 0
    for _turn in range(120):
        damaged = bytearray(body)
        for _byte in range(dice.choice((1, 2, 8))):
            damaged[dice.randrange(len(damaged))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        problem = refusal(bytes(damaged))
        assert problem is None or problem.status in (415, 422)
        refused += problem is not None
    assert refused > 5
