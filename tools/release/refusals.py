"""Why a tree cannot be released by a version: pure functions, each refusal with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from semantic_version import Version

# Sections of the changelog, by what a reader of versions expects of them; all others are told by any version.
MAJOR = frozenset({"breaking_changes", "removed_features"})
MINOR = frozenset({"major_changes", "minor_changes", "deprecated_features"})


def refusals(version: str, released: Iterable[str], sections: Sequence[str], changed: Sequence[str]) -> Iterator[str]:
    """What keeps the next release from being `version`.

    `released` are the versions of the changelog, `sections` those that the fragments since then name, `changed` the
    files that are not as committed.
    """
    if changed:
        yield f"not committed: {', '.join(changed)}; commit or stash first, so that a tag can say what was released"
    if not sections:
        yield "there is no fragment in changelogs/fragments; write what is new, as docs/releasing.md says"
    if not _is_semantic(version):
        yield f"{version} is no semantic version; name one like 1.2.3 or 1.2.3-rc.1: make release VERSION=1.2.3"
        return
    last = max(map(Version, released), default=None)
    if last is None:
        return
    core = Version(version).truncate()  # A release candidate of 2.0.0 may break what 2.0.0 may.
    if Version(version) <= last:
        yield f"{version} is not newer than the last release, {last}; {_next(last)}"
    elif MAJOR.intersection(sections) and core < last.next_major():
        yield f"{version} may break nothing, but fragments tell of {_told(MAJOR, sections)}; {_next(last)}"
    elif MINOR.intersection(sections) and core < last.next_minor():
        yield f"{version} may only mend, but fragments tell of {_told(MINOR, sections)}; {_next(last)}"


def _is_semantic(version: str) -> bool:
    try:
        Version(version)
    except ValueError:
        return False
    return True


def _told(which: frozenset[str], sections: Sequence[str]) -> str:
    return " and ".join(sorted(which.intersection(sections)))


def _next(last: Version) -> str:
    choices = f"{last.next_patch()} mends, {last.next_minor()} adds, {last.next_major()} breaks"
    return f"{choices}: make release VERSION={last.next_minor()}"
