# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter that makes the configuration of Alertmanager. It is documented in the YAML file of its name."""
from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config


class FilterModule:
    def filters(self):
        return {"alertmanager_config": alertmanager_config}
