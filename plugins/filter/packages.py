# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A filter over what a package manager printed. It is documented in the YAML file of its name."""
from __future__ import annotations

import re


def apt_new_packages(output):
    """The names of the packages that apt installed anew, or dpkg from a file, out of what they printed."""
    found = re.search(r"^The following NEW packages will be installed:\n((?:  .*\n?)+)", output, re.MULTILINE)
    files = re.findall(r"^Selecting previously unselected package ([^\s:]+?)(?::\w+)?\.$", output, re.MULTILINE)
    return list(dict.fromkeys((found[1].split() if found else []) + files))


class FilterModule:
    def filters(self):
        return {"apt_new_packages": apt_new_packages}
