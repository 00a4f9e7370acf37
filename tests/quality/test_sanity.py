"""ansible-test sanity, every test of it."""

from __future__ import annotations

import sys
from pathlib import Path

from quality.sanity import left_out, sanity


def test_ansible_test_sanity(tree: Path) -> None:
    """All tests pass and none was left out for want of a program."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    output = sanity(Path(sys.prefix, "bin"), tree, "--python", version)
    assert not left_out(output), output
