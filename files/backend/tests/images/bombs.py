"""Pictures that cost far more than they weigh, and files that are none. All are made by code, in milliseconds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from images.pictures import animation, noise, quadrants, saved

BODY = 10 * 2**20  # the most that is accepted


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *before: bytes, bits: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png_of_169_megapixels() -> bytes:
    """One bit a pixel, so that the making is cheap: 21 MB of zeros are 20 kB."""
    return png(13000, 13000, bits=1, colour=0, data=zlib.compress(bytes(13000 * 1626), 1))


def jpeg_of_144_megapixels() -> bytes:
    """A small JPEG that says that it is a large one."""
    body = bytearray(saved(noise(64, 64, "L"), "JPEG"))
    at = body.index(b"\xff\xc0")
    body[at + 5 : at + 9] = struct.pack(">HH", 12000, 12000)
    return bytes(body)


def jpeg_with_a_second_size() -> bytes:
    """The first frame header is small, the one that counts is not."""
    small, large = saved(noise(16, 16, "L"), "JPEG"), jpeg_of_144_megapixels()
    at, end = small.index(b"\xff\xc0"), small.index(b"\xff\xda")
    first = small[at : at + 2 + struct.unpack_from(">H", small, at + 2)[0]]
    return small[:2] + first + large[2:] + small[end:]


def jpeg_of_many_scans() -> bytes:
    """A progressive JPEG whose last scan comes a thousand times: each is a pass over the whole picture."""
    body = saved(Image.new("L", (3000, 3000)), "JPEG", progressive=True)
    at = body.rindex(b"\xff\xda")
    return body[:-2] + body[at:-2] * 1000 + body[-2:]


def jpeg_of_many_segments() -> bytes:
    body = saved(noise(16, 16), "JPEG")
    return body[:2] + b"\xff\xe5\x00\x02" * ((BODY - len(body)) // 4) + body[2:]


def jpeg_of_enormous_exif() -> bytes:
    """160 segments of EXIF, which are joined one by one; then cut off."""
    body = saved(noise(16, 16), "JPEG")
    exif = b"\xff\xe1" + struct.pack(">H", 65535) + b"Exif\0\0" + b"MM\0*\0\0\0\x08" + bytes(65535 - 16)
    return (body[:2] + exif * 159 + body[2:])[:-40]


def jpeg_padded() -> bytes:
    body = saved(noise(16, 16), "JPEG")
    return body[:2] + b"\xff" * (BODY - len(body)) + body[2:]


def gif_of_a_huge_canvas() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + saved(quadrants(), "GIF")[13:]


def gif_whose_frame_is_larger() -> bytes:
    """The canvas is 1 x 1, but a frame lies far outside."""
    body = saved(Image.new("P", (8, 8)), "GIF")
    at = body.index(b",", 13)
    return body[: at + 1] + struct.pack("<HHHH", 60000, 60000, 8, 8) + body[at + 9 :]


def gif_of_many_frames() -> bytes:
    body = saved(Image.new("P", (1, 1)), "GIF")
    at = body.index(b",", 13)
    frame = body[at:-1]
    return body[:at] + frame * ((BODY - len(body)) // len(frame)) + b";"


def gif_of_many_comments() -> bytes:
    body = saved(quadrants(), "GIF")
    at = body.index(b",", 13)
    return body[:at] + b"!\xfe\x01a\x00" * ((BODY - len(body)) // 5) + body[at:]


def gif_of_a_long_comment() -> bytes:
    body = saved(quadrants(), "GIF")
    at = body.index(b",", 13)
    return body[:at] + b"!\xfe" + b"\x01a" * ((BODY - len(body)) // 2 - 2) + b"\0" + body[at:]


def riff(*chunks: bytes) -> bytes:
    content = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def part(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def canvas(width: int, height: int) -> bytes:
    return part(b"VP8X", b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def webp_of_a_huge_canvas() -> bytes:
    frame = bytes(6) + bytes(6) + b"\x32\0\0\0" + saved(Image.new("RGB", (1, 1)), "WEBP")[12:]
    return riff(canvas(16384, 16384), part(b"ANIM", bytes(6)), part(b"ANMF", frame), part(b"ANMF", frame))


def webp_of_many_frames() -> bytes:
    frame = bytes(6) + bytes(6) + b"\x32\0\0\0" + saved(Image.new("RGB", (1, 1)), "WEBP")[12:]
    return riff(canvas(1000, 1000), part(b"ANIM", bytes(6)), part(b"ANMF", frame) * 20000)


def avif_whose_frame_is_huge() -> bytes:
    """Its boxes promise 90 x 70, its frame has 16384 x 16384: libavif would decode all of it, and then scale."""
    body = saved(Image.new("RGB", (90, 70)), "AVIF", speed=10)
    at = body.index(b"\x0a", body.index(b"mdat"))  # the unit that is a sequence header; its length follows
    bits = "000" "1" "1" "01000" + f"{13:04b}" * 2 + f"{16383:014b}" * 2  # a short header: profile, still, level, sides
    header = int(bits.ljust(8 * body[at + 1], "0"), 2).to_bytes(body[at + 1], "big")
    return body[: at + 2] + header + body[at + 2 + len(header) :]


def avif_of_many_frames() -> bytes:
    return animation("AVIF", frames=501, size=(2, 2), speed=10)


def png_of_a_giant_profile() -> bytes:
    """80 MB of zeros, which are less than 1 MB."""
    squeezer = zlib.compressobj(1)
    data = b"".join(squeezer.compress(bytes(2**20)) for _turn in range(80)) + squeezer.flush()
    return png(8, 8, chunk(b"iCCP", b"p\0\0" + data), data=zlib.compress(bytes(8 * 25)))


def png_of_many_profiles() -> bytes:
    data = zlib.compress(bytes(2**20 - 1))
    return png(8, 8, chunk(b"iCCP", b"p\0\0" + data) * 900, data=zlib.compress(bytes(8 * 25)))


def png_of_giant_texts() -> bytes:
    data = zlib.compress(bytes(2**20 - 1))
    return png(
        8, 8, *(chunk(b"zTXt", b"t%d\0\0" % index + data) for index in range(60)), data=zlib.compress(bytes(200))
    )


def png_of_many_chunks() -> bytes:
    return png(8, 8, chunk(b"tEXt", b"") * ((BODY - 200) // 12), data=zlib.compress(bytes(8 * 25)))


def png_of_many_pieces() -> bytes:
    return png(8, 8, chunk(b"IDAT", b"") * ((BODY - 200) // 12), data=zlib.compress(bytes(8 * 25)))


def png_of_many_frames() -> bytes:
    body = animation("PNG")
    at = body.index(b"acTL")
    return body[: at + 4] + struct.pack(">I", 2**31 - 1) + body[at + 8 :]


HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"><rect/></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 30000 30000\n%%EndComments\nshowpage\n"
TIFF = b"II*\0\x08\0\0\0\0\0\0\0\0\0"

BOMBS: dict[str, Callable[[], bytes]] = {
    made.__name__.replace("_", " "): made
    for made in (
        png_of_169_megapixels, jpeg_of_144_megapixels, jpeg_with_a_second_size, jpeg_of_many_scans,
        jpeg_of_many_segments, jpeg_of_enormous_exif, jpeg_padded, gif_of_a_huge_canvas, gif_whose_frame_is_larger,
        gif_of_many_frames, gif_of_many_comments, gif_of_a_long_comment, webp_of_a_huge_canvas, webp_of_many_frames,
        avif_whose_frame_is_huge, avif_of_many_frames, png_of_a_giant_profile, png_of_many_profiles,
        png_of_giant_texts, png_of_many_chunks, png_of_many_pieces, png_of_many_frames,
    )
}  # fmt: skip
NO_PICTURES: dict[str, bytes] = {
    "html": HTML, "svg": SVG, "eps": EPS, "pdf": b"%PDF-1.7\n" + EPS, "tiff": TIFF, "bmp": b"BM" + bytes(60),
    "text": b"hello", "gif by name": b"GIF87" + HTML, "riff, but sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
    "mp4": b"\0\0\0\x20ftypisom" + bytes(20), "icon": b"\0\0\1\0\1\0" + bytes(20),
}  # fmt: skip
