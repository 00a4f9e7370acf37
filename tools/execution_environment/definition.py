"""execution-environment.yml, turned into what needs no network for Python packages and collections."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from .base import Base

# What the build leaves behind has it, and is removed by it.
STAGE_LABEL = "omnimind.platform.stage"
# ansible-builder removes /output at the end.
WHEELS = "/output/wheelhouse"
PIP_SETTINGS = f"[global]\nno-index = true\nfind-links = {WHEELS}\ndisable-pip-version-check = true\n"
COLLECTIONS = "/usr/share/ansible/collections/ansible_collections"


def requirements(definition: dict[str, Any], own: str) -> list[str]:
    """What pip is asked for in the course of the build. `own`: the collection's meta/ee-requirements.txt."""
    dependencies = definition["dependencies"]
    ansible = [dependencies[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    builder = ["bindep", "dumb-init==1.2.5", "packaging", "pyyaml"]
    return [*ansible, *builder, *dependencies.get("python", []), *own.split()]


def collections(definition: dict[str, Any]) -> list[str]:
    """The full names of the collections, ours first."""
    return [collection["name"] for collection in definition["dependencies"]["galaxy"]["collections"]]


def from_here(definition: dict[str, Any], base: Base, material: Path, tarball: str) -> dict[str, Any]:
    """The definition with everything taken from the directory `material`: wheels, collections, and our own tarball."""
    changed = copy.deepcopy(definition)
    changed["images"] = {"base_image": {"name": base.image}}
    changed["options"]["package_manager_path"] = base.manager
    changed["build_arg_defaults"] = {"ANSIBLE_GALAXY_CLI_COLLECTION_OPTS": "--offline"}
    dependencies = changed["dependencies"]
    dependencies["python_interpreter"] = {"python_path": base.python}
    dependencies["galaxy"] = {"collections": [{"name": f"material/{tarball}", "type": "file"}]}
    changed["additional_build_files"] = [{"src": str(material), "dest": "material"}]
    steps = changed["additional_build_steps"]
    steps["prepend_base"] = [
        f"LABEL {STAGE_LABEL}=true",
        *steps["prepend_base"],
        f"COPY _build/material/wheels {WHEELS}",
        "COPY _build/material/pip.conf /etc/pip.conf",
    ]
    steps["prepend_galaxy"] = [f"COPY _build/material/collections {COLLECTIONS}"]
    # This stage is thrown away; that of the final one is compiled, as no user there could write what Python compiles.
    steps["prepend_builder"] = ["ENV PIP_NO_COMPILE=1"]
    steps["append_final"] = ["RUN rm /etc/pip.conf", *steps["append_final"]]
    return changed
