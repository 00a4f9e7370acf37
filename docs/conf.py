"""Sphinx configuration of the manual; `docs/build` calls it."""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "omnimind.platform"
author = "OmniMind platform engineers"
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "70em", "sidebar_width": "16em", "fixed_sidebar": True}
html_copy_source = False

ANSIBLE = "https://docs.ansible.com/ansible/latest/"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def link_to_ansible(
    app: Sphinx, env: object, node: pending_xref, text: nodes.TextElement
) -> nodes.reference | None:
    """Turn a label of Ansible's own manual into an address, so that the build needs no network.

    A label of ours that does not exist gives None, and with it Sphinx's warning.
    """
    label = node.get("reftarget", "")
    page = ANSIBLE_PAGES.get(label)
    if label.startswith("ansible_collections.") and not label.startswith(f"ansible_collections.{project}."):
        _root, namespace, collection, plugin = label.split("__")[0].split(".", maxsplit=3)
        page = f"collections/{namespace}/{collection}/{plugin}.html"
    if node.get("reftype") == "envvar" and label.startswith("ANSIBLE_"):
        page = f"{ANSIBLE_PAGES['ansible_configuration_settings']}#envvar-{label}"
    return nodes.reference("", "", text, refuri=ANSIBLE + page) if page else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx once, before it reads a page."""
    app.connect("missing-reference", link_to_ansible)
