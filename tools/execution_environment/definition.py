"""execution-environment.yml, turned into what needs no network for Python packages and collections."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .base import Base

# What the build leaves behind has it, and is removed by it.
STAGE_LABEL = "omnimind.platform.stage"
# ansible-builder removes /output at the end.
WHEELS = "/output/wheelhouse"
PIP_SETTINGS = f"[global]\nno-index = true\nfind-links = {WHEELS}\ndisable-pip-version-check = true\n"
COLLECTIONS = "/usr/share/ansible/collections/ansible_collections"
# What ansible-builder's own steps ask pip for.
BUILDER = ("bindep", "dumb-init==1.2.5", "packaging", "pyyaml")


def ansible(definition: dict[str, Any]) -> list[str]:
    """The pins of what runs playbooks."""
    return [definition["dependencies"][name]["package_pip"] for name in ("ansible_core", "ansible_runner")]


def other_collections(definition: dict[str, Any]) -> list[str]:
    """Full names of the collections beside this one."""
    names = [collection["name"] for collection in definition["dependencies"]["galaxy"]["collections"]]
    return [name for name in names if name != "omnimind.platform"]


def from_here(
    definition: dict[str, Any], base: Base, material: Path, python: Iterable[str], system: Iterable[str]
) -> dict[str, Any]:
    """The definition with all but this collection, taken from the directory `material`.

    Args:
        python: what this collection needs of Python packages.
        system: what it needs of system packages, as bindep writes it.
    """
    changed = copy.deepcopy(definition)
    changed["images"] = {"base_image": {"name": base.image}}
    changed["options"]["package_manager_path"] = base.manager
    changed["additional_build_files"] = [{"src": str(material), "dest": "material"}]
    dependencies = changed["dependencies"]
    dependencies["python_interpreter"] = {"python_path": base.python}
    dependencies["system"] = [*dependencies.get("system", ()), *system]
    # ansible-builder would install all twice, in a stage that is thrown away too.
    wanted = [*dependencies.pop("python", ()), *python]
    del dependencies["galaxy"], dependencies["exclude"]
    steps = changed["additional_build_steps"]
    steps["prepend_base"] = [
        f"LABEL {STAGE_LABEL}=true",
        *steps["prepend_base"],
        f"COPY _build/material/wheels {WHEELS}",
        "COPY _build/material/pip.conf /etc/pip.conf",
    ]
    steps["prepend_final"] = [f"RUN $PYCMD -m pip install --no-cache-dir {shlex.join(wanted)}"]
    steps["append_final"] = [
        f"COPY _build/material/collections {COLLECTIONS}",
        "RUN rm /etc/pip.conf",
        *steps["append_final"],
    ]
    return changed
