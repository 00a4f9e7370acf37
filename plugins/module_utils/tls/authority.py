# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small certificate authority: makes keys and certificates, as PEM text. It opens no file and reads no clock."""
from __future__ import annotations

import ipaddress
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

# Clocks differ, and a certificate that begins later than a peer's clock is refused.
BACKDATED = timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: str
    key: str


def make_authority(name: str, now: datetime, days: int) -> Pair:
    """A certificate that signs others, and itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, name, key, now, days)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, names: Sequence[str], now: datetime, days: float) -> Pair:
    """A certificate for a server of these names and addresses, which may also act as a client."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    issuer_key = serialization.load_pem_private_key(authority.key.encode(), password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(names[0][:64], _common_name(issuer.subject), key, now, days)
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    for extension, critical in (
        (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage(purposes), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _pair(builder.sign(issuer_key, hashes.SHA256()), key)


def names_of(certificate: str) -> list[str]:
    """Names and addresses that a certificate is for."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    try:
        found = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found]


def valid_until(certificate: str) -> datetime:
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    if hasattr(loaded, "not_valid_after_utc"):
        return loaded.not_valid_after_utc
    return loaded.not_valid_after.replace(tzinfo=timezone.utc)  # before cryptography 42


def normal_name(name: str) -> str:
    """A name or an address in the one way to write it."""
    return str(_general_name(name).value)


def _general_name(name: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: str, issuer: str, key: Any, now: datetime, days: float) -> Any:
    builder = x509.CertificateBuilder(
        subject_name=_distinguished(subject),
        issuer_name=_distinguished(issuer),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - BACKDATED,
        not_valid_after=now + timedelta(days=days),
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _distinguished(name: str) -> Any:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _common_name(name: Any) -> str:
    return str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _usage(**allowed: bool) -> Any:
    usages = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{usage: allowed.get(usage, False) for usage in usages})


def _pair(certificate: Any, key: Any) -> Pair:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    return Pair(certificate.public_bytes(pem).decode(), private.decode())
