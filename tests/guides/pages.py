"""The commands and YAML examples of the guides, as they stand there."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("README.md", "docs/**/*.rst", "docs/**/*.md")

PROMPTED, PLAIN, YAML = ("console", "shell-session"), ("sh", "shell", "bash"), ("yaml", "yaml+jinja")
# Beginning of a block, its language, and what its lines are indented by; RST first, then Markdown.
_BLOCK = re.compile(r"^(?P<indent> *)(?:\.\. code-block:: *(?P<rst>\S+)|```(?P<md>\S+)) *$")
_SPAN = {".rst": re.compile(r"``(.+?)``", re.DOTALL), ".md": re.compile(r"(?<!`)`([^`]+)`(?!`)")}
# A span within a sentence is a command when it begins so, and goes on.
PROGRAMS = (
    "amtool", "ansible", "ansible-builder", "ansible-doc", "ansible-galaxy", "ansible-inventory", "ansible-navigator",
    "ansible-playbook", "ansible-runner", "ansible-vault", "apt", "apt-get", "chronyc", "curl", "docker", "du",
    "git", "journalctl", "kubectl", "make", "nvidia-smi", "openssl", "pip", "podman", "printf", "promtool", "python",
    "python3", "redis-cli", "redis-server", "ss", "ssh", "sudo", "supervisorctl", "systemctl",
)  # fmt: skip
_COMMENT = re.compile(r"\s+#\s.*$")


class Command(NamedTuple):
    """One command: where it is, what is typed, and what the page shows of its output."""

    page: str
    line: int
    text: str
    output: str = ""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


class Example(NamedTuple):
    """A block of YAML. A comment as its first line may name the file that it is."""

    page: str
    line: int
    text: str

    @property
    def file(self) -> str:
        found = re.match(r"# (\S+\.ya?ml)\b", self.text)
        return found[1] if found else ""


def pages() -> list[str]:
    """Every page of the guides, relative to the root."""
    found = {str(path.relative_to(ROOT)) for pattern in GUIDES for path in ROOT.glob(pattern)}
    return sorted(page for page in found if not page.startswith("docs/_"))


def read(page: str) -> list[Command | Example]:
    """The commands and examples of a page, in their order."""
    return list(parse(page, (ROOT / page).read_text(encoding="utf-8")))


def commands(page: str) -> list[Command]:
    return [part for part in read(page) if isinstance(part, Command)]


def examples(page: str) -> list[Example]:
    return [part for part in read(page) if isinstance(part, Example)]


def parse(page: str, text: str) -> Iterator[Command | Example]:
    """As `read`, of a page that has this text."""
    prose: list[str] = []  # with empty lines in the place of blocks, so that lines keep their numbers
    found: list[Command | Example] = []
    lines = text.splitlines()
    while len(prose) < len(lines):
        block = _BLOCK.match(lines[len(prose)])
        if not block:
            prose.append(lines[len(prose)])
            continue
        begin = len(prose) + 1
        end = _end(lines, begin, block)
        body = textwrap.dedent("\n".join(lines[begin:end]))
        found += _block(page, begin + 1, block["rst"] or block["md"], body)
        prose += [""] * (end - len(prose))
    found += _spans(page, "\n".join(prose))
    yield from sorted(found, key=lambda part: part.line)


def _end(lines: list[str], begin: int, block: re.Match[str]) -> int:
    """The line after a block: of RST the first that is indented no deeper, of Markdown its closing fence."""
    indent = block["indent"]
    for number, line in enumerate(lines[begin:], begin):
        closes = line.strip() == "```" if block["md"] else line.strip() and not line.startswith(f"{indent} ")
        if closes:
            return number
    return len(lines)


def _block(page: str, line: int, language: str, body: str) -> Iterator[Command | Example]:
    if language in YAML:
        lead = len(body) - len(body.lstrip("\n"))
        yield Example(page, line + lead, body.strip("\n") + "\n")
    elif language in PROMPTED:
        yield from _session(page, line, body)
    elif language in PLAIN:
        prompted = "".join(f"$ {one}\n" if one.strip() else "\n" for one in body.replace("\\\n", "\0").splitlines())
        yield from _session(page, line, prompted.replace("\0", "\\\n"))


def _session(page: str, line: int, body: str) -> Iterator[Command]:
    """Commands behind a prompt, to the end of what they quote or continue; other lines are output."""
    typed: list[str] = []
    shown: list[str] = []
    began = line
    for number, one in enumerate(body.splitlines(), line):
        if one.startswith("$ "):
            if typed:
                yield Command(page, began, _joined(typed), textwrap.dedent("\n".join(shown)).strip("\n"))
            typed, shown, began = [one.removeprefix("$ ")], [], number
        elif typed and not shown and _is_unfinished(typed):
            typed.append(one)
        elif typed:
            shown.append(one)
    if typed:
        yield Command(page, began, _joined(typed), textwrap.dedent("\n".join(shown)).strip("\n"))


def _is_unfinished(typed: list[str]) -> bool:
    if typed[-1].endswith("\\"):
        return True
    try:
        shlex.split("\n".join(typed), comments=True)
    except ValueError:
        return True
    return False


def _joined(typed: list[str]) -> str:
    """As one line where it is one, and without a comment behind it."""
    text = re.sub(r"\\\n *", "", "\n".join(typed))
    return _COMMENT.sub("", text) if "\n" not in text else text


def _spans(page: str, prose: str) -> Iterator[Command]:
    for span in _SPAN[Path(page).suffix].finditer(prose):
        text = " ".join(span[1].split()).replace("\\|", "|")
        program, _blank, rest = text.partition(" ")
        if program in PROGRAMS and rest and "\n\n" not in span[1]:
            yield Command(page, prose.count("\n", 0, span.start()) + 1, text)
