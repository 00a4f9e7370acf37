# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of SERVICE_ARGUMENTS in module_utils/host/services.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description: Name of the service.
    type: str
    required: true
  instances:
    description: Names of the instances. An empty list stands for one service without instances.
    type: list
    elements: str
    default: []
  manager:
    description: What runs the service.
    type: str
    choices: [systemd, supervisor]
    required: true
"""
