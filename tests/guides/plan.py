"""What plan.yml says of pages and commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from guides.pages import Command, commands, pages

FILE = Path(__file__).with_name("plan.yml")
LISTS = ("named", "elsewhere", "not_run")  # of commands that are left out, of all pages or of one


@dataclass(frozen=True)
class PagePlan:
    """How one page is played; plan.yml explains the fields."""

    stage: str
    words: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    stays: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tasks_on: str = ""
    named: tuple[str, ...] = ()
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    not_run: Mapping[str, str] = field(default_factory=dict)
    only_read: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def resolved(self, text: str) -> str:
        """With the stage's own words in the place of those that a reader replaces."""
        for word, own in self.words.items():
            text = text.replace(word, own)
        return text


@cache
def plan() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@cache
def page_plan(page: str) -> PagePlan | None:
    """Of the first pattern that matches the page; none where nobody has thought of it."""
    for pattern, fields in plan()["pages"].items():
        if fnmatch(page, pattern):
            lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
            return PagePlan(**fields | lists)
    return None


def left_out(command: Command) -> str:
    """Which list has a command that is not run here; empty when it is run."""
    own = page_plan(command.page)
    for kind in LISTS:
        if command.text in plan()[kind] or own and command.text in getattr(own, kind):
            return kind
    return ""


def played_pages(stage: str) -> list[str]:
    """Pages of a stage that have something to run, in the order of the plan."""
    order = list(plan()["pages"])

    def turn(page: str) -> int:
        return next(number for number, pattern in enumerate(order) if fnmatch(page, pattern))

    mine = [page for page in pages() if (found := page_plan(page)) and found.stage == stage]
    return sorted((page for page in mine if any(not left_out(one) for one in commands(page))), key=turn)
