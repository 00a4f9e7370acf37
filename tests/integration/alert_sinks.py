"""Slack's webhooks, PagerDuty's Events API v2 and a service of heartbeats, on loopback, as strict as they are documented.

    with sinks_open() as sinks:
        sinks.slack.url, sinks.pagerduty.url, sinks.heartbeat.url
        sinks.slack.answer_next(2, 503)
        wait_until(lambda: sinks.pagerduty.about("HostDown"))

What the real ones would refuse is refused here, with the same status, and is kept in `refused`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

SLACK_PATH = "/services/T0PLANTED/B0PLANTED/plantedslacksecretplanted"
ROUTING_KEY = "PLANTEDKEYPLANTEDKEYPLANTEDKEY00"
HEARTBEAT_PATH = "/planted-heartbeat-secret"
SECRETS = (SLACK_PATH, ROUTING_KEY, HEARTBEAT_PATH)


class Refused(Exception):
    """What is answered to a request that is not as it must be."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.status, self.words = status, words


@dataclass(frozen=True)
class Request:
    """One that was taken.

    Args:
        moment: by time.monotonic().
    """

    moment: float
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.body, ensure_ascii=False)


@dataclass
class Sink:
    """One server. `status` is what it answers when that is no success; the next few answers can be others."""

    path: ClassVar[str]
    status: int = 0
    taken: list[Request] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    attempts: int = 0
    _next: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def answer_next(self, times: int, status: int) -> None:
        """Fail so many requests from now on, and work again."""
        with self._lock:
            self._next = [status] * times

    def answer(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> tuple[int, str, str]:
        """Status, type and text for a request."""
        with self._lock:
            self.attempts += 1
            status = self._next.pop(0) if self._next else self.status
        if status:
            return self.failure(status)
        try:
            body = self.check(method, path, headers, content)
        except Refused as refusal:
            self.refused.append(f"{refusal} {content.decode(errors='replace')[:2000]}")
            return self.failure(refusal.status, refusal.words)
        with self._lock:
            self.taken.append(Request(time.monotonic(), body))
        return self.success(body)

    def check(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
        """The body of a request that is right in all; Refused."""
        raise NotImplementedError

    def success(self, body: Mapping[str, Any]) -> tuple[int, str, str]:
        raise NotImplementedError

    def failure(self, status: int, words: str = "") -> tuple[int, str, str]:
        return status, "text/plain", words or "failed"

    def about(self, *words: str) -> list[Request]:
        """Requests in which all of these words stand."""
        return [request for request in list(self.taken) if all(word in request.text for word in words)]


class Slack(Sink):
    """An incoming webhook: https://api.slack.com/messaging/webhooks, with attachments as in
    https://api.slack.com/reference/messaging/attachments."""

    path = SLACK_PATH
    keys: ClassVar[set[str]] = {
        "channel",
        "username",
        "icon_emoji",
        "icon_url",
        "link_names",
        "attachments",
        "text",
        "blocks",
        "mrkdwn",
    }
    attachment_keys: ClassVar[set[str]] = {
        "title", "title_link", "pretext", "text", "fallback", "callback_id", "fields", "actions", "image_url", "thumb_url", "footer",
        "color", "mrkdwn_in", "author_name", "author_link", "footer_icon", "ts",
    }  # fmt: skip

    def check(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
        if path != self.path:
            raise Refused(404, "no_service")
        if method != "POST" or not headers.get("Content-Type", "").startswith("application/json"):
            raise Refused(400, "invalid_payload")
        body = _json(content, Refused(400, "invalid_payload"))
        if set(body) - self.keys:
            raise Refused(400, "invalid_payload")
        attachments = body.get("attachments", [])
        if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
            raise Refused(400, "invalid_attachments")
        if len(attachments) > 100:
            raise Refused(400, "too_many_attachments")
        if not body.get("text") and not any(one.get("text") or one.get("fallback") for one in attachments):
            raise Refused(400, "no_text")
        for attachment in attachments:
            self._check_attachment(attachment)
        return body

    def _check_attachment(self, attachment: Mapping[str, Any]) -> None:
        bad = Refused(400, "invalid_attachments")
        if set(attachment) - self.attachment_keys:
            raise bad
        if not all(
            isinstance(attachment.get(key, ""), str)
            for key in ("title", "text", "fallback", "color", "title_link", "footer")
        ):
            raise bad
        if not re.fullmatch(r"|good|warning|danger|#[0-9a-fA-F]{6}", attachment.get("color", "")):
            raise bad
        if attachment.get("title_link") and not _is_address(attachment["title_link"]):
            raise bad
        # What is longer is cut, or hidden behind "show more".
        if (
            len(attachment.get("text", "")) > 4000
            or len(attachment.get("title", "")) > 300
            or len(attachment.get("actions", [])) > 5
        ):
            raise Refused(400, "msg_too_long")
        # Text that no bracket opens is shown; a command or a link is what stands in brackets.
        for inner in re.findall(r"<([^<>]*)>", attachment.get("text", "")):
            link, _bar, words = inner.partition("|")
            if not (re.match(r"!date\^\d+\^[^|]+$", link) or _is_address(link)) or not words:
                raise bad

    def success(self, body: Mapping[str, Any]) -> tuple[int, str, str]:
        return 200, "text/html", "ok"

    def failure(self, status: int, words: str = "") -> tuple[int, str, str]:
        return (
            status,
            "text/html",
            words or {404: "no_service", 403: "action_prohibited", 429: "rate_limited"}.get(status, "error"),
        )


class PagerDuty(Sink):
    """The Events API v2: https://developer.pagerduty.com/docs/send-alert-event."""

    path = "/v2/enqueue"
    keys: ClassVar[set[str]] = {
        "routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"
    }  # fmt: skip
    payload_keys: ClassVar[set[str]] = {
        "summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"
    }  # fmt: skip

    def check(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
        if method != "POST" or path != self.path:
            raise Refused(404, "not found")
        if len(content) > 512 * 1024:
            raise Refused(413, "too large")
        if not headers.get("Content-Type", "").startswith("application/json"):
            raise Refused(400, "content type")
        body = _json(content, Refused(400, "JSON"))
        if body.get("routing_key") != ROUTING_KEY:
            raise Refused(400, "'routing_key' is invalid")
        if set(body) - self.keys:
            raise Refused(400, "unknown keys")
        action, key = body.get("event_action"), body.get("dedup_key")
        if action not in ("trigger", "acknowledge", "resolve"):
            raise Refused(400, "'event_action' is invalid")
        if key is None and action != "trigger":
            raise Refused(400, "'dedup_key' is missing or blank")
        if key is not None and (not isinstance(key, str) or not 0 < len(key) <= 255):
            raise Refused(400, "Length of 'dedup_key' is more than the maximum of 255 characters")
        if action == "trigger":
            self._check_payload(body.get("payload"))
        for link in body.get("links", []):
            if set(link) - {"href", "text"} or not _is_address(link.get("href")):
                raise Refused(400, "'links' are invalid")
        for image in body.get("images", []):
            if not str(image.get("src", "")).startswith("https://"):
                raise Refused(400, "'images' are invalid")
        if body.get("client_url") and not _is_address(body["client_url"]):
            raise Refused(400, "'client_url' is invalid")
        return body

    def _check_payload(self, payload: Any) -> None:
        if not isinstance(payload, dict) or set(payload) - self.payload_keys:
            raise Refused(400, "'payload' is invalid")
        for name, longest in (("summary", 1024), ("source", 255)):
            if not isinstance(payload.get(name), str) or not 0 < len(payload[name].strip()) <= longest:
                raise Refused(400, f"'payload.{name}' is missing, blank or too long")
        if payload.get("severity") not in ("critical", "error", "warning", "info"):
            raise Refused(
                400,
                "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
            )
        if not all(isinstance(payload.get(name, ""), str) for name in ("component", "group", "class", "timestamp")):
            raise Refused(400, "'payload' is invalid")
        if not isinstance(payload.get("custom_details", {}), dict):
            raise Refused(400, "'payload.custom_details' is invalid")

    def success(self, body: Mapping[str, Any]) -> tuple[int, str, str]:
        answer = {"status": "success", "message": "Event processed", "dedup_key": body.get("dedup_key", "")}
        return 202, "application/json", json.dumps(answer)

    def failure(self, status: int, words: str = "") -> tuple[int, str, str]:
        answer = {"status": "invalid event", "message": "Event object is invalid", "errors": [words or "failed"]}
        return status, "application/json", json.dumps(answer)

    def events(self, action: str, *words: str) -> list[Request]:
        """Those of an action, `trigger` or `resolve`, in which all of these words stand."""
        return [request for request in self.about(*words) if request.body["event_action"] == action]


class Heartbeat(Sink):
    """Any service that counts requests to an address that is a secret."""

    path = HEARTBEAT_PATH

    def check(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
        if method != "POST" or path != self.path:
            raise Refused(404, "not found")
        return _json(content, Refused(400, "JSON"))

    def success(self, body: Mapping[str, Any]) -> tuple[int, str, str]:
        return 200, "text/plain", "OK"


@dataclass(frozen=True)
class Sinks:
    slack: Slack
    pagerduty: PagerDuty
    heartbeat: Heartbeat

    @property
    def refused(self) -> list[str]:
        return [*self.slack.refused, *self.pagerduty.refused, *self.heartbeat.refused]


@contextmanager
def sinks_open() -> Iterator[Sinks]:
    """All three, until the block is left."""
    sinks = Sinks(Slack(), PagerDuty(), Heartbeat())
    with serving(sinks.slack), serving(sinks.pagerduty), serving(sinks.heartbeat):
        yield sinks


@contextmanager
def serving(sink: Sink) -> Iterator[Sink]:
    """A sink that answers on a port of its own until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, text = sink.answer(self.command, self.path, self.headers, content)
            encoded = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *unused: object) -> None:
            """Tests read what was taken."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(content: bytes, refusal: Refused) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError as error:
        raise refusal from error
    if not isinstance(body, dict):
        raise refusal
    return body


def _is_address(text: Any) -> bool:
    if not isinstance(text, str) or re.search(r"\s", text):
        return False
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
