# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A directory with the wheels of a lock."""
from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import ImageFailure
from .lock import Lacking, download_options, lacking, parse_lock

Run = Callable[[Sequence[str]], "tuple[int, str]"]  # a command to its exit status and output


def fill(
    lock: Path, directory: Path, python: str, machine: str, pip: Sequence[str], wheels: str, run: Run, check_mode: bool
) -> Lacking:
    """Make the directory hold a wheel for each package of the lock, and nothing else; return what was not so.

    Raise ImageFailure with pip's reason when a wheel cannot be had.
    """
    locked, fits = parse_lock(lock.read_text(encoding="utf-8")), f"{python} {machine}"
    before = lacking(locked, _digests(directory), fits)
    if check_mode:
        return before
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    if before.packages:
        _download(lock, directory, [*pip, "download", *_where(wheels), *download_options(python, machine)], run)
    after = lacking(locked, _digests(directory), fits)
    if after.packages:
        raise ImageFailure(f"no wheel for Python {fits}: {', '.join(after.packages)}")
    for name in after.strays:
        (directory / name).unlink()
    for path in directory.iterdir():
        path.chmod(0o644)
    return before


def _where(wheels: str) -> list[str]:
    return ["--no-index", "--find-links", wheels] if wheels else []


def _download(lock: Path, directory: Path, command: list[str], run: Run) -> None:
    """Into a directory of its own first: a run that is cut off leaves no half of a wheel behind."""
    with tempfile.TemporaryDirectory(dir=directory.parent) as scratch:
        status, output = run([*command, "--quiet", "--dest", scratch, "--requirement", str(lock)])
        if status:
            said = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-5:]
            raise ImageFailure(f"wheels of {lock}: {' '.join(said) or f'pip ended with {status}'}")
        for path in Path(scratch).iterdir():
            path.replace(directory / path.name)


def _digests(directory: Path) -> dict[str, str]:
    files = directory.iterdir() if directory.is_dir() else ()
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}
