# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of CLIENT_ARGUMENTS in module_utils/tls/client.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  validate_certs:
    description: Whether the certificate of a server and its host name are checked.
    type: bool
    default: true
  ca_certs:
    description: File with the certificates of the authorities that are trusted, PEM.
    type: path
  client_cert_file:
    description: File with the certificate that is shown to a server, PEM. Goes with O(client_key_file).
    type: path
  client_key_file:
    description: File with the private key of O(client_cert_file), PEM.
    type: path
"""
