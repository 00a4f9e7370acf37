# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one exception that the modules of this domain turn into a failure."""

from __future__ import annotations

# By its whole name: pylint does not see through two dots that this is an exception.
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure


class MonitoringFailure(Failure):
    """What a user must know when a module of this domain cannot do its work."""
