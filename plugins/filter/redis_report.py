# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that report on a Redis Cluster. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.redis.report.figures import figures
from ansible_collections.omnimind.platform.plugins.module_utils.redis.report.page import page

GUIDE = "https://github.com/omnimind/platform/blob/main/docs/guide/slot_check.rst"


def redis_report(cluster, title="Redis Cluster", time="", guide=GUIDE):
    """The cluster as a page of HTML."""
    return page(cluster, title, time, guide)


class FilterModule:
    def filters(self):
        return {"redis_figures": figures, "redis_report": redis_report}
