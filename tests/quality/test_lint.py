"""What linters say about the project: nothing."""

from __future__ import annotations

from pathlib import Path

from quality.tools import ROOT, run, tracked_files


def test_ansible_lint_production_profile(tree: Path) -> None:
    """In a copy, where no file is that a tool left behind and every name resolves."""
    run(
        "ansible-lint", "--profile", "production", "--strict", "--offline",
        cwd=tree, ANSIBLE_COLLECTIONS_PATH=tree.parents[2],
    )  # fmt: skip


def test_yamllint(tree: Path) -> None:
    run("yamllint", "--strict", ".", cwd=tree)


def test_changelog(tree: Path) -> None:
    run("antsibull-changelog", "lint", cwd=tree)


def test_shellcheck() -> None:
    """Every shell script, whatever it is called; ansible-test looks at *.sh only."""
    scripts = [name for name in tracked_files() if is_shell_script(ROOT / name)]
    assert scripts
    run("shellcheck", *scripts)


def is_shell_script(path: Path) -> bool:
    """Whether the file's first line names a shell."""
    with path.open("rb") as file:
        first = file.readline(80)
    return first.startswith(b"#!") and first.rstrip().endswith(b"sh")
