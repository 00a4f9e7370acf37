"""Sphinx configuration of the manual; `docs/build` calls it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "omnimind.platform"
author = "OmniMind platform engineers"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
html_theme = "furo"
html_title = "OmniMind platform"  # the name of the collection is too long for the side
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    # System fonts of the reader's own machine; a page loads nothing from elsewhere.
    "light_css_variables": {"color-brand-primary": "#a3262a", "color-brand-content": "#a3262a"},
    "dark_css_variables": {"color-brand-primary": "#ff8f86", "color-brand-content": "#ff8f86"},
}
pygments_style = "default"
pygments_dark_style = "github-dark"
myst_heading_anchors = 3
# Pygments knows no colon in the name of a metric. tests/unit/monitoring parses what runbooks show.
suppress_warnings = ["misc.highlighting_failure"]

REPOSITORY = "https://github.com/omnimind/platform/blob/main/"
ANSIBLE = "https://docs.ansible.com/ansible/latest/"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
CONTENTS = re.compile(r"^\.\. contents::.*\n(?: +:.*\n)*", re.MULTILINE)
OUTSIDE = re.compile(r"\]\(\.\./((?:benchmarks|files|molecule|roles|tests|tools)/)")
# Each alert's page, below the page that lists them. On the web the list itself is the way to them.
RUNBOOKS = "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"


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


def fit_into_manual(app: Sphinx, name: str, source: list[str]) -> None:
    """A page that is also read elsewhere: links out of docs/ lead to the repository, the runbooks get their index, and
    a table of contents is left out, which stands at the side."""
    source[0] = CONTENTS.sub("", source[0])
    source[0] = OUTSIDE.sub(rf"]({REPOSITORY}\1", source[0])
    if name == "runbooks/README":
        source[0] += RUNBOOKS


def keep_navigation_short(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """At the side, only the branch of the page itself is open. All of them on every page would be half of the build."""
    toctree = context["toctree"]
    context["toctree"] = lambda **wishes: toctree(**wishes | {"collapse": True})


def setup(app: Sphinx) -> None:
    """Called by Sphinx once, before it reads a page."""
    app.connect("html-page-context", keep_navigation_short, priority=400)  # before the theme's own
    app.connect("missing-reference", link_to_ansible)
    app.connect("source-read", fit_into_manual)
