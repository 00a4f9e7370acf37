# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A directory of configuration as it is and as it shall be: what differs, and how that is told."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

SECRET = "(a secret)\n"
OTHER_SECRET = "(another secret)\n"
REMOVED = "(not shown)\n"


@dataclass(frozen=True)
class Entry:
    """A file that is there.

    Args:
        content: its bytes; None for what is no regular file, and so always to be replaced.
        fits: whether owner, group and mode are as they shall be.
    """

    content: bytes | None
    fits: bool = True


@dataclass(frozen=True)
class Changes:
    """What must be done, paths relative to the directory and sorted.

    Args:
        created: files that are not there yet.
        replaced: files with another content.
        owned: files whose content is right, and owner, group or mode is not.
        removed: files that nobody asked for.
    """

    created: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.replaced or self.owned or self.removed)

    @property
    def written(self) -> list[str]:
        """Files whose content changes."""
        return sorted(self.created + self.replaced)


def changes(present: Mapping[str, Entry], wanted: Mapping[str, bytes], kept: Sequence[str] = ()) -> Changes:
    """What leads from one to the other.

    Args:
        present: what is there, by relative path.
        wanted: contents by relative path.
        kept: patterns of paths that are somebody else's: left alone when they are not wanted.
    """
    both = sorted(path for path in wanted if path in present)
    surplus = sorted(path for path in present if path not in wanted)
    return Changes(
        created=tuple(sorted(path for path in wanted if path not in present)),
        replaced=tuple(path for path in both if present[path].content != wanted[path]),
        owned=tuple(path for path in both if present[path].content == wanted[path] and not present[path].fits),
        removed=tuple(path for path in surplus if not any(fnmatch(path, pattern) for pattern in kept)),
    )


def path_complaints(paths: Iterable[str]) -> list[str]:
    """Paths that would lead out of the directory, or that cannot be there beside one another."""
    given = sorted(paths)
    strange = [path for path in given if not _is_inside(path)]
    found = [f"files: {path!r} is no relative path of a file; right would be one such as rules/own.yml" for path in strange]
    folders = {str(parent) for path in given for parent in PurePosixPath(path).parents}
    return found + [f"files: {path!r} is both a file and a directory" for path in given if path in folders]


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and "\0" not in path and not any(part in ("", ".", "..") for part in parts)


def folders_of(paths: Iterable[str]) -> list[str]:
    """Every directory below the top that files of these paths need, parents first."""
    found = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return sorted(found - {"."})


def differences(
    present: Mapping[str, Entry], wanted: Mapping[str, bytes], secret: Iterable[str], done: Changes
) -> list[dict[str, str]]:
    """What Ansible shows with --diff, a mapping for each file. Of a secret it shows that it is another one; of a file that
    nobody asked for, which may hold anything, only that it goes."""
    hidden = set(secret)
    found = []
    for path in done.created + done.replaced:
        before = _text(present[path].content) if path in present else ""
        after = _text(wanted[path])
        if path in hidden:
            before, after = SECRET if path in present else "", OTHER_SECRET if path in present else SECRET
        found.append({"before": before, "after": after, "before_header": path, "after_header": path})
    for path in done.owned:
        texts = {"before": "owner, group or mode differ\n", "after": "as they shall be\n"}
        found.append({**texts, "before_header": path, "after_header": path})
    for path in done.removed:
        found.append({"before": REMOVED, "after": "", "before_header": path, "after_header": f"{path} (removed)"})
    return found


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode(errors="replace")


def telling(output: str) -> list[str]:
    """The lines of a checking program that say what is wrong, and not what it looks at, or what is right."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and "SUCCESS" not in line]
    return [line for line in lines if "FAILED: " in line or not line.startswith("Checking ")]


def blamed(output: str, sources: Mapping[str, str | Sequence[str]]) -> list[str]:
    """Names of whose input a checking program complains about, by the paths in what it printed.

    Args:
        output: what the program printed.
        sources: names, such as those of variables, by the pattern of the paths that are made from them.
    """
    words = [word for line in telling(output) for word in re.split(r"[\s:,'\"]+", line)]
    found = [
        [names] if isinstance(names, str) else list(names)
        for pattern, names in sources.items()
        if any(fnmatch(word, f"*{pattern}") for word in words)
    ]
    return list(dict.fromkeys(name for names in found for name in names))
