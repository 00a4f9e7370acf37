"""Animations move on, or are refused."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from images.pictures import animation, near, optimized, refusal, saved
from omnimind_backend.images.limits import Limits

FORMATS = ["GIF", "PNG", "WEBP", "AVIF"]


@pytest.mark.parametrize("format", ["webp", "avif"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_frame_is_kept(name: str, format: str) -> None:
    result = optimized(animation(name), format=format, width=30)
    assert (result.n_frames, result.size) == (4, (30, 20))
    for index in range(4):
        result.seek(index)
        result.load()
        assert near(result.convert("RGB").getpixel((15, 10)), (40 * (index + 1), 0, 90), 12)
        assert result.info["duration"] == 70


@pytest.mark.parametrize(
    "name, loop, plays", [("GIF", 0, 0), ("GIF", None, 1), ("GIF", 2, 3), ("PNG", 3, 3), ("WEBP", 5, 5)]
)
def test_it_plays_as_often(name: str, loop: int | None, plays: int) -> None:
    assert optimized(animation(name, loop=loop)).info["loop"] == plays


def test_a_frame_that_is_smaller_than_the_canvas_is_seen_on_it() -> None:
    below = Image.new("RGBA", (60, 40), (200, 0, 0, 255))
    above = below.copy()
    above.paste((0, 0, 200, 255), (0, 0, 10, 10))
    result = optimized(saved(below, "GIF", save_all=True, append_images=[above], duration=50))
    result.seek(1)
    assert near(result.convert("RGB").getpixel((4, 4)), (0, 0, 200), 20)
    assert near(result.convert("RGB").getpixel((40, 30)), (200, 0, 0), 20)


def test_the_first_picture_of_a_png_that_is_no_frame_is_left_out() -> None:
    frames = [Image.new("RGB", (20, 20), (0, level, 0)) for level in (50, 150, 250)]
    body = saved(frames[0], "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=50)
    result = optimized(body)
    assert result.n_frames == 2
    assert near(result.convert("RGB").getpixel((9, 9)), (0, 150, 0), 12)


@pytest.mark.parametrize("name", FORMATS)
def test_a_jpeg_cannot_move(name: str) -> None:
    problem = refusal(animation(name), format="jpeg")
    assert problem and problem.status == 422 and "still=true" in problem.detail and problem.members == {"frames": 4}
    assert optimized(animation(name), format="jpeg", still=True).format == "JPEG"


@pytest.mark.parametrize("name", FORMATS)
def test_a_still_is_the_first_frame(name: str) -> None:
    result = optimized(animation(name), still=True)
    assert getattr(result, "n_frames", 1) == 1
    assert near(result.convert("RGB").getpixel((15, 10)), (40, 0, 90), 12)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("limits", [Limits(frames=3), Limits(animation_pixels=4 * 60 * 40 - 1)])
def test_the_frames_are_counted_and_summed(name: str, limits: Limits) -> None:
    problem = refusal(animation(name), limits)
    assert problem and problem.title == "Picture too large"
    assert refusal(animation(name), Limits(frames=4, animation_pixels=4 * 60 * 40, pixels=60 * 40)) is None


def test_two_numbers_of_frames_are_refused() -> None:
    body = animation("PNG")
    at = body.index(b"acTL")
    lying = body[: at + 4] + (2).to_bytes(4, "big") + body[at + 8 :]
    assert Image.open(BytesIO(body)).n_frames == 4
    assert refusal(lying)
