"""`python -m tools.release [VERSION] [--key KEY]`: everything up to publishing, which is left to a person.

The working tree is left as it is until every step has passed: all of it happens in a copy.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from .refusals import refusals
from .signature import has_secret_key, install, public_key, sign, signature_of, verify

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = Path("ansible_collections", "omnimind", "platform")
# What a release changes in the tree.
CHANGED = ("changelogs", "CHANGELOG.rst", "galaxy.yml")
IMPORTER = {
    # What certification asks for beside what every import is asked for. Of its linters, ansible-lint by a part of our
    # profile is in `make lint`; its flake8 reads documentation in YAML as Python, and is of another style than black.
    "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
    "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
    "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
}


class NotReleased(Exception):
    """A step found what no release may have."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make release")
    current = read("galaxy.yml")["version"]
    parser.add_argument("version", nargs="?", default=current, help="that of galaxy.yml, if not given")
    parser.add_argument("--key", default="", help="signs the release: a fingerprint, or what else GnuPG knows a key by")
    asked = parser.parse_args()
    why_not = list(refusals(asked.version, read("changelogs/changelog.yaml")["releases"], list(sections()), changed()))
    if asked.key and not has_secret_key(asked.key):
        why_not.append(f"GnuPG has no secret key {asked.key}; name one that gpg --list-secret-keys shows")
    if why_not:
        sys.exit("\n".join(f"Not released: {reason}" for reason in why_not))
    # A short path: GnuPG's sockets and some tools cannot cope with a long one.
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        try:
            made = release(asked.version, asked.key, Path(scratch))
        except (NotReleased, subprocess.CalledProcessError) as error:
            sys.exit(f"Not released, and nothing was changed: {error}")
        keep(Path(scratch), made)
    tell(asked.version, asked.key, [f"dist/{path.name}" for path in made])


def release(version: str, key: str, scratch: Path) -> list[Path]:
    """Make the release in a copy of the tree; return what it consists of."""
    step("Version and changelog")
    run(".ci/tree", scratch, cwd=ROOT)
    tree = scratch / COLLECTION
    galaxy = tree / "galaxy.yml"
    galaxy.write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", galaxy.read_text(encoding="utf-8")))
    run("antsibull-changelog", "lint", cwd=tree)
    run("antsibull-changelog", "release", "--reload-plugins", cwd=tree)
    (tree / "changelogs" / ".plugin-cache.yaml").unlink()

    step("Build, and install into an empty place")
    dist = scratch / "dist"
    run("ansible-galaxy", "collection", "build", "--output-path", dist, cwd=tree)
    tarball = dist / f"omnimind-platform-{version}.tar.gz"
    installed = install(tarball, scratch / "home")

    step("Galaxy's own check of an upload")
    said = run(sys.executable, "-m", "galaxy_importer.main", tarball, cwd=scratch, **IMPORTER)
    if re.search("WARNING|ERROR", said):
        raise NotReleased("galaxy-importer has something to say, see above")

    step("Documentation")
    options = ["--plugin-docs", "--validate-collection-refs=self", "--skip-rstcheck"]
    run("antsibull-docs", "lint-collection-docs", *options, installed / COLLECTION, cwd=scratch)
    if not key:
        return [tarball]

    step("Signature, and its check as a user makes it")
    signature = signature_of(tarball)
    sign(tarball, key, signature)
    public_key(key, scratch / "keyring.gpg")
    verify(scratch / "home", signature, scratch / "keyring.gpg")
    return [tarball, signature]


def keep(scratch: Path, made: list[Path]) -> None:
    """Copy what was made, and what it changed in the tree, to the working tree."""
    (ROOT / "dist").mkdir(exist_ok=True)
    # One of an earlier try would not fit this tarball.
    (ROOT / "dist" / signature_of(made[0]).name).unlink(missing_ok=True)
    for path in made:
        shutil.copy(path, ROOT / "dist")
    shutil.rmtree(ROOT / "changelogs")
    shutil.copytree(scratch / COLLECTION / "changelogs", ROOT / "changelogs")
    for name in ("CHANGELOG.rst", "galaxy.yml"):
        shutil.copy(scratch / COLLECTION / name, ROOT / name)


def tell(version: str, key: str, made: list[str]) -> None:
    """Say what was made, and what is left to a person."""
    print(f"\nMade: {', '.join(made)}")
    if not key:
        print(
            "NOT SIGNED: nobody can tell this tarball from a forged one. To have it signed by a key of GnuPG:\n"
            f"  git stash --include-untracked && make release VERSION={version} KEY=..."
        )
    print(
        "Nothing is published yet. When you have read CHANGELOG.rst:\n"
        f"  git add {' '.join(CHANGED)} && git commit -m 'Release {version}' && git tag -a v{version} -m {version}\n"
        f"  git push origin HEAD v{version}\n"
        f"  ansible-galaxy collection publish {made[0]}"
    )


def sections() -> Iterator[str]:
    """Sections that the fragments name."""
    for path in sorted((ROOT / "changelogs" / "fragments").glob("*.y*ml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def changed() -> list[str]:
    """Files that are not as committed, or not committed at all."""
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return [line[3:] for line in status.splitlines()]


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def step(title: str) -> None:
    print(f"== {title}", flush=True)


def run(*command: object, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed; print and return what it prints. subprocess.CalledProcessError when it fails."""
    # The tree in the copy is found there, and no configuration of the working tree.
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    words = [str(word) for word in command]
    printed = ""
    with subprocess.Popen(
        words, cwd=cwd, env=own | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            printed += line
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return printed


main()
