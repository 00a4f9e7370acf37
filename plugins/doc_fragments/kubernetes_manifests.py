# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/kubernetes/gathering.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  source:
    description:
      - Where the objects are that are looked at.
      - V(live) is the cluster, and V(definitions) is O(definitions), for which no cluster is asked.
      - V(both) is the cluster as it would be with O(definitions), which stand for objects of the same kind and name.
      - When it is not given, it is V(definitions) where there are any, else V(live).
    type: str
    choices: [live, definitions, both]
  definitions:
    description:
      - Manifests, each a mapping as in a file for C(kubectl apply). Without a namespace one is in C(default).
      - Those of kinds that the module does not look at are named in RV(ignored).
    type: list
    elements: dict
  namespaces:
    description: Namespaces of the cluster to look at; all when it is not given.
    type: list
    elements: str
  absent:
    description: Objects of the cluster that are supposed to be gone, as V(PodDisruptionBudget shop/web). Those that are
      not there are gone already.
    type: list
    elements: str
    default: []
"""
