# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all modules of this domain do with a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible.module_utils.basic import AnsibleModule

from .errors import BackendFailure


@contextmanager
def failures_reported(module: AnsibleModule) -> Iterator[None]:
    """Turn every BackendFailure into the module's failure."""
    try:
        yield
    except BackendFailure as failure:
        module.fail_json(msg=failure.message, **failure.details)
