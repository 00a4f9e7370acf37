# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong between us and Kubernetes."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# By its whole name: pylint does not see through two dots that this is an exception.
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure


class KubernetesFailure(Failure):
    """What a user must know when something about Kubernetes cannot be done."""


class ManifestError(KubernetesFailure):
    """An object is not what the API would take. The message begins with the field's path."""

    def __init__(self, where: str, complaint: str) -> None:
        super().__init__(f"{where}: {complaint}")


class ClusterUnreachable(KubernetesFailure):
    """No answer from where the options lead to, or none that lets us in. What was sent last may have been done."""


class NotRehearsed(KubernetesFailure):
    """Something was about to be changed where only reading and rehearsing is allowed: a mistake of ours."""


class ApiRefusal(KubernetesFailure):
    """The API has answered a request with a refusal.

    Args:
        message: what could not be done to which object, and what the API says.
        status: the HTTP status, such as 409.
        reason: the API's word for it, such as Conflict; may be empty.
        causes: its list of details, each with `reason`, `message` and `field` as far as they are known.
        retry_after: seconds that it asks to wait; 0 when it does not say.
    """

    def __init__(
        self,
        message: str,
        status: int,
        reason: str = "",
        causes: Sequence[Mapping[str, Any]] = (),
        retry_after: int = 0,
    ) -> None:
        super().__init__(message, status=status, reason=reason)
        self.status, self.reason, self.retry_after = status, reason, retry_after
        self.causes = tuple(causes)
