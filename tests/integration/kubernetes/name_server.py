"""A name server for a process that has its own idea of /etc/resolv.conf: names of pods, as a cluster's DNS has them."""

from __future__ import annotations

import shlex
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_A, _SRV, _IN = 1, 33, 1
_NO_SUCH_NAME = 3


class NameServer:
    """Answers on an address of loopback at port 53, which needs root, as everything that looks names up asks there.

    Args:
        address: one such as 127.77.0.53.
        addresses: IPv4 addresses by name.
        services: for a name such as _metrics._tcp.web, names of pods with their port. They may be changed at any time.
    """

    def __init__(
        self, address: str, addresses: Mapping[str, str], services: Mapping[str, Sequence[tuple[str, int]]]
    ) -> None:
        self.address, self.addresses, self.services = address, addresses, services
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, name="names", daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        # What waits for a message ends by one.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.address, 53))
        self._thread.join()
        self._socket.close()

    def asked_by(self, command: Sequence[str], directory: Path) -> list[str]:
        """The command line of a program that asks here, and of nobody else."""
        file = directory / "resolv.conf"
        file.write_text(f"nameserver {self.address}\nsearch cluster.local\noptions ndots:5\n", encoding="utf-8")
        own = f"mount --bind {shlex.quote(str(file))} /etc/resolv.conf && exec {shlex.join(command)}"
        return ["unshare", "--mount", "sh", "-c", own]

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(1024)
            if not question:
                return
            self._socket.sendto(self._answer(question), sender)

    def _answer(self, question: bytes) -> bytes:
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
        name = ".".join(labels).lower()
        known = name in self.addresses or name in self.services
        records = list(self._records(name, kind))
        flags = 0x8580 | (0 if known else _NO_SUCH_NAME)
        header = question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
        return header + question[12 : at + 5] + b"".join(records)

    def _records(self, name: str, kind: int) -> list[bytes]:
        if kind == _A and name in self.addresses:
            return [_record(_A, socket.inet_aton(self.addresses[name]))]
        if kind == _SRV:
            return [
                _record(_SRV, struct.pack("!HHH", 0, 10, port) + _encoded(pod))
                for pod, port in self.services.get(name, ())
            ]
        return []


def _record(kind: int, content: bytes) -> bytes:
    """About the name that was asked for, which is at byte 12."""
    return struct.pack("!HHHIH", 0xC00C, kind, _IN, 1, len(content)) + content


def _encoded(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
