"""A collection is signed by its MANIFEST.json, which has the digest of FILES.json, which has those of all files."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

NAME = "omnimind.platform"


def signature_of(tarball: Path) -> Path:
    """Where the signature of a tarball is: beside it, named by what is signed."""
    return tarball.with_name(f"{tarball.name.removesuffix('.tar.gz')}-MANIFEST.json.asc")


def has_secret_key(key: str) -> bool:
    """Whether GnuPG can sign by this key."""
    listed = subprocess.run(["gpg", "--batch", "--list-secret-keys", key], capture_output=True, check=False)
    return listed.returncode == 0


def sign(tarball: Path, key: str, signature: Path) -> None:
    """Write an armoured signature of a tarball's manifest by a key of GnuPG, which may ask for its passphrase."""
    with tarfile.open(tarball) as opened:
        manifest = opened.extractfile("MANIFEST.json").read()
    command = ["gpg", "--yes", "--armor", "--detach-sign", "--local-user", key, "--output", signature]
    subprocess.run(command, input=manifest, check=True)


def public_key(key: str, keyring: Path) -> None:
    """Write the public half of a key, alone, as a keyring."""
    subprocess.run(["gpg", "--yes", "--output", keyring, "--export", key], check=True)


def install(tarball: Path, home: Path) -> Path:
    """Install as a user does who has nothing else, without a network; return where the collections are.

    subprocess.CalledProcessError when ansible-galaxy refuses, as it does for a file that is not as MANIFEST.json says.
    """
    home.mkdir(exist_ok=True)
    _ansible_galaxy(home, "install", "--offline", tarball)
    return home / ".ansible" / "collections"


def verify(home: Path, signature: Path, keyring: Path) -> None:
    """Check what is installed there as a user does who trusts the keys of that keyring alone.

    `install --signature` does that on its way, but for what comes from a server only: of a tarball's it knows nothing.
    subprocess.CalledProcessError when the signature is not by one of those keys, or a file not as it was signed.
    """
    options = ["--keyring", keyring, "--signature", signature.absolute().as_uri()]
    _ansible_galaxy(home, "verify", "--offline", *options, "--required-valid-signature-count", "+1", NAME)


def _ansible_galaxy(home: Path, *words: str | Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GNUPG"))}
    subprocess.run(["ansible-galaxy", "collection", *words], cwd=home, env=own | {"HOME": str(home)}, check=True)
