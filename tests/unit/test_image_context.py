"""What is sent to a builder, and the digest that decides whether an image is built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from docker.utils.build import PatternMatcher
from hypothesis import given
from hypothesis import strategies as st
from unit.core import ImageFailure, image_context, image_source

BACKEND = Path(__file__).resolve().parents[2] / "files" / "backend"
names = st.sampled_from(["src", "a.py", "a.pyc", "tests", ".git", "b", "__pycache__", "x.whl"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
# Without **: of a directory that such a pattern matches, Docker leaves out all files, its client for Python does not.
patterns = st.sampled_from(["*", "!src", "!*.py", "tests", "/b/", "src/*.py", "!b/src", "?", "[ab]", "b/*/src", "!*/*"])


def sent(path: str, *lines: str) -> bool:
    return image_context.is_sent(path, image_context.parse_rules("\n".join(lines)))


@given(paths, st.lists(patterns, max_size=5))
def test_the_patterns_mean_what_they_mean_to_dockers_own_client(path: str, lines: list[str]) -> None:
    peer = PatternMatcher(lines)
    assert sent(path, *lines) == (not peer.matches(path))


@pytest.mark.parametrize(
    ("path", "lines", "expected"),
    [
        ("deep/inside/__pycache__/a.txt", ["**/__pycache__"], False),  # the client for Python sends it
        ("src/a", ["*", "!src", "src/a"], False),
        ("src/a", ["# src"], True),
        ("src/a", [" ", ".", "/src/"], False),
        ("a[b", ["a[b"], False),
        ("a*b", ["a\\*b"], False),
        ("axb", ["a\\*b"], True),
        ("c", ["[!ab]"], False),
        ("Dockerfile", ["*"], True),
        (".dockerignore", ["*"], True),
    ],
)
def test_patterns(path: str, lines: list[str], expected: bool) -> None:
    assert sent(path, *lines) is expected


contents = st.dictionaries(paths, st.binary(max_size=6), max_size=4)


@given(contents, contents, st.dictionaries(names, st.text(max_size=3), max_size=2))
def test_the_digest_is_another_exactly_when_something_is(one: dict, two: dict, arguments: dict) -> None:
    same = image_context.context_digest(one, arguments) == image_context.context_digest(two, arguments)
    assert same == (one == two)
    assert image_context.context_digest(one, arguments) != image_context.context_digest(one, {**arguments, "new": ""})


@given(contents)
def test_what_is_packed_is_unpacked(files: dict[str, bytes]) -> None:
    assert image_context.unpack(image_context.pack(files)) == files


def test_packing_knows_no_time() -> None:
    assert image_context.pack({"a": b"1"})[10:] == image_context.pack({"a": b"1"})[10:]


def test_the_backend_sends_what_runs_and_nothing_else(tmp_path: Path) -> None:
    """Secrets, caches and tests that lie about stay out."""
    for name in (".git/config", ".env", "id_rsa", "tests/test_a.py", "src/x/__pycache__/a.pyc", "bench/a.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("secret")
    for name in ("Dockerfile", ".dockerignore", "requirements.txt", "pyproject.toml", "src/x/a.py", "image/tidy.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((BACKEND / name).read_bytes() if (BACKEND / name).exists() else b"")
    (tmp_path / "wheelhouse").mkdir()
    (tmp_path / "wheelhouse" / "a.whl").write_bytes(b"")
    wanted = {"Dockerfile", ".dockerignore", "requirements.txt", "pyproject.toml", "src/x/a.py", "image/tidy.py"}
    assert image_source.read_source(tmp_path, ["wheelhouse"]).keys() == wanted
    assert image_source.read_source(tmp_path).keys() == wanted | {"wheelhouse/a.whl"}


def test_a_directory_without_a_dockerfile(tmp_path: Path) -> None:
    with pytest.raises(ImageFailure, match="has no Dockerfile"):
        image_source.read_source(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x")
    (tmp_path / "secret").symlink_to("/etc/shadow")
    with pytest.raises(ImageFailure, match="secret is a link"):
        image_source.read_source(tmp_path)


def test_a_context_is_laid_down_readable_and_without_strays(tmp_path: Path) -> None:
    directory = tmp_path / "context"
    wanted = {"Dockerfile": b"FROM x", "src/a.py": b"1"}
    mask = os.umask(0o077)
    try:
        first = image_source.lay_down(directory, wanted, ["wheelhouse"], check_mode=False)
    finally:
        os.umask(mask)
    assert first.write == sorted(wanted) and not first.remove
    assert (directory / "src").stat().st_mode & 0o777 == 0o755
    assert (directory / "src" / "a.py").stat().st_mode & 0o777 == 0o644
    (directory / "wheelhouse").mkdir()
    (directory / "wheelhouse" / "a.whl").write_bytes(b"wheel")
    (directory / "src" / "old.py").write_bytes(b"")
    told = image_source.lay_down(directory, {**wanted, "src/a.py": b"2"}, ["wheelhouse"], check_mode=True)
    assert (told.write, told.remove) == (["src/a.py"], ["src/old.py"])
    assert (directory / "src" / "old.py").exists()
    assert image_source.lay_down(directory, wanted, ["wheelhouse"], check_mode=False).remove == ["src/old.py"]
    assert not image_source.lay_down(directory, wanted, ["wheelhouse"], check_mode=False)
    assert (directory / "wheelhouse" / "a.whl").exists()
