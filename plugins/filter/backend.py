# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the backend. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import cache_url
from ansible_collections.omnimind.platform.plugins.module_utils.backend.page import page


class FilterModule:
    def filters(self):
        return {"backend_cache_url": cache_url, "backend_page": page}
