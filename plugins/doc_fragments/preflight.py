# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of PREFLIGHT_ARGUMENTS in module_utils/reporting.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  variable_prefix:
    description: What is put before the names of options in messages, as the prefix of a role's variables.
    type: str
    default: ""
  unknown_variables:
    description: Sentences about variables that look like the role's but are none, by the lookup
      P(omnimind.platform.unknown_variables#lookup). Each is a reason to refuse.
    type: list
    elements: str
    default: []
"""
