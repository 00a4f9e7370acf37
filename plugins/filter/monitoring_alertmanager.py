# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter that makes the configuration of Alertmanager. It is documented in the YAML file of its name."""

from __future__ import annotations

from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain


def marked(variables, version="0.25"):
    """With texts that Ansible does not take for templates of its own: Alertmanager's look the same."""
    return wrap_var(alertmanager_config(plain(variables), str(version)))


class FilterModule:
    def filters(self):
        return {"alertmanager_config": marked}
