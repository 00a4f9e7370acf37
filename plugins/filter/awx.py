# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role awx, and over answers that AWX gives. Each is documented in the YAML file of its name."""

from __future__ import annotations

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.omnimind.platform.plugins.module_utils.awx import plan
from ansible_collections.omnimind.platform.plugins.module_utils.awx.answers import listed
from ansible_collections.omnimind.platform.plugins.module_utils.awx.connection import connection_complaints
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain

_TRUTHS = ("project_update_on_launch", "project_sync", "update_secrets", "slack_successes")


def awx_complaints(variables, brought, options, environment):
    """What is wrong with the variables of the role; no value of a secret is in it."""
    variables = _read(variables)
    found = [
        *connection_complaints(variables["connection"], plain(environment)),
        *plan.complaints(variables, plain(brought), plain(options)),
    ]
    return [f"awx_{text}" for text in found]


def awx_plan(variables, brought, options, found, check_mode=False):
    """What AWX is told, kind by kind."""
    # Braces in it are for AWX: it must not be taken for a template again.
    return wrap_var(plan.plan(_read(variables), plain(brought), plain(options), plain(found), check_mode))


def _read(variables):
    """Variables with their types: on a command line truths and numbers are texts."""
    given = plain(variables)
    truths = {name: boolean(given[name]) for name in _TRUTHS}
    return {**given, **truths, "approval_timeout": int(given["approval_timeout"])}


class FilterModule:
    def filters(self):
        return {
            "awx_complaints": awx_complaints,
            "awx_plan": awx_plan,
            "listed": listed,
        }
