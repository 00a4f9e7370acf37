# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build contexts on disk: read where the source is, laid down where the image is built."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .context import Changes, changes, is_sent, parse_rules
from .errors import ImageFailure


def read_source(directory: Path, left_out: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of the context by name, without the directories `left_out`; ImageFailure without a Dockerfile."""
    if not (directory / "Dockerfile").is_file():
        raise ImageFailure(f"source: {directory} has no Dockerfile")
    ignore = directory / ".dockerignore"
    rules = parse_rules(ignore.read_text(encoding="utf-8") if ignore.is_file() else "")
    skipped = tuple(f"{name}/" for name in left_out)
    files = {}
    for name in _names(directory):
        if name.startswith(skipped) or not is_sent(name, rules):
            continue
        path = directory / name
        if path.is_symlink():
            raise ImageFailure(f"source: {path} is a link, and a context is made of files")
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            raise ImageFailure(f"source: {path} cannot be read: {error.strerror}") from error
    return files


def lay_down(directory: Path, wanted: dict[str, bytes], kept: Iterable[str], check_mode: bool) -> Changes:
    """Make the directory what is wanted, but for the directories `kept`. Everybody can read it, only root write."""
    kept = list(kept)
    skipped = tuple(f"{name}/" for name in kept)
    present = {name: (directory / name).read_bytes() for name in _names(directory) if not name.startswith(skipped)}
    needed = changes(wanted, present, kept)
    if check_mode:
        return needed
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    for name in needed.remove:
        (directory / name).unlink()
    for name in needed.write:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_bytes(wanted[name])
    for name in wanted:
        (directory / name).chmod(0o644)
        for parent in (directory / name).relative_to(directory).parents:
            (directory / parent).chmod(0o755)
    return needed


def _names(directory: Path) -> list[str]:
    """Files and links below a directory, relative to it."""
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    )
