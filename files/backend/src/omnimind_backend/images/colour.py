"""Any mode and any colour profile, to sRGB without a profile."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageChops, ImageCms

# By the colour space that a profile describes: the mode it can be applied to.
MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}


def unpacked(picture: Image.Image) -> Image.Image:
    """Return the picture with a value for each pixel, which can be resized: L, RGB, RGBA or CMYK.

    Palettes, bits, 16-bit grays and single transparent colours are resolved; a picture that is fine is returned itself.
    """
    mode = picture.mode
    if mode.startswith("I"):  # 16 bits of gray: the upper 8; convert() alone would clip.
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        return picture if mode == "RGBA" else picture.convert("RGBA")
    if mode in ("L", "RGB", "CMYK"):
        return picture
    return picture.convert("L" if mode == "1" else "RGB")


def in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an L, RGB, RGBA or CMYK picture in sRGB: L, RGB, or RGBA where something is transparent."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    gray = picture.mode == "L"
    colours = picture.convert("RGB") if alpha else picture
    if profile:
        colours = _converted(colours, profile)
    colours = colours.convert("L" if gray else "RGB")
    if alpha and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a profile; without effect when it is damaged or meant for another kind of picture, as in a browser."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = MODES.get(source.profile.xcolor_space.strip())
        if mode is None or not _fits(picture, mode):
            return picture
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture.convert(mode), source, target, outputMode="RGB") or picture
    except (OSError, ImageCms.PyCMSError):
        return picture


def _fits(picture: Image.Image, mode: str) -> bool:
    """Whether a profile for `mode` can describe the picture; gray with transparency has come here as RGB."""
    if mode == "L" and picture.mode == "RGB":
        red, green, blue = picture.split()
        return not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox())
    return mode == picture.mode or (mode, picture.mode) == ("RGB", "L")


def flattened(picture: Image.Image, background: str) -> Image.Image:
    """Return the picture without transparency, on a colour given as RRGGBB."""
    if picture.mode != "RGBA":
        return picture
    canvas = Image.new("RGBA", picture.size, f"#{background}")
    return Image.alpha_composite(canvas, picture).convert("RGB")
