# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backups on a disk: a directory or an archive appears under its name complete, or not at all."""
from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ...host.programs import start
from ..errors import RedisFailure
from .manifest import FILE_NAME, Manifest, ShardFile, parse_manifest

CHUNK = 2**20
HIDDEN = ".redis-backup-"
ENDINGS = {"none": "", "gz": ".tar.gz", "zst": ".tar.zst"}
ZSTD = "zstd"


def free_bytes(directory: Path) -> int:
    """What may still be written where a directory is, or will be."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    return shutil.disk_usage(there).free


def directory_objection(directory: Path) -> str:
    """Why no backup can be written there; empty where one can. A missing directory can be made."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is no directory"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} is not writable"


@contextmanager
def work_directory(directory: Path, name: str) -> Iterator[Path]:
    """A hidden directory for what is being written; removed at the end whatever happens.

    What an earlier run left behind that was killed is removed first. A run that still goes on holds its lock.
    """
    for left in directory.glob(f"{HIDDEN}*"):
        if left.is_dir() and not left.is_symlink() and left.stat().st_uid == os.geteuid():
            with _locked(left) as ours:
                if ours:
                    shutil.rmtree(left)
    work = directory / f"{HIDDEN}{name}"
    try:
        work.mkdir(mode=0o700)
    except FileExistsError as error:
        raise RedisFailure(f"{work}: another run is busy there") from error
    try:
        with _locked(work):
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a file or directory, if nobody else does."""
    number = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(number)


def remove(path: Path) -> None:
    """A backup is gone; of a directory the manifest first, so that a half of it is never taken for a backup."""
    if path.is_dir():
        (path / FILE_NAME).unlink(missing_ok=True)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    with open(path, "rb") as file:
        return _sha256(file)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(CHUNK), b""):
        digest.update(block)
    return digest.hexdigest()


def force_to_disk(path: Path) -> None:
    """A file's content, or a directory's names, would outlive a loss of power from now on."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def publish(work: Path, manifest: Manifest, target: Path, ending: str, own: Callable[[Path], None]) -> None:
    """Give what is in the work directory its name, as a directory or, with an ending, as an archive of it.

    `own` gives a path its owner and mode.
    """
    (work / FILE_NAME).write_text(manifest.to_text())
    files = [work / FILE_NAME, *(work / shard.file for shard in manifest.shards)]
    for file in files:
        own(file)
        force_to_disk(file)
    if ending:
        product = work / f"archive{ending}"
        _pack(files, product)
        force_to_disk(product)
        check_archive(product, manifest)
    else:
        product = work / "directory"
        product.mkdir(mode=0o700)
        for file in files:
            file.rename(product / file.name)
        force_to_disk(product)
    own(product)
    if target.exists():
        raise RedisFailure(f"{target}: a backup of this name appeared meanwhile")
    product.rename(target)
    force_to_disk(target.parent)


# --- archives --------------------------------------------------------------------------------------------------------


def _pack(files: list[Path], product: Path) -> None:
    """The manifest comes first, so that it can be read without the rest."""
    if product.name.endswith(ENDINGS["gz"]):
        with tarfile.open(product, "w:gz", compresslevel=1) as archive:
            for file in files:
                archive.add(file, file.name)
        return
    with open(product, "wb") as output:
        packer = start([_zstd(), "-T0", "-q"], stdin=subprocess.PIPE, stdout=output)
        with packer.stdin, tarfile.open(fileobj=packer.stdin, mode="w|") as archive:
            for file in files:
                archive.add(file, file.name)
        if packer.wait():
            raise RedisFailure(f"zstd ended with status {packer.returncode}")


def _zstd() -> str:
    found = shutil.which(ZSTD)
    if not found:
        raise RedisFailure("an archive .tar.zst needs the program zstd on the host that runs the module")
    return found


def _unpack(path: Path, take: Callable[[str, BinaryIO], bool]) -> None:
    """Call `take` with the name and content of each file in an archive, until it wants no more.

    Raises RedisFailure for what is no archive, or damaged, or ends too soon.
    """
    unpacker = None
    try:
        with open(path, "rb") as file:
            if path.name.endswith(ENDINGS["zst"]):
                command = [_zstd(), "-dc", "-q"]
                unpacker = start(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                stream: Any = unpacker.stdout
            else:
                stream = gzip.GzipFile(fileobj=file)
            with stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.isreg() else None
                    if content and not take(member.name, content):
                        return
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise RedisFailure(f"{path}: it is no archive of a backup, or damaged ({error})") from error
    finally:
        if unpacker:
            unpacker.kill()
            unpacker.wait()


def check_archive(path: Path, manifest: Manifest) -> None:
    """Read an archive again. Raises RedisFailure unless it holds exactly what the manifest says."""
    found = {}

    def take(name: str, content: BinaryIO) -> bool:
        found[name] = content.read().decode() if name == FILE_NAME else _sha256(content)
        return True

    _unpack(path, take)
    if found != {FILE_NAME: manifest.to_text(), **{shard.file: shard.sha256 for shard in manifest.shards}}:
        raise RedisFailure(f"{path}: the archive does not hold what was packed")


# --- reading ---------------------------------------------------------------------------------------------------------


def find_backups(path: Path) -> list[Path]:
    """The backup that a path is, or those in the directory that it is, by name.

    Raises RedisFailure where there is nothing.
    """
    if not path.exists():
        raise RedisFailure(f"{path}: there is nothing of this name")
    if not path.is_dir() or (path / FILE_NAME).exists():
        return [path]
    return sorted(entry for entry in path.iterdir() if is_backup(entry))


def is_backup(path: Path) -> bool:
    """Whether a path looks like one: hidden ones are still being written."""
    if path.name.startswith("."):
        return False
    return path.name.endswith((ENDINGS["gz"], ENDINGS["zst"])) or (path / FILE_NAME).exists()


def read_manifest(path: Path) -> Manifest:
    """The manifest of a directory or an archive. Raises RedisFailure."""
    if path.is_dir():
        try:
            return parse_manifest((path / FILE_NAME).read_bytes())
        except OSError as error:
            raise RedisFailure(f"{path / FILE_NAME}: it cannot be read ({error.strerror})") from error
    first = {}

    def take(name: str, content: BinaryIO) -> bool:
        first[name] = content.read() if name == FILE_NAME else b""
        return False

    _unpack(path, take)
    if FILE_NAME not in first:
        raise RedisFailure(f"{path}: it does not begin with {FILE_NAME}")
    return parse_manifest(first[FILE_NAME])


@contextmanager
def opened(path: Path, manifest: Manifest, scratch: Path) -> Iterator[Path]:
    """The directory with the files of a backup, their hashes checked; an archive is unpacked below `scratch`.

    Raises RedisFailure for a file that is missing, or is not the one that was written.
    """
    if path.is_dir():
        check_hashes(path, manifest)
        yield path
        return
    needed, free = manifest.bytes, free_bytes(scratch)
    if free < needed:
        raise RedisFailure(f"{scratch} has {free} bytes free, the files of {path.name} need {needed}")
    with work_directory(scratch, f"{manifest.name}-{os.getpid()}") as unpacked:
        known = {shard.file for shard in manifest.shards}

        def take(name: str, content: BinaryIO) -> bool:
            if name in known:
                with open(unpacked / name, "xb") as file:
                    shutil.copyfileobj(content, file, CHUNK)
            return True

        _unpack(path, take)
        check_hashes(unpacked, manifest)
        yield unpacked


def check_hashes(directory: Path, manifest: Manifest) -> None:
    """Raise RedisFailure with all that is missing or different."""
    bad = [text for shard in manifest.shards for text in [_objection(directory, shard)] if text]
    if bad:
        raise RedisFailure(f"the backup {manifest.name} is damaged: {'; '.join(bad)}", damaged=bad)


def _objection(directory: Path, shard: ShardFile) -> str:
    path = directory / shard.file
    if not path.is_file():
        return f"{shard.file} is missing"
    size = path.stat().st_size
    if size != shard.bytes:
        return f"{shard.file} has {size} bytes, not {shard.bytes}"
    return "" if sha256_of(path) == shard.sha256 else f"{shard.file} is not what was written"
