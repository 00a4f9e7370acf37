# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: awx_found
short_description: What an AWX holds under a name, or in an organization
description:
  - Asks AWX with the lookup C(awx.awx.controller_api) for all objects that the role C(awx) may have made, and for all
    that others keep in the same organization. Templates come with their surveys and with who is told.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: What names begin with.
    required: true
  organization:
    description: The organization.
    type: str
    required: true
  connection:
    description: How AWX is reached, by the names that modules of C(awx.awx) have for it. What is not in it is taken from the
      environment.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Templates of the platform
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.awx_found', 'OmniMind', organization='OmniMind').job_templates }}"
"""

RETURN = r"""
_raw:
  description: Objects as the API shows them, by kind.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

from ansible_collections.omnimind.platform.plugins.module_utils.awx.connection import lookup_options

# What has names, in one organization or in all; and what tells of the other kinds.
KINDS = (
    "credentials",
    "execution_environments",
    "projects",
    "inventories",
    "notification_templates",
    "job_templates",
    "workflow_job_templates",
)
TOLD = ("notification_templates_error", "notification_templates_success", "notification_templates_approvals")
_MANY = {"return_all": True, "return_objects": True, "max_objects": 10000}


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        connection = lookup_options(self.get_option("connection"))
        self._asked = lookup_loader.get("awx.awx.controller_api", loader=self._loader, templar=self._templar)
        if self._asked is None:
            raise AnsibleError("the collection awx.awx is missing; install it with ansible-galaxy")
        self._asking = {"variables": variables, **connection}
        return [self._found(name, self.get_option("organization")) for name in terms]

    def _found(self, name, organization):
        ours = {"or__name__startswith": name, "or__organization__name": organization}
        found = {kind: self._all(kind, ours) for kind in KINDS}
        found["organizations"] = self._all("organizations", {"name": organization})
        found["credential_types"] = self._all("credential_types", {"name__startswith": name})
        found["inventory_sources"] = self._all("inventory_sources", {"inventory__name__startswith": name})
        for item in found["organizations"]:
            item["galaxy_credentials"] = self._names(item["related"]["galaxy_credentials"])
        of_workflows = {"workflow_job_template__name__startswith": name}
        found["workflow_job_template_nodes"] = self._all("workflow_job_template_nodes", of_workflows)
        for item in found["job_templates"]:
            item["survey"] = self._one(item["related"]["survey_spec"]) if item["name"].startswith(name) else {}
        for item in found["job_templates"] + found["workflow_job_templates"]:
            addresses = {told: item["related"].get(told) for told in TOLD} if item["name"].startswith(name) else {}
            item["told"] = {told: self._names(address) for told, address in addresses.items() if address}
        return found

    def _names(self, address):
        return [item["name"] for item in self._all(address, {})]

    def _all(self, address, query):
        return self._asked.run([address], query_params=query, **self._asking, **_MANY)

    def _one(self, address):
        return self._asked.run([address], **self._asking)[0]
