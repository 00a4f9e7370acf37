# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter over dashboards. It is documented in the YAML file of its name."""

from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.dashboards import dashboard_thresholds


class FilterModule:
    def filters(self):
        return {"dashboard_thresholds": dashboard_thresholds}
