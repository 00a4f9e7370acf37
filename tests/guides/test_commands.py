"""Every command of every page has a stage where it is run, and is one that its program takes.

tests/guides/played.py runs them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.cli.adhoc import AdHocCLI
from ansible.cli.doc import DocCLI
from ansible.cli.inventory import InventoryCLI
from ansible.cli.playbook import PlaybookCLI
from guides.known import tags, targets, variables
from guides.pages import ROOT, Command, commands, pages
from guides.plan import LISTS, left_out, page_plan, plan
from guides.stages import STAGES

ADVICE = "tests/guides/README.md says what to do"
SEPARATORS = {"|", "||", "&&", ";", "&"}
PARSERS = {
    "ansible": AdHocCLI,
    "ansible-doc": DocCLI,
    "ansible-inventory": InventoryCLI,
    "ansible-playbook": PlaybookCLI,
}
WITH_COMMANDS = [page for page in pages() if commands(page)]
NAME = "omnimind.platform."


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_has_a_stage(page: str) -> None:
    found = page_plan(page)
    assert found, f"{page} has commands and no stage: {ADVICE}"
    assert found.stage in STAGES, f"{page}: there is no stage {found.stage}"


@pytest.mark.parametrize("kind", LISTS)
def test_what_is_left_out_is_on_a_page(kind: str) -> None:
    there = {command.text for page in WITH_COMMANDS for command in commands(page)}
    assert sorted(set(plan()[kind]) - there) == []


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_what_is_said_of_a_page_is_of_that_page(page: str) -> None:
    found = page_plan(page)
    assert found, ADVICE
    texts = {command.text for command in commands(page)}
    assert set(found.stays) <= texts | set(found.before)
    assert {text for kind in LISTS for text in getattr(found, kind)} <= texts


def test_a_command_is_left_out_for_one_reason() -> None:
    lists = [set(plan()[kind]) for kind in LISTS]
    assert sum(map(len, lists)) == len(set().union(*lists))
    assert all(plan()["not_run"].values()), "each has its reason"


def test_what_is_run_elsewhere_is_run_there() -> None:
    """The file has what plan.yml says it runs: the command itself where nothing else is said."""
    plans = [found.elsewhere for page in WITH_COMMANDS if (found := page_plan(page))]
    for command, where in [one for found in (plan()["elsewhere"], *plans) for one in found.items()]:
        file, words = where if isinstance(where, list) else (where, command)
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{file} does not run {words}"


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_commands_are_such(page: str) -> None:
    """The shell takes each; options, playbooks, inventories, variables and tags of Ansible's are known."""
    found = page_plan(page)
    assert found, ADVICE
    wrong = [
        f"{command}\n{complaint}"
        for command in commands(page)
        if left_out(command) != "named"
        for complaint in complaints(command, found.resolved(command.text))
    ]
    assert not wrong, "\n".join(wrong)


def complaints(command: Command, script: str) -> Iterator[str]:
    taken = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
    if taken.returncode:
        yield taken.stderr
        return
    for words in simple_commands(script):
        if words[0] in PARSERS:
            yield from wrong_with_ansible(words)
        elif words[0] == "make":
            asked = [word for word in words[1:] if "=" not in word]
            yield from (f"make has no {target}" for target in asked if target not in targets())
        elif words[0] == "python3" and words[1].endswith(".py") and not (ROOT / words[1]).is_file():
            yield f"there is no {words[1]}"


def simple_commands(script: str) -> Iterator[list[str]]:
    """The words of each command of a pipeline or list, without the variables before it."""
    words: list[str] = []
    lexer = shlex.shlex(re.sub(r"\$\([^()]*\)", "SUBSTITUTED", script), posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "", True
    for word in [*lexer, ";"]:
        if word not in SEPARATORS:
            words.append(word)
            continue
        while words and words[0].partition("=")[1] and words[0].partition("=")[0].isidentifier():
            words.pop(0)
        if words:
            yield words
        words = []


def wrong_with_ansible(words: list[str]) -> Iterator[str]:
    cli = PARSERS[words[0]](words)
    cli.init_parser()
    try:
        options = cli.parser.parse_args(words[1:])
    except SystemExit:
        yield f"{words[0]} does not take these options"
        return
    for inventory in getattr(options, "inventory", None) or []:
        if not (ROOT / inventory).exists() and inventory not in laid_down():
            yield f"there is no inventory {inventory}"
    own = ""
    if words[0] == "ansible-playbook":
        for playbook in options.args:
            name = playbook.removeprefix(NAME)
            path = ROOT / playbook if name == playbook else ROOT / "playbooks" / f"{name}.yml"
            if not path.is_file():
                yield f"there is no playbook {playbook}"
            else:
                own += path.read_text(encoding="utf-8")
    for given in getattr(options, "extra_vars", None) or []:
        for name in variables_in(given):
            if name not in variables() and not re.search(rf"\b{name}\b", own):
                yield f"neither a role nor the playbook has a variable {name}"
    for tag in ",".join(getattr(options, "tags", None) or []).split(","):
        if tag and tag not in tags():
            yield f"there is no tag {tag}"


def laid_down() -> set[str]:
    """Directories of files that plans of pages lay down."""
    files = [Path(name) for fields in plan()["pages"].values() for name in fields.get("files", {})]
    return {str(parent) for file in files for parent in (file, *file.parents)}


def variables_in(given: str) -> list[str]:
    """Names of an -e: `name=value ...`, or a mapping."""
    if given.startswith(("{", "[")):
        return list(yaml.safe_load(given))
    return [] if given.startswith("@") else [word.partition("=")[0] for word in shlex.split(given)]
