"""A release as `make release` makes it, in a checkout of its own: refused where it must be, else checked and signed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from semantic_version import Version

from quality.tools import NAME, ROOT, copy_tree, plugin_files, roles, run
from tools.release.refusals import refusals
from tools.release.signature import install, public_key, signature_of, verify

SIGNER = "release@example.com"
STRANGER = "stranger@example.com"


@pytest.fixture(scope="module", autouse=True)
def keys() -> Iterator[None]:
    """A GnuPG that has two keys, of the one who releases and of somebody else."""
    run(ROOT / ".ci" / "need", "gnupg")
    # The path of its agent's socket must be short, which pytest's are not.
    with tempfile.TemporaryDirectory(prefix="gnupg-") as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", home)
        for name in (SIGNER, STRANGER):
            run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never")
        yield
        run("gpgconf", "--kill", "all")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as git would clone it, with something to release in it."""
    tree = copy_tree(tmp_path_factory.mktemp("checkout"))
    run("git", "init", "--quiet", cwd=tree)
    write_fragment(tree, "minor_changes", "redis_cluster - tried by a test.")
    return tree


@pytest.fixture(scope="module")
def released(checkout: Path) -> Path:
    """The signed tarball; what was changed on the way is committed."""
    answer = release(checkout, next_version(), "--key", SIGNER)
    assert answer.returncode == 0, answer.stdout
    assert f"ansible-galaxy collection publish dist/omnimind-platform-{next_version()}.tar.gz" in answer.stdout
    commit(checkout)
    return checkout / "dist" / f"omnimind-platform-{next_version()}.tar.gz"


def release(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.release", *words],
        cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip


def write_fragment(tree: Path, section: str, text: str) -> None:
    path = tree / "changelogs" / "fragments" / "tried.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({section: [text]}), encoding="utf-8")
    commit(tree)


def commit(tree: Path) -> None:
    run("git", "add", "--all", cwd=tree)
    run("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "test", cwd=tree)


def changed(tree: Path) -> str:
    return run("git", "status", "--porcelain", cwd=tree)


def read(tree: Path, name: str) -> dict:
    return yaml.safe_load((tree / name).read_text(encoding="utf-8"))


def next_version() -> str:
    """That of galaxy.yml; once that is released, one by which anything may be changed."""
    released = read(ROOT, "changelogs/changelog.yaml")["releases"]
    version = read(ROOT, "galaxy.yml")["version"]
    return str(max(map(Version, released)).next_major()) if version in released else version


@pytest.mark.parametrize(
    ("version", "sections", "reason"),
    [
        ("1.4", ["bugfixes"], "1.4 is no semantic version"),
        ("v1.4.0", ["bugfixes"], "v1.4.0 is no semantic version"),
        ("1.3.0", ["bugfixes"], "1.3.0 is not newer than the last release, 1.3.0; 1.3.1 mends, 1.4.0 adds, 2.0.0"),
        ("1.3.0-rc.1", ["bugfixes"], "1.3.0-rc.1 is not newer than the last release, 1.3.0"),
        ("1.2.9", ["bugfixes"], "1.2.9 is not newer than the last release, 1.3.0"),
        ("1.3.1", ["bugfixes", "minor_changes"], "1.3.1 may only mend, but fragments tell of minor_changes"),
        ("1.4.0", ["breaking_changes"], "1.4.0 may break nothing, but fragments tell of breaking_changes"),
        ("1.4.0", [], "there is no fragment"),
    ],
)
def test_what_is_no_release_is_refused(version: str, sections: list[str], reason: str) -> None:
    (told,) = refusals(version, ["1.2.0", "1.3.0", "1.3.0-rc.2"], sections, [])
    assert told.startswith(reason)


@pytest.mark.parametrize(
    ("version", "sections"),
    [
        ("1.3.1", ["bugfixes"]),
        ("1.4.0", ["minor_changes"]),
        ("1.10.0", ["trivial"]),
        ("2.0.0-rc.1", ["breaking_changes"]),
    ],
)
def test_what_may_be_released(version: str, sections: list[str]) -> None:
    assert list(refusals(version, ["1.3.0"], sections, [])) == []
    assert list(refusals("0.0.1", [], sections, [])) == []


def test_a_tree_with_changes_is_refused(checkout: Path) -> None:
    new = checkout / "plugins" / "new.py"
    new.touch()
    answer = release(checkout, next_version())
    new.unlink()
    assert answer.returncode == 1
    assert answer.stdout.startswith("Not released: not committed: plugins/new.py; commit or stash first")


def test_a_step_that_fails_changes_nothing(checkout: Path) -> None:
    """A fragment that antsibull-changelog refuses is found when the copy has its new version already."""
    write_fragment(checkout, "no_such_section", "nothing")
    answer = release(checkout, next_version(), "--key", SIGNER)
    write_fragment(checkout, "minor_changes", "redis_cluster - tried by a test.")
    assert answer.returncode == 1
    assert "Not released, and nothing was changed" in answer.stdout
    assert changed(checkout) == "" and not (checkout / "dist").exists()


def test_a_key_that_is_not_there_is_refused_at_once(checkout: Path) -> None:
    answer = release(checkout, next_version(), "--key", "nobody@example.com")
    assert answer.returncode == 1
    assert answer.stdout.startswith("Not released: GnuPG has no secret key nobody@example.com")


def test_released(checkout: Path, released: Path) -> None:
    """Galaxy's check and the others have passed: tarball, tree and changelog say the same."""
    version = next_version()
    with tarfile.open(released) as tarball:
        manifest = json.load(tarball.extractfile("MANIFEST.json"))
        page = tarball.extractfile("CHANGELOG.rst").read().decode()
    assert manifest["collection_info"]["version"] == version == read(checkout, "galaxy.yml")["version"]
    assert page == (checkout / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert re.search(rf"^v{re.escape(version)}$", page, re.MULTILINE) and "tried by a test" in page
    assert list((checkout / "changelogs").glob("fragments/*")) == []
    # The fragments of the working tree's next release, and its new modules and roles, are in it or were in one before.
    releases = read(checkout, "changelogs/changelog.yaml")["releases"].values()
    assert {one["name"] for release in releases for one in release.get("modules", [])} >= {*plugin_files("modules")}
    assert {o["name"] for release in releases for o in release.get("objects", {}).get("role", [])} >= {*roles()}


def test_the_same_again_is_refused(checkout: Path, released: Path) -> None:
    answer = release(checkout)
    assert answer.returncode == 1
    assert "Not released: there is no fragment in changelogs/fragments" in answer.stdout
    assert f"Not released: {next_version()} is not newer than the last release" in answer.stdout
    assert changed(checkout) == ""


def test_signature_is_that_of_the_one_who_releases(released: Path, tmp_path: Path) -> None:
    install(released, tmp_path / "home")
    for name in (SIGNER, STRANGER):
        public_key(name, tmp_path / f"{name}.gpg")
    verify(tmp_path / "home", signature_of(released), tmp_path / f"{SIGNER}.gpg")
    with pytest.raises(subprocess.CalledProcessError):
        verify(tmp_path / "home", signature_of(released), tmp_path / f"{STRANGER}.gpg")
    page = tmp_path / "home" / ".ansible" / "collections" / "ansible_collections" / NAME.replace(".", "/") / "README.md"
    page.write_text("tampered", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        verify(tmp_path / "home", signature_of(released), tmp_path / f"{SIGNER}.gpg")


def test_tampered_tarball_is_refused(released: Path, tmp_path: Path) -> None:
    """A file that was changed alone is refused on installation; with all its digests, by the signature."""
    public_key(SIGNER, tmp_path / "keyring.gpg")
    with pytest.raises(subprocess.CalledProcessError):
        install(tampered(released, tmp_path / released.name, digests=False), tmp_path / "simple")
    install(tampered(released, tmp_path / released.name, digests=True), tmp_path / "clever")
    with pytest.raises(subprocess.CalledProcessError):
        verify(tmp_path / "clever", signature_of(released), tmp_path / "keyring.gpg")


def tampered(tarball: Path, to: Path, *, digests: bool) -> Path:
    """A copy with another README, of which FILES.json and MANIFEST.json know, or not."""
    unpacked = to.with_suffix(".d")
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(tarball) as opened:
        opened.extractall(unpacked, filter="data")
    (unpacked / "README.md").write_text("tampered", encoding="utf-8")
    if digests:
        files = json.loads((unpacked / "FILES.json").read_text())
        (entry,) = (file for file in files["files"] if file["name"] == "README.md")
        entry["chksum_sha256"] = digest(unpacked / "README.md")
        (unpacked / "FILES.json").write_text(json.dumps(files))
        manifest = json.loads((unpacked / "MANIFEST.json").read_text())
        manifest["file_manifest_file"]["chksum_sha256"] = digest(unpacked / "FILES.json")
        (unpacked / "MANIFEST.json").write_text(json.dumps(manifest))
    with tarfile.open(to, "w:gz") as packed:
        for path in sorted(unpacked.iterdir()):
            packed.add(path, arcname=path.name)
    return to


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
