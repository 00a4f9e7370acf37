"""Locks and wheels, names of images, complaints before a build, and images of Debian packages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from unit.core import ImageFailure, image_debian, image_lock, image_names, image_preflight, image_wheelhouse

LOCK = """# comment
alpha==1.0 \\
    --hash=sha256:{} \\
    --hash=sha256:{}
beta-x==2.1.0 --hash=sha256:{}
"""
ALPHA, BETA = b"alpha wheel", b"beta wheel"
FITS = "3.11 x86_64"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


LOCKED = image_lock.parse_lock(LOCK.format(digest(ALPHA), "0" * 64, digest(BETA)))
FILES = {
    "alpha-1.0-cp311-cp311-manylinux_2_17_x86_64.whl": digest(ALPHA),
    "beta_x-2.1.0-py3-none-any.whl": digest(BETA),
}


def test_a_lock_is_read() -> None:
    assert [(package.name, package.version) for package in LOCKED] == [("alpha", "1.0"), ("beta-x", "2.1.0")]
    assert LOCKED[0].hashes == {digest(ALPHA), "0" * 64}


@pytest.mark.parametrize("line", ["alpha>=1", "alpha==1.0", "-r other.txt", "alpha==1.0 --hash=md5:00"])
def test_a_lock_that_locks_nothing_is_refused(line: str) -> None:
    with pytest.raises(ImageFailure, match=r"requirements.txt: '.*' is not a package with its version and hashes"):
        image_lock.parse_lock(line)


def test_the_backends_lock_is_one() -> None:
    text = Path(__file__).resolve().parents[2].joinpath("files", "backend", "requirements.txt").read_text(encoding="utf-8")
    assert {"fastapi", "brotli", "zstandard"} <= {package.name for package in image_lock.parse_lock(text)}


def test_a_full_wheelhouse_lacks_nothing() -> None:
    assert not image_lock.lacking(LOCKED, FILES, FITS)


def test_a_wheel_that_was_changed_is_a_stray_and_its_package_is_lacking() -> None:
    found = image_lock.lacking(LOCKED, {**FILES, "beta_x-2.1.0-py3-none-any.whl": digest(b"other")}, FITS)
    assert (found.packages, found.strays) == (["beta-x==2.1.0"], ["beta_x-2.1.0-py3-none-any.whl"])


@pytest.mark.parametrize(
    ("wheel", "fits", "expected"),
    [
        ("a-1-py3-none-any.whl", FITS, True),
        ("a-1-py2.py3-none-any.whl", FITS, True),
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", FITS, True),
        ("a-1-cp310-cp310-manylinux_2_17_x86_64.whl", FITS, False),
        ("a-1-cp39-abi3-manylinux_2_17_x86_64.whl", FITS, True),
        ("a-1-cp312-abi3-manylinux_2_17_x86_64.whl", FITS, False),
        ("a-1-cp311-cp311-manylinux_2_17_aarch64.whl", FITS, False),
        ("a-1-2-cp311-cp311-linux_x86_64.whl", FITS, True),
        ("a-1.tar.gz", FITS, False),
        ("a.whl", FITS, False),
    ],
)
def test_wheels_are_told_by_their_names(wheel: str, fits: str, expected: bool) -> None:
    assert image_lock.is_for(wheel, fits) is expected


class Pip:
    """Puts wheels where it is told to; remembers how it was called."""

    def __init__(self, *contents: tuple[str, bytes], status: int = 0, said: str = "") -> None:
        self.contents, self.status, self.said, self.calls = contents, status, said, []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        self.calls.append(list(command))
        target = Path(command[command.index("--dest") + 1])
        for name, content in self.contents:
            (target / name).write_bytes(content)
        return self.status, self.said


def fill(tmp_path: Path, pip: Pip, check_mode: bool = False, wheels: str = "") -> image_lock.Lacking:
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK.format(digest(ALPHA), "0" * 64, digest(BETA)))
    return image_wheelhouse.fill(lock, tmp_path / "house", "3.11", "x86_64", ["pip"], wheels, pip, check_mode)


WHEELS = (("alpha-1.0-py3-none-any.whl", ALPHA), ("beta_x-2.1.0-py3-none-any.whl", BETA))


def test_a_wheelhouse_is_filled_once(tmp_path: Path) -> None:
    pip = Pip(*WHEELS)
    assert fill(tmp_path, pip, check_mode=True).packages == ["alpha==1.0", "beta-x==2.1.0"]
    assert not (tmp_path / "house").exists() and not pip.calls
    assert fill(tmp_path, pip).packages == ["alpha==1.0", "beta-x==2.1.0"]
    (tmp_path / "house" / "stray.whl").write_bytes(b"")
    assert fill(tmp_path, pip).strays == ["stray.whl"]
    assert not fill(tmp_path, pip)
    assert len(pip.calls) == 1 and "--require-hashes" in pip.calls[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["house", "requirements.txt"]


def test_wheels_from_a_directory_ask_no_index(tmp_path: Path) -> None:
    pip = Pip(*WHEELS)
    fill(tmp_path, pip, wheels="/srv/wheels")
    assert pip.calls[0][1:5] == ["download", "--no-index", "--find-links", "/srv/wheels"]


def test_a_wheel_with_another_hash_never_stays(tmp_path: Path) -> None:
    with pytest.raises(ImageFailure, match="no wheel for Python 3.11 x86_64: beta-x==2.1.0"):
        fill(tmp_path, Pip(WHEELS[0], (WHEELS[1][0], b"evil")))


def test_pips_own_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageFailure, match="ERROR: no matching distribution"):
        fill(tmp_path, Pip(status=1, said="noise\nERROR: no matching distribution\n"))


@pytest.mark.parametrize("name", ["omnimind-backend", "a/b/c", "images.example.com:5000/a/b", "localhost/a", "a__b"])
def test_names_that_docker_takes(name: str) -> None:
    assert image_names.repository_problem(name) == ""


@pytest.mark.parametrize("name", ["", "Upper", "a b", "a//b", "/a", "a:1", "a-", "https://example.com/a"])
def test_names_that_docker_refuses(name: str) -> None:
    assert "is no name of an image" in image_names.repository_problem(name)


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [("a", "a", "latest"), ("a:1", "a", "1"), ("host:5000/a", "host:5000/a", "latest"), ("h:1/a:2", "h:1/a", "2")],
)
def test_references_are_split(reference: str, name: str, tag: str) -> None:
    assert image_names.split(reference) == (name, tag)


VARIABLES = {
    "name": "backend", "tag": "1", "rollback_tag": "previous", "repository": "", "python": "", "builder": "classic",
    "base_image": "base:1", "build_image": "build:1", "size_limit_mb": 150, "health_timeout": 15,
}  # fmt: skip


def inspected(tag: str, python: str = "3.11.2", architecture: str = "amd64", digest: str = "") -> dict:
    environment = ["PATH=/bin", *([f"PYTHON_VERSION={python}"] if python else [])]
    labels = {image_preflight.DIGEST_LABEL: digest} if digest else None
    return {
        "Id": f"sha256:{tag}", "RepoTags": [tag], "Architecture": architecture,
        "Config": {"Env": environment, "Labels": labels},
    }  # fmt: skip


TAGS = ("base:1", "build:1")
BASES = [inspected(tag) for tag in TAGS]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "Backend"}, "name: 'Backend' is no name of an image"),
        ({"tag": "a b"}, "tag: 'a b' is no tag"),
        ({"tag": ""}, "tag: '' is no tag"),
        ({"rollback_tag": "-x"}, "rollback_tag: '-x' is no tag"),
        ({"rollback_tag": "1"}, "rollback_tag: '1' is the tag of the image itself"),
        ({"base_image": "base:a:b"}, "base_image: 'base:a' is no name of an image"),
        ({"repository": "https://x"}, "repository: 'https://x' is no name of an image"),
        ({"python": "three"}, "python: 'three' is no minor version"),
        ({"size_limit_mb": 0}, "size_limit_mb: 0 is not possible"),
        ({"health_timeout": -1}, "health_timeout: -1 is not possible"),
    ],
)
def test_variables_that_cannot_be_right(changed: dict, complaint: str) -> None:
    (found,) = image_preflight.variable_complaints({**VARIABLES, **changed})
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("changed", "images", "complaint"),
    [
        ({}, BASES[1:], "base_image: base:1 is not on this engine; pull it"),
        ({}, BASES[:1], "build_image: build:1 is not on this engine; pull it"),
        ({}, [BASES[0], inspected("build:1", "3.12.1")], "build_image: build:1 has Python 3.12, base:1 has 3.11"),
        ({}, [BASES[0], inspected("build:1", architecture="arm64")], "build_image: build:1 is for arm64, base:1 for"),
        ({}, [inspected(tag, architecture="s390x") for tag in TAGS], "base_image: base:1 is for s390x"),
        ({}, [inspected(tag, "") for tag in TAGS], "python: base:1 does not say which Python it has"),
        ({"python": "3.12"}, BASES, "python: 3.12 is wanted, and base:1 has 3.11"),
        ({"builder": "buildx"}, BASES, "builder: buildx is wanted"),
    ],
)
def test_engines_that_cannot_build(changed: dict, images: list, complaint: str) -> None:
    variables = {**VARIABLES, **changed}
    (found,) = image_preflight.engine_complaints(variables, image_preflight.read_engine(images, "", False))
    assert found.startswith(complaint)


def test_an_engine_that_does_not_answer() -> None:
    (found,) = image_preflight.engine_complaints(VARIABLES, image_preflight.read_engine([], "refused", True))
    assert found == "docker_host: no engine answers: refused"


def test_what_a_build_goes_by() -> None:
    images = [*BASES, inspected("backend:1", digest="abc"), inspected("backend:previous")]
    engine = image_preflight.read_engine(images, "", True)
    assert image_preflight.engine_complaints(VARIABLES, engine) == []
    assert image_preflight.survey(VARIABLES, engine) == {
        "base_id": "sha256:base:1", "build_id": "sha256:build:1", "python": "3.11", "machine": "x86_64",
        "present_id": "sha256:backend:1", "present_digest": "abc", "former_id": "sha256:backend:previous",
    }  # fmt: skip


LISTED = """http://a/ bookworm main
http://a/ bookworm-updates main
http://s/ bookworm-security main
http://x/ sid main
"""


def test_sources_are_those_of_the_release() -> None:
    assert image_debian.parse_sources(LISTED, "bookworm", "bookworm").splitlines() == [
        "deb http://a/ bookworm main", "deb http://a/ bookworm-updates main", "deb http://s/ bookworm-security main",
    ]  # fmt: skip
    with pytest.raises(ImageFailure, match="no source of Debian trixie"):
        image_debian.parse_sources(LISTED, "trixie", "trixie")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("./usr/bin/python3", True), ("./usr/share/doc/python3/copyright", True), ("./usr/share/doc/python3/README", False),
        ("./etc/apt/sources.list", False), ("./var/cache/apt/archives/a.deb", False), ("./var/lib/dpkg/status", True),
        ("./dev", True), ("./dev/null", False), ("./usr/lib/python3.11/test/x.py", False), ("./", False),
        ("./usr/lib/python3.11/unittest/case.py", True), ("./etc/passwd", True), ("./usr/bin/dpkg-deb", False), ("./bin/tar", False),
        ("./usr/bin/target", True),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_root_file_system(name: str, kept: bool) -> None:
    assert image_debian.is_kept(name) is kept


def test_another_recipe_has_another_digest() -> None:
    recipe = image_debian.Recipe("base:1", ("python3",), "bookworm", "deb x")
    others = [
        image_debian.Recipe("base:2", ("python3",), "bookworm", "deb x"),
        image_debian.Recipe("base:1", ("python3", "tzdata"), "bookworm", "deb x"),
        image_debian.Recipe("base:1", ("python3",), "trixie", "deb x"),
        image_debian.Recipe("base:1", ("python3",), "bookworm", "deb y"),
    ]
    assert len({recipe.digest, *(other.digest for other in others)}) == 5


def test_python_is_told_by_its_files() -> None:
    assert image_debian.python_version(["usr/bin/python3", "usr/bin/python3.9", "usr/bin/python3.11"]) == "3.11"
    assert image_debian.python_version(["usr/bin/perl"]) == ""


def test_the_release_is_told_by_os_release() -> None:
    assert image_debian.release_name('PRETTY_NAME="x"\nID=debian\nVERSION_CODENAME=trixie\n') == "trixie"
    with pytest.raises(ImageFailure, match="this host runs fedora"):
        image_debian.release_name("ID=fedora\n")
