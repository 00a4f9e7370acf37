"""Answers that are no success."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with its status code and body."""

    def __init__(self, code: int, body: dict[str, Any] | list[Any]) -> None:
        super().__init__(f"{code}: {body}")
        self.code, self.body = code, body


def invalid(field: str, message: str) -> ApiError:
    """One field is not as it must be."""
    return ApiError(400, {field: [message]})


def denied(message: str) -> ApiError:
    return ApiError(403, {"detail": message})


def not_found() -> ApiError:
    return ApiError(404, {"detail": "Not found."})
