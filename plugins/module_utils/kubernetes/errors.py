# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong between us and Kubernetes."""
from __future__ import annotations

# By its whole name: pylint does not see through two dots that this is an exception.
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure


class KubernetesFailure(Failure):
    """What a user must know when something about Kubernetes cannot be done."""


class ManifestError(KubernetesFailure):
    """An object is not what the API would take. The message begins with the field's path."""

    def __init__(self, where: str, complaint: str) -> None:
        super().__init__(f"{where}: {complaint}")
