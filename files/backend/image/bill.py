"""`python3 bill.py LIBRARY BILL`: load every compiled module of LIBRARY, and list it and the system in BILL.

The bill is CycloneDX 1.6: the Python packages that are installed, and the Debian packages where dpkg's status is.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

STATUS = Path("/var/lib/dpkg/status")


def main(library: Path, bill: Path) -> int:
    """Return 1, with a line for each reason, when this Python cannot load what another has installed."""
    sys.path.insert(0, str(library))
    problems = [*unloadable(library), *not_locked(Path("requirements.txt").read_text(encoding="utf-8"), library)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    bill.parent.mkdir(parents=True, exist_ok=True)
    bill.write_text(json.dumps(document(library), indent=1) + "\n", encoding="utf-8")
    bill.parent.chmod(0o755)
    bill.chmod(0o644)
    return 0


def unloadable(library: Path) -> Iterator[str]:
    """A sentence for each compiled module that does not load."""
    version = f"{sys.version_info[0]}{sys.version_info[1]}"
    for file in sorted(library.rglob("*.so")):
        tag = re.search(r"\.cpython-(\d+)-", file.name)
        if tag and tag[1] != version:
            yield f"BUILD_IMAGE and BASE_IMAGE: {file.name} is for Python {tag[1]}, the base image has {version}"
            continue
        suffix = next((ending for ending in EXTENSION_SUFFIXES if file.name.endswith(ending)), "")
        if not suffix or ".libs" in file.parent.name:
            continue
        name = ".".join(file.relative_to(library).with_name(file.name.removesuffix(suffix)).parts)
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever a module does when it is loaded
            yield f"BASE_IMAGE: {name} does not load: {error}"


def not_locked(lock: str, library: Path) -> Iterator[str]:
    """A sentence for each package whose version is not the lock's, or that one of them lacks."""
    locked = {canonical(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s\\;]+)", lock, re.MULTILINE)}
    installed = {canonical(found.name): found.version for found in distributions(path=[str(library)])}
    for name in sorted(locked.keys() | installed.keys()):
        if locked.get(name) != installed.get(name):
            yield f"requirements.txt: {name}: {locked.get(name)} is locked, {installed.get(name)} is installed"


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def document(library: Path) -> dict[str, Any]:
    """The bill. The same packages give the same bill."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [python_part(found) for found in distributions(path=[str(library)])]
    parts += debian_parts(STATUS.read_text(encoding="utf-8")) if STATUS.exists() else []
    parts.sort(key=lambda part: part["purl"])
    subject = {
        "type": "application",
        "bom-ref": "omnimind-backend",
        "name": project["name"],
        "version": project["version"],
        "purl": f"pkg:pypi/{project['name']}@{project['version']}",
    }
    names = json.dumps([subject["purl"], *(part["purl"] for part in parts)])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {"component": subject},
        "components": parts,
        "dependencies": [{"ref": "omnimind-backend", "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def python_part(found: Distribution) -> dict[str, Any]:
    """A Python package as a component."""
    purl = f"pkg:pypi/{canonical(found.name)}@{quote(found.version)}"
    part = {"type": "library", "bom-ref": purl, "name": found.name, "version": found.version, "purl": purl}
    licence = found.metadata.get("License-Expression")
    if licence:
        part["licenses"] = [{"expression": licence}]
    elif found.metadata.get("License") and len(found.metadata["License"]) < 80:
        part["licenses"] = [{"license": {"name": found.metadata["License"]}}]
    return part


def debian_parts(status: str) -> Iterator[dict[str, Any]]:
    """Each installed package of dpkg's status as a component."""
    for paragraph in status.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.+)$", paragraph, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            name, version, architecture = (fields[key] for key in ("Package", "Version", "Architecture"))
            purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}"
            yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
