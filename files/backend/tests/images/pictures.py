"""Pictures made by code: of every format, of any orientation, with a colour profile."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

from PIL import Image

from omnimind_backend.images.limits import Limits
from omnimind_backend.images.optimizer import Optimized, optimize
from omnimind_backend.images.options import Options
from omnimind_backend.problems import Problem

QUADRANTS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))  # top left, top right, bottom left, bottom right


def quadrants(width: int = 80, height: int = 48) -> Image.Image:
    """Four colours that tell any rotation and any reflection."""
    picture = Image.new("RGB", (2, 2))
    picture.putdata(QUADRANTS)
    return picture.resize((width, height), Image.Resampling.NEAREST)


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quadrants, in the order of QUADRANTS."""
    width, height = picture.size
    rgb = picture.convert("RGB")
    return [rgb.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture that no format can make small."""
    return Image.effect_noise((width, height), 80).convert(mode)


def saved(picture: Image.Image, name: str, **settings: Any) -> bytes:
    """The picture as a file of the format that Pillow calls `name`."""
    file = BytesIO()
    picture.save(file, name, **settings)
    return file.getvalue()


def animation(
    name: str, frames: int = 4, milliseconds: int = 70, size: tuple[int, int] = (60, 40), **settings: Any
) -> bytes:
    """Frames of one colour each: 40, 80, 120, ... of red."""
    pictures = [Image.new("RGB", size, (40 * (index + 1) % 256, 0, 90)) for index in range(frames)]
    return saved(
        pictures[0], name, save_all=True, append_images=pictures[1:], duration=milliseconds, **{"loop": 0, **settings}
    )


def loaded(optimized: Optimized) -> Image.Image:
    picture = Image.open(BytesIO(optimized.data))
    picture.load()
    return picture


def optimized(body: bytes, limits: Limits = Limits(), **options: Any) -> Image.Image:
    """What becomes of `body`; growing is allowed, as tiny pictures do."""
    return loaded(optimize(body, Options(**{"allow_larger": True, **options}), limits))


def refusal(body: bytes, limits: Limits = Limits(), **options: Any) -> Problem | None:
    """The problem that `body` meets; None when it is optimised."""
    try:
        optimize(body, Options(**{"allow_larger": True, **options}), limits)
    except Problem as problem:
        return problem
    return None


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 8) -> bool:
    """Whether two colours are the same to the eye: a lossy format shifts them a little."""
    return len(found) == len(wanted) and all(abs(one - other) <= by for one, other in zip(found, wanted))


def profile(space: bytes, gamma: float, primaries: dict[bytes, tuple[float, float, float]]) -> bytes:
    """An ICC profile (version 2) of one gamma; `space` is b"RGB " or b"GRAY", the primaries are XYZ under D50."""

    def fixed(*numbers: float) -> bytes:
        return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))

    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {name: b"XYZ \0\0\0\0" + fixed(*xyz) for name, xyz in primaries.items()}
    tags |= {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)}
    tags |= {name: curve for name in ((b"kTRC",) if space == b"GRAY" else (b"rTRC", b"gTRC", b"bTRC"))}
    name = b"made by a test\0"
    tags |= {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(79), b"cprt": b"text\0\0\0\0none\0"}
    table, data, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        content += bytes(-len(content) % 4)
        table += tag + struct.pack(">II", offset + len(data), len(content))
        data += content
    size = offset + len(data)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"mntr", space, b"XYZ ", b"acsp")
    head += bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
