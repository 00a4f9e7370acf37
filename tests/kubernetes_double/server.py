"""The HTTP server: reads requests, writes answers, streams watches, and keeps the log."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import discovery, forwarding, listing
from .access import Access, Account
from .answering import Answering, read_body, review_address
from .api import Api
from .errors import ApiError, no_such_resource
from .requests import Address, Logged, address_of, verb_of

Object = dict[str, Any]


class Server(ThreadingHTTPServer):
    """One API server on loopback, on a port of its own."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, api: Api, access: Access, version: str, encryption: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "https" if encryption else "http"
        if encryption:
            # The handshake is left to the thread of each connection.
            self.socket = encryption.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.api, self.access, self.version = api, access, version
        self.answering = Answering(api, access)
        self.log: list[Logged] = []
        self.ended = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate, or goes without a word, is none of ours to tell of."""
        if not isinstance(sys.exc_info()[1], (ssl.SSLError, ConnectionError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    user, body = "", None

    def log_message(self, *unused: object) -> None:
        """The log is the server's own."""

    def _handle(self) -> None:
        url = urlsplit(self.path)
        self.parts = [unquote(part) for part in url.path.split("/") if part]
        self.query = dict(parse_qsl(url.query))
        self.user, self.body = "", None
        try:
            self._answer()
        except ApiError as error:
            wait = error.status.get("details", {}).get("retryAfterSeconds")
            self._send(error.code, error.status, {"Retry-After": str(wait)} if wait else {})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content_type = self.headers.get("Content-Type", "").split(";")[0].strip()
        if self.parts in (["healthz"], ["livez"], ["readyz"]):
            self._send(200, "ok")
            return
        account = self.server.access.account(self.headers.get("Authorization", ""))
        self.user = account.name
        if self.parts == ["version"]:
            self._send(200, discovery.version(self.server.version))
            return
        if not self.parts or self.parts[0] not in ("api", "apis"):
            self._send(404, "404 page not found\n")
            return
        found = discovery.answer(self.parts, self.headers.get("Host", ""))
        if found is not None:
            discovery.refuse_aggregated(self.headers.get("Accept", ""))
            self._send(200, found)
            return
        self.body = read_body(content, content_type)
        if review_address(self.parts) and self.command == "POST":
            self._send(201, self.server.access.review(account, self.body))
            return
        if len(self.parts) < (3 if self.parts[0] == "api" else 4):
            raise no_such_resource()
        self._operate(account, address_of(self.parts), content_type)

    def _operate(self, account: Account, address: Address, content_type: str) -> None:
        if address.part == "portforward":
            self._forward(account, address)
            return
        if verb_of(self.command, address, self.query) == "watch":
            self._watch(account, address)
            return
        agent = self.headers.get("User-Agent", "")
        code, found, warnings = self.server.answering.answer(
            account, self.command, address, self.query, self.body, content_type, agent
        )
        self._send(code, found, warnings=warnings)

    def _watch(self, account: Account, address: Address) -> None:
        kind, namespace, query = address.kind, address.namespace, dict(self.query)
        self.server.access.check(account, "watch", kind, namespace, address.name, "")
        if address.name:
            query["fieldSelector"] = f"metadata.name={address.name}"
        events = listing.watched(self.server.api.store, kind, namespace, query, self.server.ended.is_set)
        self._log(200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            line = json.dumps(event, sort_keys=True).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _forward(self, account: Account, address: Address) -> None:
        forwarding.check(self.server.access, account, address, self.server.version)
        pod = self.server.api.read(address.kind, address.namespace, address.name)
        ports = forwarding.ports(pod, self.headers, self.query)
        self._log(101)
        self.send_response(101)
        for name, value in forwarding.answer(self.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        forwarding.carry(self.connection, self.rfile, pod, ports, self.server.ended)

    def _send(self, code: int, found: Any, headers: Object | None = None, warnings: Iterable[str] = ()) -> None:
        self._log(code)
        text = isinstance(found, str)
        content = found.encode() if text else json.dumps(found, sort_keys=True).encode()  # as Go writes maps
        self.send_response(code)
        self.send_header("Content-Type", "text/plain" if text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        for warning in dict.fromkeys(warnings):
            escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
            self.send_header("Warning", f'299 - "{escaped}"')
        self.end_headers()
        self.wfile.write(content)

    def _log(self, code: int) -> None:
        path = "/" + "/".join(self.parts)
        self.server.log.append(Logged(self.command, path, self.query, self.body, code, self.user))
