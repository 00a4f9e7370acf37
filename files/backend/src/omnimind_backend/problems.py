"""Every error of the API as application/problem+json (RFC 9457), without internals and without what was sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:omnimind:problem:"  # + the title, which is the same for every problem of a type

logger = logging.getLogger(__name__)


class Problem(Exception):
    """An error that its reader can do something about.

    Args:
        status: HTTP status, 4xx or 5xx.
        title: what went wrong, the same words every time; the type is made of it.
        detail: what went wrong this time. Never holds bytes of the request.
        headers: of the answer, for example Retry-After.
        members: more members of the document, as JSON knows them.
    """

    def __init__(
        self, status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status, self.title, self.detail = status, title, detail
        self.headers = dict(headers or {})
        self.members = members

    def document(self) -> dict[str, Any]:
        """The problem as JSON knows it."""
        kind = TYPES + self.title.lower().replace(" ", "-")
        known = {"type": kind, "title": self.title, "status": self.status}
        return known | ({"detail": self.detail} if self.detail else {}) | self.members

    def again(self) -> Problem:
        """The same, to be kept or raised later: without the traceback, whose frames hold the input in memory."""
        return Problem(self.status, self.title, self.detail, self.headers, **self.members)

    def response(self) -> Response:
        return _answer(self.document(), self.headers)


def is_refusal(error: BaseException) -> bool:
    """Whether an error is an answer to bad input (4xx), and so says nothing against whoever worked on it."""
    return isinstance(error, Problem) and error.status < 500


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document, whoever raises it."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ClientDisconnect, _disconnect)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_request: Request, error: Problem) -> Response:
    return error.response()


async def _http(_request: Request, error: HTTPException) -> Response:
    """What the framework refuses: no such path, a method that is not allowed, ..."""
    if error.status_code in (204, 304):  # These have no body.
        return Response(status_code=error.status_code, headers=error.headers)
    return _answer(_plain(error.status_code, error.detail), error.headers)


async def _validation(_request: Request, error: RequestValidationError) -> Response:
    """Say which parameter is wrong and what would be right, not what was given.

    The name of a parameter that nobody knows is the client's, too.
    """
    wrong = [
        {"detail": "no such parameter"} if found["type"] == "extra_forbidden"
        else {"parameter": ".".join(map(str, found["loc"][1:] or found["loc"])), "detail": found["msg"]}
        for found in error.errors()
    ]  # fmt: skip
    detail = "; ".join(": ".join(problem.values()) for problem in wrong)
    return Problem(422, "Invalid parameters", detail, errors=wrong).response()


async def _disconnect(_request: Request, _error: ClientDisconnect) -> Response:
    """Nobody is there to read it; the status is for the log."""
    return Response(status_code=400)


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(_plain(500, "The reason is in the log of the server."))


def _plain(status: int, detail: str) -> dict[str, Any]:
    """A problem that is nothing more than its status."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status} | ({"detail": detail} if detail != title else {})


def _answer(document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    fixed = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return JSONResponse(document, document["status"], {**fixed, **(headers or {})}, MEDIA_TYPE)
