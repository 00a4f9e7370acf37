# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A filter over what a package manager printed. It is documented in the YAML file of its name."""
from __future__ import annotations

import re


def apt_new_packages(output):
    """The names of the packages that apt installed anew, out of what it printed."""
    found = re.search(r"^The following NEW packages will be installed:\n((?:  .*\n?)+)", output, re.MULTILINE)
    return found[1].split() if found else []


class FilterModule:
    def filters(self):
        return {"apt_new_packages": apt_new_packages}
