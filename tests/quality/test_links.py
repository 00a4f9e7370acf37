"""Links of Markdown pages to files of the repository lead somewhere, and to the heading that they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality.tools import ROOT, tracked_files

PAGES = [name for name in tracked_files() if name.endswith(".md")]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if not target.startswith(("https://", "http://")):
            path, _hash, anchor = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not anchor or anchor in headings(file), target


def headings(page: Path) -> set[str]:
    """The anchors that a reader of Markdown gives to headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
