# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks a running server for its certificate, to see whether given authorities trust it."""
from __future__ import annotations

import socket
import ssl


def distrusts(ca: str, host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether the authorities (PEM) reject what the server at a TLS port shows, whatever names it is for.

    Of a server that does not answer, or of authorities that are none, nothing is known: False.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    try:
        context.load_verify_locations(cadata=ca)
        with socket.create_connection((host, port), timeout) as plain, context.wrap_socket(plain):
            return False
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, ValueError):
        return False
