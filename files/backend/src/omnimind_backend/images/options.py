"""What is wanted of a picture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Side = Annotated[int, Field(ge=1, le=16_384)]


class Options(BaseModel):
    """The parameters of a request, checked.

    Args:
        format: of the output.
        quality: 1 to 100, on the scale of the format; the format's own default where it is not given.
        width: of the box that the picture is made to fit, in pixels, seen upright. The picture keeps its proportions,
            and is never enlarged.
        height: of that box.
        background: RRGGBB, behind a transparent picture that becomes a JPEG.
        still: take the first frame of an animation.
        allow_larger: answer with the picture even where it has no fewer bytes than the input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["webp", "avif", "jpeg"] = "webp"
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    width: Side | None = None
    height: Side | None = None
    background: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{6}$")] = "ffffff"
    still: bool = False
    allow_larger: bool = False
