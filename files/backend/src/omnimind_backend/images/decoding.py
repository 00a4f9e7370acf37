"""Pillow, held to what is allowed."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import AvifImagePlugin, ExifTags, Image, ImageFile, PngImagePlugin

from omnimind_backend.problems import Problem

from .errors import unreadable
from .headers import Header
from .limits import Limits

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

logger = logging.getLogger(__name__)
_PILLOW = re.compile(r"PIL\.")

# EXIF: what has to be done to see the picture upright.
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MIRRORED_AND_TURNED = (5, 6, 7, 8)  # width and height change places


def restrain(limits: Limits) -> None:
    """Set what Pillow knows only for the whole process."""
    Image.MAX_IMAGE_PIXELS = limits.pixels
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * 2**20  # bytes of text, inflated; Pillow's 64 MiB are a bomb of their own
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool decides how many cores are used
    wanted = ("error", None, Warning, _PILLOW, 0)
    if wanted not in warnings.filters:
        warnings.filterwarnings("error", module=_PILLOW.pattern)


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Make what Pillow raises on a damaged picture a Problem.

    That is nearly everything, from OSError to ZeroDivisionError; the log tells it, should one of them be our fault.
    """
    try:
        yield
    except (Problem, MemoryError):
        raise
    except BOMBS:
        raise Problem(422, "Picture too large", f"The {name} has more pixels than are allowed.") from None
    except Exception as error:
        logger.info("A %s cannot be decoded: %r", name, error)
        raise unreadable(f"The {name} is cut off or damaged.") from None


@contextmanager
def opened(body: bytes, header: Header, limits: Limits) -> Iterator[Image.Image]:
    """Yield the picture, not yet decoded, as the one plugin that its first bytes are of reads it.

    Raises:
        Problem: 422 when Pillow sees another picture than `headers` did, or none.
    """
    restrain(limits)
    with decoding(header.format):
        picture = Image.open(BytesIO(body), formats=[header.format])
    with picture:
        with decoding(header.format):
            _check_same(picture, header, limits)
        yield picture


def _check_same(picture: Image.Image, header: Header, limits: Limits) -> None:
    if header.format == "AVIF":
        limits.check_size(*picture.size, picture.n_frames)
    elif picture.size != (header.width, header.height):
        raise unreadable(f"The {header.format} has two sizes.")
    elif header.frames > 1 and picture.n_frames - pictures_before(picture) != header.frames:
        raise unreadable(f"The {header.format} has two numbers of frames.")


def pictures_before(picture: Image.Image) -> int:
    """1 for an animated PNG that begins with a picture for those who do not know animations, else 0."""
    return int(getattr(picture, "default_image", False))


def orientation_of(picture: Image.Image) -> int:
    """1 (upright) to 8, as EXIF numbers them."""
    return picture.getexif().get(ExifTags.Base.Orientation, 1)
