"""Bytes in, a smaller picture out; nothing of the input survives but its pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from PIL import Image

from omnimind_backend.problems import Problem

from .colour import flattened, in_srgb, unpacked
from .decoding import MIRRORED_AND_TURNED, ORIENTATIONS, decoding, opened, orientation_of, pictures_before
from .encoding import encoded
from .fitting import fitted
from .headers import Header, read_header
from .limits import Limits
from .options import Options

# What a GIF can say, and every other format: a frame may be shown for that many milliseconds, and played so often.
LONGEST, MOST_PLAYS = 655_350, 65_535


@dataclass(frozen=True)
class Optimized:
    """The result: `data` in `format` (webp, avif, jpeg), `width` x `height` pixels, `frames` (1 unless animated)."""

    data: bytes
    format: str
    width: int
    height: int
    frames: int = 1


@dataclass(frozen=True)
class _Frame:
    picture: Image.Image
    milliseconds: int = 0


def optimize(
    body: bytes,
    options: Options,
    limits: Limits = Limits(),
    declared: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> Optimized:
    """Return the picture that `options` ask for.

    Args:
        declared: the format that the sender claims, as Pillow names it (JPEG, PNG, ...).
        check: called between any two steps; raises when there is no use in going on.

    Raises:
        Problem: 415, 422, as `errors` describes; also 422 when the result has no fewer bytes than the input.
    """
    header = read_header(body, limits, declared)
    with opened(body, header, limits) as picture:
        header = replace(header, frames=picture.n_frames) if header.format == "AVIF" else header
        animated = header.frames > 1 and not options.still
        if animated and options.format == "jpeg":
            detail = "A JPEG cannot move; ask for webp or avif, or with still=true for the first frame."
            raise Problem(422, "Picture is animated", detail, frames=header.frames)
        check()
        if animated:
            frames = list(_frames(picture, header.format, options, limits, check))
        else:
            with decoding(header.format):
                frames = [_Frame(_finished(picture, orientation_of(picture), options, limits))]
        loop = _plays(picture, header)
    check()
    pictures = [frame.picture for frame in frames]
    data = encoded(pictures, [frame.milliseconds for frame in frames], loop, options)
    if len(data) >= len(body) and not options.allow_larger:
        detail = f"The result would have {len(data)} bytes, the picture that was sent has {len(body)}."
        raise Problem(422, "Picture would not get smaller", detail, original_size=len(body), optimized_size=len(data))
    return Optimized(data, options.format, *pictures[0].size, len(pictures))


def _frames(
    picture: Image.Image, name: str, options: Options, limits: Limits, check: Callable[[], None]
) -> Iterator[_Frame]:
    """All frames of an animation, each as it is seen: as large as the canvas."""
    for index in range(pictures_before(picture), picture.n_frames):
        check()
        with decoding(name):
            picture.seek(index)
            picture.load()
            milliseconds = min(max(0, round(picture.info.get("duration", 0))), LONGEST)
            frame = _Frame(_finished(picture, orientation_of(picture), options, limits), milliseconds)
        yield frame


def _finished(picture: Image.Image, orientation: int, options: Options, limits: Limits) -> Image.Image:
    """A picture of its own: within the box, upright, in sRGB. Small first: what comes after it costs by the pixel."""
    profile = picture.info.get("icc_profile")
    box = min(options.width or limits.side, limits.side), min(options.height or limits.side, limits.side)
    picture = unpacked(picture)
    picture = fitted(picture, box[::-1] if orientation in MIRRORED_AND_TURNED else box)
    picture = in_srgb(picture, profile)
    if orientation in ORIENTATIONS:
        picture = picture.transpose(ORIENTATIONS[orientation])
    return flattened(picture, options.background) if options.format == "jpeg" else picture


def _plays(picture: Image.Image, header: Header) -> int:
    """How often an animation is played; 0 is for ever. A GIF counts the repetitions, and without a number has none."""
    loop = picture.info.get("loop")
    if header.format == "GIF":
        loop = 1 if loop is None else loop and loop + 1
    return min(loop or 0, MOST_PLAYS)
