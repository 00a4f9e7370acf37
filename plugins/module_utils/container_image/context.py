# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a build context holds, and the digest that tells whether an image is made of it."""
from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

# Docker sends these two whatever the patterns say.
ALWAYS = ("Dockerfile", ".dockerignore")


@dataclass(frozen=True)
class Rule:
    """A line of .dockerignore. `keeps`: it begins with an exclamation mark."""

    keeps: bool
    pattern: re.Pattern[str]


def parse_rules(text: str) -> list[Rule]:
    """The lines of a .dockerignore that say something."""
    rules = []
    for line in map(str.strip, text.splitlines()):
        keeps = line.startswith("!")
        line = line.removeprefix("!").strip().strip("/")
        if line and not (line.startswith("#") and not keeps) and line != ".":
            rules.append(Rule(keeps, re.compile(_expression(line))))
    return rules


def _expression(pattern: str) -> str:
    """A pattern as a regular expression for a whole path: * and ? stay within a name, ** goes through directories."""
    found, rest = [], pattern
    while rest:
        if rest.startswith("**/"):
            found.append("(?:.*/)?")
            rest = rest[3:]
        elif rest.startswith("**"):
            found.append(".*")
            rest = rest[2:]
        elif rest[0] in "*?":
            found.append("[^/]*" if rest[0] == "*" else "[^/]")
            rest = rest[1:]
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            inside = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            found.append(f"[^/{inside[1:]}]" if inside[0] in "^!" else f"[{inside}]")
            rest = rest[end + 1 :]
        elif rest[0] == "\\" and len(rest) > 1:
            found.append(re.escape(rest[1]))
            rest = rest[2:]
        else:
            found.append(re.escape(rest[0]))
            rest = rest[1:]
    return f"{''.join(found)}\\Z"


def is_sent(path: str, rules: Sequence[Rule]) -> bool:
    """Whether a file belongs to the context. The last rule that matches it, or a directory above it, counts."""
    if path in ALWAYS:
        return True
    names = [path, *(str(parent) for parent in PurePosixPath(path).parents if parent.name)]
    sent = True
    for rule in rules:
        if rule.keeps != sent and any(rule.pattern.match(name) for name in names):
            sent = rule.keeps
    return sent


def context_digest(files: Mapping[str, bytes], arguments: Mapping[str, Any]) -> str:
    """The same for the same files and arguments, another for any other byte. Modes and times do not count."""
    listing = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    said = json.dumps([listing, dict(arguments)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files as a compressed tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=6) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """What was packed."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


@dataclass(frozen=True)
class Changes:
    """What makes a directory the context: files to write, and paths to remove."""

    write: list[str]
    remove: list[str]

    def __bool__(self) -> bool:
        return bool(self.write or self.remove)


def changes(wanted: Mapping[str, bytes], present: Mapping[str, bytes], kept: Iterable[str] = ()) -> Changes:
    """What differs; below the directories `kept` nothing is removed."""
    stay = tuple(f"{directory}/" for directory in kept)
    return Changes(
        sorted(name for name, content in wanted.items() if present.get(name) != content),
        sorted(name for name in present if name not in wanted and not name.startswith(stay)),
    )
