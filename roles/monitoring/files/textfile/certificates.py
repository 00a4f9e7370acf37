"""Writes when certificates expire, for the textfile collector of node_exporter: certificates.py OUTPUT CERTIFICATE...

Each CERTIFICATE is a PEM file, of which the first certificate counts. Needs openssl. The file is replaced as a whole, so that
nobody reads half of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

EXPIRY = "omnimind_certificate_expiry_timestamp_seconds"
READABLE = "omnimind_certificate_readable"


def main() -> None:
    output, *certificates = sys.argv[1:]
    text = exposition({path: expiry(path) for path in certificates})
    temporary = Path(f"{output}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(output)


def expiry(path: str) -> float | None:
    """Seconds from 1970 to the end of a certificate; None when it cannot be read, which is said on stderr."""
    command = ["openssl", "x509", "-noout", "-enddate", "-in", path]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    if found.returncode:
        print(f"{path}: {found.stderr.strip()}", file=sys.stderr)
        return None
    return end_of(found.stdout)


def end_of(said: str) -> float:
    """Of what openssl says: `notAfter=Dec  5 09:00:00 2026 GMT`."""
    written = said.strip().partition("=")[2]
    return datetime.strptime(written, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc).timestamp()


def exposition(ends: dict[str, float | None]) -> str:
    """The metrics, by the files' paths."""
    lines = [f"# HELP {EXPIRY} When a certificate ends.", f"# TYPE {EXPIRY} gauge"]
    lines += [f"{EXPIRY}{_path(path)} {end:.0f}" for path, end in ends.items() if end is not None]
    lines += [f"# HELP {READABLE} Whether a certificate could be read.", f"# TYPE {READABLE} gauge"]
    lines += [f"{READABLE}{_path(path)} {int(end is not None)}" for path, end in ends.items()]
    return "\n".join([*lines, ""])


def _path(path: str) -> str:
    escaped = path.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{{path="{escaped}"}}'


if __name__ == "__main__":
    main()
