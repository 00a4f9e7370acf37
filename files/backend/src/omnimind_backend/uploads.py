"""Request bodies in memory: counted as they come, whatever Content-Length says."""

from __future__ import annotations

import asyncio

from fastapi import Request

from omnimind_backend.problems import Problem

# What is refused halfway is not read on: the connection cannot be used for a second request.
CLOSE = {"Connection": "close"}


class Uploads:
    """Reads bodies one by one within a limit, and all bodies at a time within a budget.

    Args:
        limit: bytes a body.
        budget: bytes of all bodies that are being read: many slow uploads must not fill the memory.
        seconds: that a body may take to come.
    """

    def __init__(self, limit: int, budget: int = 64 * 2**20, seconds: float = 30.0) -> None:
        self.limit, self.budget, self.seconds = limit, budget, seconds
        self.held = 0  # bytes, of all bodies that are being read

    async def read(self, request: Request) -> bytes:
        """Return the body.

        Raises:
            Problem: 400 without a body, 408 when it comes too slowly, 413 when it is too large, 503 when too many come.
            ClientDisconnect: when the client goes away.
        """
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.limit:
            raise self._too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(self.seconds):
                async for chunk in request.stream():
                    self._count(len(body), len(chunk))
                    body += chunk
        except TimeoutError:
            detail = f"The body did not come within {self.seconds:g} s."
            raise Problem(408, "Upload too slow", detail, CLOSE) from None
        finally:
            self.held -= len(body)
        if not body:
            raise Problem(400, "Empty body", "The body of the request is what is worked on.")
        return bytes(body)

    def _count(self, before: int, more: int) -> None:
        if before + more > self.limit:
            raise self._too_large()
        if self.held + more > self.budget:
            detail = "More is being uploaded than fits in memory."
            raise Problem(503, "Overloaded", detail, {"Retry-After": "2", **CLOSE})
        self.held += more

    def _too_large(self) -> Problem:
        detail = f"A body may have {self.limit} bytes."
        return Problem(413, "Body too large", detail, CLOSE, limit=self.limit)
