# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sources of a backend as one archive, and a digest of what is in it and nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .errors import BackendFailure

LOCK = "requirements.txt"
PACKAGE = "src/omnimind_backend"
COMPILED = ".pyc"


def read_sources(directory: Path) -> dict[str, bytes]:
    """The lock and the package's files by their path below the directory; BackendFailure when one is missing."""
    for name in (LOCK, f"{PACKAGE}/__main__.py"):
        if not (directory / name).is_file():
            raise BackendFailure(f"{directory} has no {name}; right would be a directory such as files/backend")
    paths = [directory / LOCK, *sorted((directory / PACKAGE).rglob("*"))]
    names = {path.relative_to(directory).as_posix(): path for path in paths if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(names.items()) if not name.endswith(COMPILED)}


def digest_of(files: Mapping[str, bytes], *more: str) -> str:
    """The same for the same names and bytes, whenever and wherever they are read."""
    found = hashlib.sha256()
    for part in (*more, *(item for name in sorted(files) for item in (name, files[name]))):
        data = part.encode() if isinstance(part, str) else part
        found.update(b"%d:" % len(data) + data)
    return found.hexdigest()[:12]


def pack(files: Mapping[str, bytes]) -> str:
    """The files as a zip archive in Base64."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return base64.b64encode(buffer.getvalue()).decode()


def unpack(text: str) -> dict[str, bytes]:
    """What `pack` packed; BackendFailure for anything else, and for a name that leads out of its directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(text, validate=True))) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except (ValueError, zipfile.BadZipFile) as error:
        raise BackendFailure(f"archive: it is no archive of sources: {error}") from error
    strange = [name for name in files if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    if strange or LOCK not in files:
        raise BackendFailure(f"archive: {strange[0]!r} is in it" if strange else f"archive: {LOCK} is not in it")
    return files
