# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Job templates of AWX and workflows over them, from short descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.awx import surveys
from ansible_collections.omnimind.platform.plugins.module_utils.awx.ownership import Found, marked

Template = Mapping[str, Any]
Options = Mapping[str, Mapping[str, Any]]

_KNOWN = ("title", "description", "playbook", "inventory", "needs", "rehearsal", "survey", "variables")
_REQUIRED = ("title", "description", "playbook", "inventory")
_APPROVAL = "Look at what the rehearsal says would happen, then approve or deny."


def wanted_templates(
    brought: Mapping[str, Template], more: Mapping[str, Template], inventories: Mapping[str, str]
) -> dict[str, Template]:
    """Templates by key: those of the collection whose inventory there is, and the user's, which go before."""
    own = {key: template for key, template in brought.items() if template["inventory"] in inventories}
    return {key: template for key, template in {**own, **more}.items() if template}


def template_complaints(
    templates: Mapping[str, Template], inventories: Mapping[str, str], options: Options
) -> Iterator[str]:
    titles: dict[str, str] = {}
    for key, template in templates.items():
        lacking = [field for field in _REQUIRED if not template.get(field)]
        strange = [field for field in template if field not in _KNOWN]
        if lacking or strange:
            yield f"more_templates: {key} lacks {lacking} or has unknown {strange}; right would be {', '.join(_KNOWN)}"
            continue
        if template["inventory"] not in inventories:
            yield f"more_templates: {key} has the inventory {template['inventory']}, which is not in awx_inventories"
        if titles.setdefault(template["title"], key) != key:
            yield f"more_templates: {key} has the title of {titles[template['title']]}"
        yield from (f"more_templates: {key}: {text}" for text in surveys.unasked(template.get("survey", ()), options))


def job_template(template: Template, name: str, options: Options) -> dict[str, Any]:
    """What AWX is told of a template, but for what it refers to."""
    spec = surveys.survey(template.get("survey", ()), options)
    return {
        "name": template_name(template, name),
        "description": marked(template["description"], name),
        "playbook": template["playbook"],
        "inventory": f"{name} {template['inventory']}",
        "job_type": "run",
        "ask_job_type_on_launch": rehearses(template),
        "ask_diff_mode_on_launch": True,
        "ask_verbosity_on_launch": True,
        # What is about a whole cluster must see all of it, and be alone.
        "ask_limit_on_launch": False,
        "allow_simultaneous": False,
        "survey_enabled": spec != {},
        "survey": spec,
        "extra_vars": dict(template.get("variables", {})),
    }


def rehearses(template: Template) -> bool:
    """Whether it can be run in check mode."""
    return bool(template.get("rehearsal", True))


def template_name(template: Template, name: str) -> str:
    return f"{name}: {template['title']}"


def workflow_nodes(
    nodes: Sequence[Mapping[str, Any]], templates: Mapping[str, Template], name: str, project: str, timeout: int
) -> list[dict[str, Any]]:
    """Nodes that follow one another, in the order in which they can be made: the last first.

    awx.awx looks for links of a node that awaits an approval at the approval itself, where there are none: such a node
    is made first and linked then.
    """
    made: list[dict[str, Any]] = []
    for node, follower in reversed([*zip(nodes, [*nodes[1:], None])]):
        links = {"identifier": node["id"], "success_nodes": [follower["id"]] if follower else []}
        if "approval" in node:
            approval = {"name": node["approval"], "description": _APPROVAL, "timeout": timeout}
            made += [{"identifier": node["id"], "approval_node": approval}, links]
        elif "template" in node:
            kind = (
                {"job_type": "check" if node.get("rehearsal") else "run"}
                if rehearses(templates[node["template"]])
                else {}
            )
            made.append({**links, "unified_job_template": template_name(templates[node["template"]], name), **kind})
        else:
            made.append({**links, "unified_job_template": project})
    return made


def possible(nodes: Sequence[Mapping[str, Any]], templates: Mapping[str, Template]) -> bool:
    """Whether every template of a workflow is there."""
    return all(node.get("template") is None or node["template"] in templates for node in nodes)


def stale_nodes(found: Found, workflow: str, nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Nodes that a workflow of ours has and shall not have."""
    wanted = {node["identifier"] for node in nodes}
    return [
        node["identifier"]
        for node in found.get("workflow_job_template_nodes", ())
        if node["summary_fields"]["workflow_job_template"]["name"] == workflow and node["identifier"] not in wanted
    ]
