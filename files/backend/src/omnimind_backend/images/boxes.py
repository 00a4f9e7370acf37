"""Where the AV1 samples of an AVIF lie: ISO/IEC 14496-12, as much of it as that takes."""

from __future__ import annotations

from collections.abc import Iterator
from struct import calcsize, unpack_from

from .errors import too_large, unreadable
from .limits import Limits

Range = tuple[int, int]  # first byte, byte behind the last
_NUMBERS = {0: "", 4: "I", 8: "Q"}  # by the bytes that a file says its numbers have


def samples(body: bytes, limits: Limits) -> Iterator[bytes]:
    """Yield all AV1 samples: those of pictures (colour, alpha, thumbnails, cells), then those of animations.

    Raises:
        Problem: 422 for what is beyond the limits, or nothing that libavif would write.
        IndexError, struct.error: for what is cut off.
    """
    found = count = 0
    for sample in _samples(body, limits):
        found, count = found + len(sample), count + 1
        # One picture is used for an item and for the first frame of a track, but not a hundred times.
        if found > 4 * len(body) or count > limits.segments:
            raise unreadable("The AVIF uses the same bytes again and again.")
        yield sample


def _samples(body: bytes, limits: Limits) -> Iterator[bytes]:
    for meta in _find(body, (0, len(body)), "meta", limits):
        yield from _items(body, (meta[0] + 4, meta[1]), limits)
    for table in _find(body, (0, len(body)), "moov.trak.mdia.minf.stbl", limits):
        yield from _track(body, table, limits)


def _boxes(body: bytes, within: Range, limits: Limits) -> Iterator[tuple[str, Range]]:
    position, end = within
    count = 0
    while position + 8 <= end:
        length, kind = unpack_from(">I4s", body, position)
        start = position + 8
        if length == 1:
            length, start = unpack_from(">Q", body, start)[0], start + 8
        behind = position + length if length else end
        if not start <= behind <= end:
            raise unreadable("The AVIF is cut off.")
        yield kind.decode("latin-1"), (start, behind)
        position, count = behind, count + 1
        if count > limits.segments:
            raise too_large("segments", count, limits.segments)


def _find(body: bytes, within: Range, path: str, limits: Limits) -> list[Range]:
    """All boxes at a path such as "moov.trak"."""
    name, _dot, rest = path.partition(".")
    found = [box for kind, box in _boxes(body, within, limits) if kind == name]
    return [inner for box in found for inner in _find(body, box, rest, limits)] if rest else found


def _only(body: bytes, within: Range, name: str, limits: Limits) -> int:
    """Where the content of a box begins that there must be once, as readers differ about which of two counts."""
    found = _find(body, within, name, limits)
    if len(found) != 1:
        raise unreadable(f"The AVIF has {len(found)} boxes {name}.")
    return found[0][0]


def _items(body: bytes, meta: Range, limits: Limits) -> Iterator[bytes]:
    """The samples of all items that are AV1."""
    names = _only(body, meta, "iinf", limits)
    head = 8 if body[names] else 6
    coded = set()
    end = _find(body, meta, "iinf", limits)[0][1]
    for kind, (start, _end) in _boxes(body, (names + head, end), limits):
        if kind == "infe":
            wide = body[start] == 3
            identity, _protection, name = unpack_from(">IH4s" if wide else ">HH4s", body, start + 4)
            if name == b"av01":
                coded.add(identity)
    for identity, method, extents in _locations(body, _only(body, meta, "iloc", limits), limits):
        if identity in coded:
            if method > 1:
                raise unreadable("The AVIF has items within items.")
            base = _only(body, meta, "idat", limits) if method else 0
            extents = [(base + at, base + at + length if length else len(body)) for at, length in extents]
            if sum(behind - at for at, behind in extents) > len(body):
                raise unreadable("The AVIF has a picture that is larger than the file.")
            yield b"".join(body[at:behind] for at, behind in extents)


def _locations(body: bytes, start: int, limits: Limits) -> Iterator[tuple[int, int, list[Range]]]:
    """Of each item its id, where its offsets count from (0: file, 1: idat), and its extents: offset, length."""
    version, sizes = body[start], unpack_from(">H", body, start + 4)[0]
    offset, length, base, index = (_NUMBERS[sizes >> shift & 0x0F] for shift in (12, 8, 4, 0))
    index = index if version else ""
    position = start + 6
    number = "I" if version == 2 else "H"
    (count,) = unpack_from(f">{number}", body, position)
    position += calcsize(number)
    if count > limits.segments:
        raise too_large("items", count, limits.segments)
    for _item in range(count):
        layout = f">{number}{'H' if version else ''}H"
        identity, *method, _reference = unpack_from(layout, body, position)
        position += calcsize(layout)
        origin = sum(unpack_from(f">{base}", body, position))
        position += calcsize(f">{base}")
        (extents,) = unpack_from(">H", body, position)
        position += 2
        found, each = [], f">{index}{offset}{length}"
        if extents > limits.segments:
            raise too_large("extents", extents, limits.segments)
        for _extent in range(extents):
            numbers = list(unpack_from(each, body, position))
            position += calcsize(each)
            long = numbers.pop() if length else 0
            found.append((origin + (numbers.pop() if offset else 0), long))
        yield identity, method[0] & 0x0F if method else 0, found


def _track(body: bytes, table: Range, limits: Limits) -> Iterator[bytes]:
    """The samples of one track."""
    sizes = _only(body, table, "stsz", limits)
    fixed, count = unpack_from(">II", body, sizes + 4)
    if count > limits.frames:
        raise too_large("frames", count, limits.frames)
    wide = bool(_find(body, table, "co64", limits))
    chunks = _only(body, table, "co64" if wide else "stco", limits)
    runs = _only(body, table, "stsc", limits)
    (lots,) = unpack_from(">I", body, runs + 4)
    (chunk_count,) = unpack_from(">I", body, chunks + 4)
    if max(lots, chunk_count) > limits.segments:
        raise too_large("chunks", max(lots, chunk_count), limits.segments)
    lot, sample = -1, 0
    for chunk in range(chunk_count):
        while lot + 1 < lots and unpack_from(">I", body, runs + 8 + 12 * (lot + 1))[0] <= chunk + 1:
            lot += 1
        (position,) = unpack_from(">Q" if wide else ">I", body, chunks + 8 + (8 if wide else 4) * chunk)
        for _sample in range(unpack_from(">I", body, runs + 12 + 12 * lot)[0]):
            if sample == count:
                return
            length = fixed or unpack_from(">I", body, sizes + 12 + 4 * sample)[0]
            yield body[position : position + length]
            position, sample = position + length, sample + 1
