# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges a certificate by what will be done with it: a server and a client shake hands in memory.

So the verdict on chains, names, purposes and dates is that of OpenSSL itself, and nothing but Python is needed.
"""
from __future__ import annotations

import hashlib
import os
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

DAY = 24 * 3600
ROUNDS = 10  # of messages there and back; a handshake needs three


class Unfit(Exception):
    """What is wrong, as sentences that begin with "certificate", "key" or "ca"."""

    def __init__(self, *complaints: str) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = list(complaints)


@dataclass(frozen=True)
class Bundle:
    """What a server needs, as PEM text: its certificate (with intermediate ones behind it), the private key, and the
    certificates of the authorities that it trusts."""

    certificate: str
    key: str
    ca: str

    @property
    def digest(self) -> str:
        """A short name for exactly these three."""
        return hashlib.sha256("\0".join((self.certificate, self.key, self.ca)).encode()).hexdigest()[:16]


def pem_text(value: str) -> str:
    """PEM text itself, or that of the file that `value` names.

    Raises OSError; it shows `value` only if that is a path, for it may be a key.
    """
    if "-----BEGIN " in value:
        return value
    if not value:
        raise OSError("it is empty; give PEM, or the path of a file")
    if not value.startswith("/"):
        raise OSError("it is neither PEM nor an absolute path")
    return Path(value).read_text()


def judge(bundle: Bundle, names: Sequence[str], now: float, min_seconds: float = DAY) -> float:
    """Until when the certificate is valid, in seconds since the epoch, as `now` is.

    Raises Unfit when it cannot be used, expires within `min_seconds`, or is not for one of the `names`.
    """
    with _contexts(bundle) as (server, client):
        peer = _shake_hands(server, client, None)
        ends = ssl.cert_time_to_seconds(str(peer["notAfter"]))
        found = []
        if ends - now < min_seconds:
            found.append(f"certificate: it expires on {_date(ends)}, too soon: a new one is needed")
        client.check_hostname = True
        found += [
            f"certificate: it is not for {name}, but for {_owners(peer)}"
            for name in names
            if not _is_for(server, client, name)
        ]
    if found:
        raise Unfit(*found)
    return ends


@contextmanager
def _contexts(bundle: Bundle) -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """A server that wants a certificate from its client, as a node does from nodes, and a client with the same."""
    with TemporaryDirectory(prefix="tls-rehearsal-") as directory:
        contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server, client = contexts
        server.verify_mode = ssl.CERT_REQUIRED
        client.check_hostname = False
        chain = _write(directory, "chain", bundle.certificate)
        key = _write(directory, "key", bundle.key)
        for context in contexts:
            try:
                context.load_verify_locations(cadata=bundle.ca)
            except (ssl.SSLError, ValueError) as error:
                raise Unfit(f"ca: it holds no certificate in PEM ({_words(error)})") from error
            try:
                context.load_cert_chain(chain, key, password=_no_password)
            except (ssl.SSLError, ValueError) as error:
                raise _unloadable(error, chain) from error
        yield contexts


def _no_password() -> bytes:
    raise ValueError("it is encrypted")


def _unloadable(error: Exception, chain: str) -> Unfit:
    reason = _words(error)
    if "KEY_VALUES_MISMATCH" in str(error) or "KEY_TYPE_MISMATCH" in str(error):
        return Unfit("key: it does not belong to the certificate")
    if "is encrypted" in reason:
        return Unfit("key: it is encrypted, and a server could not start without a person; give it in plain")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(chain)
    except (ssl.SSLError, ValueError):
        return Unfit(f"certificate: it holds no certificate in PEM ({reason})")
    return Unfit(f"key: it holds no private key in PEM ({reason})")


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> dict[str, object]:
    """The certificate as the client sees it. Raises Unfit when either side refuses the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _round in range(ROUNDS):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                side = "as a server's" if end is ends[0] else "as a client's, which nodes show each other"
                reason = error.verify_message
                if "issuer" in reason or "self" in reason:
                    raise Unfit(f"ca: the certificate is not signed by these authorities ({reason})") from error
                raise Unfit(f"certificate: it would not be accepted {side}: {reason}") from error
            except ssl.SSLError as error:
                raise Unfit(f"certificate: it cannot be used: {_words(error)}") from error
    return ends[0].getpeercert() or {}


def _is_for(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    try:
        _shake_hands(server, client, name)
    except Unfit:
        return False
    return True


def _owners(peer: dict[str, object]) -> str:
    names = peer.get("subjectAltName") or ()
    return ", ".join(text for kind, text in names) or "no name at all (it has no subjectAltName)"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d at %H:%M UTC", time.gmtime(seconds))


def _words(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)


def _write(directory: str, name: str, text: str) -> str:
    path = os.path.join(directory, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)
    return path
