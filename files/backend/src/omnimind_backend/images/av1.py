"""How large the frames inside an AVIF are.

The boxes around them promise a size, which is what libavif tells; but it decodes whatever AV1 frame there is, and then
scales it. A file of 1 kB that promises 90 x 70 pixels can hold a frame of 16384 x 16384. So the samples are walked here
as libavif finds them, down to the sequence headers, which bound every frame.
"""

from __future__ import annotations

from collections.abc import Iterator

from .boxes import samples
from .errors import too_large, unreadable
from .limits import Limits

_SEQUENCE_HEADER = 1


def check_frames(body: bytes, limits: Limits) -> None:
    """Raise Problem (422) when the frames in the file have more pixels than it may have, colour and alpha together.

    Raises also IndexError or struct.error for a file that is cut off.
    """
    pixels = still = 0
    for sample in samples(body, limits):
        found = [width * height for width, height in _sizes(sample, limits)]
        pixels += max(found, default=still)  # a later frame of an animation needs no header of its own
        still = max([still, *found])
        if still > limits.pixels or pixels > 2 * max(limits.pixels, limits.animation_pixels):
            raise too_large("pixels in its frames", max(still, pixels), limits.pixels)


def _sizes(sample: bytes, limits: Limits) -> Iterator[tuple[int, int]]:
    """The width and height that each sequence header in a sample allows."""
    position = units = 0
    while position < len(sample):
        head = sample[position]
        position += 2 if head & 0x04 else 1
        length = len(sample) - position
        if head & 0x02:
            length, position = _leb128(sample, position)
        if head >> 3 & 0x0F == _SEQUENCE_HEADER:
            yield _size(sample[position : position + length])
        position += length
        units += 1
        if units > limits.segments:
            raise too_large("AV1 units", units, limits.segments)


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and the position behind it."""
    value = 0
    for index in range(8):
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, position + index + 1
    raise unreadable("The AVIF is damaged.")


class _Bits:
    """Reads numbers of any number of bits."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def __call__(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1


def _size(header: bytes) -> tuple[int, int]:
    """AV1 bitstream specification, 5.5.1: all that stands before the largest width and height, and these."""
    bits = _Bits(header[:512])
    bits(4)  # profile, still picture
    if bits(1):  # reduced header of a still picture
        bits(5)
    else:
        delay_bits = _timing(bits)
        delays = bits(1)
        for _point in range(bits(5) + 1):
            bits(12)
            if bits(5) > 7:
                bits(1)
            if delay_bits and bits(1):
                bits(2 * delay_bits + 1)
            if delays and bits(1):
                bits(4)
    width_bits, height_bits = bits(4) + 1, bits(4) + 1
    return bits(width_bits) + 1, bits(height_bits) + 1


def _timing(bits: _Bits) -> int:
    """Return how many bits a delay of the decoder model has; 0 without a model."""
    if not bits(1):
        return 0
    bits(64)
    if bits(1):  # A number that says its own length in zeros.
        zeros = 0
        while not bits(1):
            zeros += 1
        bits(zeros)
    if not bits(1):
        return 0
    delay_bits = bits(5) + 1
    bits(42)
    return delay_bits
