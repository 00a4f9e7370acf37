"""Ports of pods over a websocket, as API server and kubelet forward them together (v4.channel.k8s.io).

What a forwarded port leads to is whatever listens at the pod's address on this machine.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from . import frames
from .access import Access, Account
from .errors import ApiError
from .requests import Address

Object = dict[str, Any]
PROTOCOL = "v4.channel.k8s.io"
# Where all forwarded connections come from, so that a server can tell them from others.
SOURCE = "127.0.0.86"


def check(access: Access, account: Account, address: Address, version: str) -> None:
    """403 when an account may not. Since 1.35 a websocket needs the verb that a POST does, too."""
    recent = tuple(map(int, version.split("."))) >= (1, 35)
    for verb in ("get", "create") if recent else ("get",):
        access.check(account, verb, address.kind, address.namespace, address.name, address.part)


def ports(pod: Object, headers: Any, query: Mapping[str, str]) -> list[int]:
    """The ports that are asked for; 400 when it cannot be."""
    if headers.get("Upgrade", "").lower() != "websocket":
        raise ApiError(400, "BadRequest", "Upgrade request required")
    if not pod["spec"].get("nodeName"):
        raise ApiError(400, "BadRequest", f"pod {pod['metadata']['name']} does not have a host assigned")
    if PROTOCOL not in [one.strip() for one in headers.get("Sec-WebSocket-Protocol", "").split(",")]:
        raise ApiError(403, "Forbidden", "requested protocol(s) are not supported")
    if not query.get("ports"):
        raise ApiError(400, "BadRequest", 'query parameter "ports" is required')
    return [int(one) for one in query["ports"].split(",")]


def answer(headers: Any) -> dict[str, str]:
    return {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": frames.accepted(headers["Sec-WebSocket-Key"]),
        "Sec-WebSocket-Protocol": PROTOCOL,
    }


def carry(client: socket.socket, stream: BinaryIO, pod: Object, asked: list[int], ended: threading.Event) -> None:
    """Carry one port until either side ends, or everything does."""
    (port,) = asked

    def send(channel: int, content: bytes) -> None:
        client.sendall(frames.framed(frames.BINARY, bytes([channel]) + content))

    for channel in (0, 1):
        send(channel, struct.pack("<H", port))
    try:
        # The runtime connects inside of the pod, where nothing listens before its container runs.
        server = socket.create_connection((pod["status"]["podIP"], port), timeout=5, source_address=(SOURCE, 0))
    except (OSError, KeyError) as error:
        words = f"failed to execute portforward in network namespace: dial tcp4 127.0.0.1:{port}: connect: {error}"
        send(1, f"error forwarding port {port} to pod {pod['metadata']['name']}, uid : {words}".encode())
        client.sendall(frames.framed(frames.CLOSE, struct.pack("!H", 1000)))
        return
    with server, suppress(OSError):
        threading.Thread(target=_upload, args=(stream, server), name="upload", daemon=True).start()
        server.settimeout(0.1)
        while not ended.is_set():
            try:
                content = server.recv(65536)
            except TimeoutError:
                continue
            if not content:
                break
            send(0, content)
        client.sendall(frames.framed(frames.CLOSE, struct.pack("!H", 1000)))


def _upload(stream: BinaryIO, server: socket.socket) -> None:
    """What the client sends; the server's side ends with it."""
    with suppress(OSError, ValueError):
        while True:
            opcode, content = frames.read(stream)
            if opcode == frames.CLOSE:
                break
            if opcode == frames.BINARY and content[:1] == b"\0":
                server.sendall(content[1:])
        server.shutdown(socket.SHUT_RDWR)
