# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/kubernetes/arguments.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - File that says where clusters are and who asks them.
      - Without it, and without O(host) and O(context), a pod uses its service account, and everybody else
        C(~/.kube/config), or what the variable E(KUBECONFIG) names.
      - Also from E(K8S_AUTH_KUBECONFIG).
    type: path
  context:
    description:
      - Name of the context in O(kubeconfig). Its current one when it is not given.
      - Also from E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API. With it alone no kubeconfig is read; with O(kubeconfig) or O(context) it takes the place of the URL there.
      - Also from E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Token to log in with.
      - Also from E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - User to log in as, where the API takes names and passwords. Goes with O(password).
      - Also from E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password of O(username). O(api_key) wins over both.
      - Also from E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API is checked. As the kubeconfig has it when it is not given, else it is.
      - Also from E(K8S_AUTH_VALIDATE_CERTS) or E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - File with the certificates of the authorities that are trusted, PEM.
      - Also from E(K8S_AUTH_CA_CERT) or E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - File with the certificate to log in with, PEM. Goes with O(client_key).
      - Also from E(K8S_AUTH_CLIENT_CERT) or E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - File with the private key of O(client_cert), PEM.
      - Also from E(K8S_AUTH_CLIENT_KEY) or E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - URL of an HTTP proxy that leads to the API.
      - Also from E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Hosts, domains and networks that are reached without O(proxy), separated by commas.
      - Also from E(K8S_AUTH_NO_PROXY).
    type: str
  request_timeout:
    description: Seconds that the API may take to accept a connection, and for each answer.
    type: float
    default: 30.0
requirements:
  - kubernetes 24.2 or newer (PyPI) on the host that runs the module
notes:
  - Options and variables of the environment are those of C(kubernetes.core), except that O(kubeconfig) is a file.
  - In check mode only readings are sent, and writes with C(dryRun=All), which the API judges but does not keep.
"""
