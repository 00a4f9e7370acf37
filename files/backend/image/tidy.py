"""`python3 tidy.py DIRECTORY`: leave what runs, compiled, smaller, and readable by everybody."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

# What packages bring for people, compilers, their own tests, and for packages that are not here.
OPTIONAL = ("PIL/_imagingtk*", "zstandard/_cffi*")
NOT_RUN = (
    *OPTIONAL, "bin", "**/tests", "**/test", "**/__pycache__", "**/*.pyi", "**/*.pxd", "**/*.pyx", "**/*.c", "**/*.h"
)  # fmt: skip


def main(directory: Path) -> int:
    """Return 1 when something does not compile."""
    for pattern in NOT_RUN:
        for path in list(directory.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    libraries = [str(path) for path in directory.rglob("*.so*") if path.is_file()]
    if libraries and shutil.which("strip"):
        subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)
    # The time of a source file is another in every build: compiled code is found right by no check at all.
    compiled = compileall.compile_dir(
        directory, quiet=1, workers=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    # Whatever the context's modes were.
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return 0 if compiled else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
