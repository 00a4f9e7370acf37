# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in the way of building an image, and what the engine has already. Each complaint names the variable."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .lock import ARCHITECTURES
from .names import reference_problem, repository_problem, split, tag_problem

DIGEST_LABEL = "omnimind.platform.context-digest"
BASES = ("base_image", "build_image")


@dataclass(frozen=True)
class Image:
    """An image of the engine: `python` is the minor version that its environment tells, `digest` our label; empty
    where it has none."""

    id: str
    tags: frozenset[str]
    architecture: str
    python: str
    digest: str


@dataclass(frozen=True)
class Engine:
    """The engine as it was found. `problem` says why it did not answer; `buildx` whether its client has that plugin."""

    images: tuple[Image, ...]
    problem: str = ""
    buildx: bool = True

    def find(self, reference: str) -> Image | None:
        wanted = ":".join(split(reference))
        return next((image for image in self.images if wanted in image.tags), None)


def read_image(inspected: Mapping[str, Any]) -> Image:
    """An image as the engine's API describes it."""
    config = inspected.get("Config") or {}
    environment = dict(entry.partition("=")[::2] for entry in config.get("Env") or ())
    version = re.match(r"3\.\d+", environment.get("PYTHON_VERSION", ""))
    return Image(
        inspected["Id"],
        frozenset(inspected.get("RepoTags") or ()),
        inspected.get("Architecture", ""),
        version[0] if version else "",
        (config.get("Labels") or {}).get(DIGEST_LABEL, ""),
    )


def variable_complaints(variables: Mapping[str, Any]) -> list[str]:
    """What is wrong whatever the engine has; variables by their names without the role's prefix."""
    problems = [
        ("name", repository_problem(variables["name"])),
        ("tag", tag_problem(variables["tag"])),
        ("rollback_tag", tag_problem(variables["rollback_tag"])),
        *((base, reference_problem(variables[base])) for base in BASES),
    ]
    if variables["repository"]:
        problems.append(("repository", repository_problem(variables["repository"])))
    found = [f"{variable}: {problem}" for variable, problem in problems if problem]
    if variables["tag"] == variables["rollback_tag"]:
        found.append(f"rollback_tag: {variables['tag']!r} is the tag of the image itself; right would be another one")
    if variables["python"] and not re.fullmatch(r"3\.\d+", variables["python"]):
        found.append(f"python: {variables['python']!r} is no minor version; right would be 3.11 for example")
    for variable in ("size_limit_mb", "health_timeout"):
        if variables[variable] < 1:
            found.append(f"{variable}: {variables[variable]} is not possible; right would be 1 or more")
    return found


def engine_complaints(variables: Mapping[str, Any], engine: Engine) -> list[str]:
    """What is wrong with what the engine has."""
    if engine.problem:
        return [f"docker_host: no engine answers: {engine.problem}"]
    found = [
        f"{variable}: {variables[variable]} is not on this engine; pull it, or set pull, or where no registry can be "
        "reached make it with the playbook omnimind.platform.backend_base_image"
        for variable in BASES
        if not engine.find(variables[variable])
    ]
    if variables["builder"] == "buildx" and not engine.buildx:
        found.append("builder: buildx is wanted, and this host's docker has no such plugin; right would be classic")
    return found or _base_complaints(variables, [engine.find(variables[variable]) for variable in BASES])


def _base_complaints(variables: Mapping[str, Any], images: Sequence[Image]) -> list[str]:
    base, build = images
    found = []
    if base.python and build.python and base.python != build.python:
        found.append(
            f"build_image: {variables['build_image']} has Python {build.python}, {variables['base_image']} has "
            f"{base.python}; right would be the same"
        )
    if base.architecture != build.architecture:
        found.append(
            f"build_image: {variables['build_image']} is for {build.architecture}, {variables['base_image']} for "
            f"{base.architecture}; right would be the same"
        )
    if base.architecture not in ARCHITECTURES:
        known = " or ".join(ARCHITECTURES)
        found.append(f"base_image: {variables['base_image']} is for {base.architecture}; right would be {known}")
    if variables["python"] and base.python and variables["python"] != base.python:
        found.append(f"python: {variables['python']} is wanted, and {variables['base_image']} has {base.python}")
    if not (variables["python"] or base.python or build.python):
        found.append(
            f"python: {variables['base_image']} does not say which Python it has (PYTHON_VERSION in its environment); "
            "right would be its minor version"
        )
    return found


def survey(variables: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    """What a build goes by, of an engine without complaints. Ids and digests are empty where there is no image."""
    base, build = (engine.find(variables[variable]) for variable in BASES)
    present = engine.find(f"{variables['name']}:{variables['tag']}")
    former = engine.find(f"{variables['name']}:{variables['rollback_tag']}")
    return {
        "base_id": base.id,
        "build_id": build.id,
        "python": variables["python"] or base.python or build.python,
        "machine": ARCHITECTURES[base.architecture],
        "present_id": present.id if present else "",
        "present_digest": present.digest if present else "",
        "former_id": former.id if former else "",
    }


def read_engine(images: Iterable[Mapping[str, Any]], problem: str, buildx: bool) -> Engine:
    """An engine from the answers about it."""
    return Engine(tuple(map(read_image, images)), problem, buildx)
