# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A port of a pod as a socket, carried by a websocket to the API, as `kubectl port-forward` does it.

Messages begin with a byte, the channel: 0 has the data of both directions, 1 what the pod's node says when it cannot
reach the port. The first message of each only repeats the port.
"""
from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any, List

PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = b"\0", b"\1"
_BINARY, _CLOSE = 2, 8  # opcodes
_MOST = 65536
_FLUSH_SECONDS = 1.0


class ForwardedSocket(socket.socket):
    """Our end. Where others only see that the connection has ended, it says why when that was told: ConnectionError."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end.family, end.type, end.proto, fileno=end.detach())
        self.complaints: List[str] = []

    def recv(self, *arguments: Any) -> bytes:
        return self._explained(super().recv(*arguments))

    def recv_into(self, *arguments: Any) -> int:
        return self._explained(super().recv_into(*arguments))

    def _explained(self, received: Any) -> Any:
        if not received and self.complaints:
            raise ConnectionError(self.complaints[0])
        return received


def forwarded(websocket: Any, title: str) -> socket.socket:
    """A socket whose bytes travel over the websocket, which belongs to it from now on. `title` begins complaints.

    A thread carries them until either side ends, and never outlives the process.
    """
    ours, end = socket.socketpair()
    made = ForwardedSocket(ours)

    def run() -> None:
        complaint = _carry(websocket, end)
        if complaint:
            made.complaints.append(f"{title}: {complaint}")
        end.close()

    threading.Thread(target=run, name=title, daemon=True).start()
    return made


def _carry(websocket: Any, end: socket.socket) -> str:
    """Carry bytes both ways until one side ends; what the node complains of, or empty."""
    incoming, fresh = bytearray(), {_DATA, _ERROR}
    end.setblocking(False)  # what is not read at once must not hold up what is to be sent
    try:
        while True:
            readable, writable = _wait(websocket.sock, end, bool(incoming))
            if writable:
                del incoming[: end.send(incoming)]
            if end in readable:
                data = end.recv(_MOST)
                if not data:
                    return ""
                websocket.send_binary(_DATA + data)
            while websocket.sock in readable:
                opcode, frame = websocket.recv_data_frame(True)
                if opcode == _CLOSE:
                    return ""
                channel, data = bytes(frame.data[:1]), frame.data[1:]
                if opcode == _BINARY and channel in fresh:
                    fresh.remove(channel)
                elif opcode == _BINARY and channel == _ERROR:
                    return data.decode(errors="replace")
                elif opcode == _BINARY:
                    incoming += data
                # What TLS has decrypted already, no poll sees.
                if not (isinstance(websocket.sock, ssl.SSLSocket) and websocket.sock.pending()):
                    break
    # The packages that carry and that encrypt have exceptions of their own for a connection that ends or stalls.
    except Exception as error:  # pylint: disable=broad-except
        return str(error) or type(error).__name__
    finally:
        with suppress(OSError):
            end.settimeout(_FLUSH_SECONDS)
            end.sendall(incoming)
        with suppress(Exception):
            websocket.send_close()
        websocket.shutdown()


def _wait(far: Any, near: socket.socket, answering: bool) -> Any:
    """Which of the two can be read now, and whether the near one can be written; waits for any of it."""
    poll = select.poll()
    poll.register(far, select.POLLIN)
    poll.register(near, select.POLLIN | (select.POLLOUT if answering else 0))
    events = dict(poll.poll())
    readable = [one for one in (far, near) if events.get(one.fileno(), 0) & ~select.POLLOUT]
    return readable, bool(events.get(near.fileno(), 0) & select.POLLOUT)
