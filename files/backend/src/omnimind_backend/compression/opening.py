"""The headers of a response: held until it is known what becomes of the body, then sent to match that."""

from __future__ import annotations

from typing import Any

from omnimind_backend.compression import headers
from omnimind_backend.compression.outlet import IDENTITY, Outlet
from omnimind_backend.compression.request import Request


class Opening:
    """The application's http.response.start.

    Args:
        message: which is not changed.
        outlet: where it goes.
        request: what it answers.
    """

    __slots__ = ("_message", "_outlet", "_request", "fields", "length")

    def __init__(self, message: dict[str, Any], outlet: Outlet, request: Request) -> None:
        if not isinstance(message.get("headers"), list):  # ASGI allows anything that can be iterated, even once.
            message = {**message, "headers": list(message.get("headers", ()))}
        self._message = message
        self._outlet = outlet
        self._request = request
        self.fields = headers.fields(message["headers"])
        self.length = headers.content_length(self.fields)

    @property
    def status(self) -> int:
        return self._message["status"]

    async def plain(self, skipped: str, varies: bool) -> None:
        """For a body as it is, because of `skipped`."""
        sent = self._message["headers"]
        if varies:
            sent = headers.varying(sent, self.fields)
        if self.fields.get(b"content-encoding", b"").lower() == b"identity":
            sent = headers.without(sent, b"content-encoding")  # It is for Accept-Encoding only.
        if self.status == 304 and self.fields.get(b"etag") in self._request.weak_tags:
            sent = headers.weakened(sent)
        await self._outlet.start({**self._message, "headers": sent}, IDENTITY, skipped)

    def encoded(self, coding: str, size: int | None) -> dict[str, Any]:
        """The message for a body that takes `size` bytes encoded, None for unknown."""
        if "trailers" in self._message and self._message["trailers"]:
            size = None  # Trailers can only follow chunks.
        return {**self._message, "headers": headers.encoded(self._message["headers"], self.fields, coding, size)}
