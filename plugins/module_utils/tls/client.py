# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of whoever asks a server through TLS, declared once. Documented in doc_fragments/tls_client.py."""
from __future__ import annotations

from typing import Any

CLIENT_ARGUMENTS: dict[str, dict[str, Any]] = {
    "validate_certs": {"type": "bool", "default": True},
    "ca_certs": {"type": "path"},
    "client_cert_file": {"type": "path"},
    "client_key_file": {"type": "path"},
}
CLIENT_TOGETHER = ("client_cert_file", "client_key_file")
