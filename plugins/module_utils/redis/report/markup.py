# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTML that is escaped by construction: text becomes markup in `element` only."""
from __future__ import annotations

from html import escape
from typing import Any

VOID = {"meta"}


class Html(str):
    """Text that is markup already, and is not escaped again."""


def element(tag: str, *children: Any, **attributes: Any) -> Html:
    """An element. Children that are not Html are text; None is left out, of attributes too.

    An underscore at the end of an attribute's name is dropped (`class_`), others are hyphens.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(c if isinstance(c, Html) else escape(str(c)) for c in children if c is not None)
    return Html(f"<{tag}{given}>" if tag in VOID else f"<{tag}{given}>{content}</{tag}>")
