"""What an execution environment holds, asked of itself."""

from __future__ import annotations

import json

from .commands import run

_ASKED = """
import importlib.metadata, json, pathlib, platform
found = {"python": platform.python_version()}
for name in ("ansible-core", "ansible-runner", "redis", "kubernetes", "kubernetes-validate", "requests"):
    found[name] = importlib.metadata.version(name)
for path in sorted(pathlib.Path("/usr/share/ansible/collections/ansible_collections").glob("*/*/MANIFEST.json")):
    collection = json.loads(path.read_text())["collection_info"]
    found[f"{collection['namespace']}.{collection['name']}"] = collection["version"]
print(json.dumps(found))
"""


def describe(name: str) -> str:
    """One line with size and user, and one for each thing that has a version."""
    image = json.loads(run("docker", "image", "inspect", name))[0]
    found = json.loads(run("docker", "run", "--rm", "--network", "none", name, "python3", "-c", _ASKED))
    lines = [f"  {thing} {version}" for thing, version in found.items()]
    return "\n".join([f"  {image['Size'] / 1e6:.0f} MB, user {image['Config']['User']}", *lines])
