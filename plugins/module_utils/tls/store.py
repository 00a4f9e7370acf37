# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a local authority: its own certificate and key, and a directory for each that it issued."""
from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .authority import Pair, issue, make_authority, names_of, normal_name, valid_until
from .rehearsal import Bundle, Unfit, judge


@dataclass(frozen=True)
class Order:
    """A certificate that shall be there: what to call it, whom it is for, how many days a new one is valid, and how
    many the one that is there must be."""

    name: str
    names: Sequence[str]
    days: int
    renew_days: int
    authority_days: int


def provide(directory: Path, order: Order, now: datetime, check_mode: bool = False) -> tuple[Bundle, str]:
    """The bundle, and why it was made anew: empty where the one in `directory` will do."""
    with _locked(directory, check_mode):
        authority, ca_reason = _authority(directory, order, now, check_mode)
        place = directory / order.name
        present = _read(place / "node.crt", place / "node.key")
        reason = ca_reason or _shortcoming(present, authority, order, now)
        if present and not reason:
            return Bundle(present.certificate, present.key, authority.certificate), ""
        made = issue(authority, order.names, now, order.days)
        bundle = Bundle(made.certificate, made.key, authority.certificate)
        if not check_mode:
            place.mkdir(mode=0o700, exist_ok=True)
            _write_pair(made, place / "node.crt", place / "node.key")
        return bundle, reason


def _authority(directory: Path, order: Order, now: datetime, check_mode: bool) -> tuple[Pair, str]:
    present = _read(directory / "ca.crt", directory / "ca.key")
    # An authority is never replaced: nobody would trust the next one yet.
    if present:
        return present, ""
    made = make_authority("Local authority for demonstrations and tests", now, order.authority_days)
    if not check_mode:
        _write_pair(made, directory / "ca.crt", directory / "ca.key")
    return made, "there is no authority yet"


def _shortcoming(present: Pair | None, authority: Pair, order: Order, now: datetime) -> str:
    """Why the certificate that is there will not do; empty where it will."""
    if present is None:
        return "there is none yet"
    if set(names_of(present.certificate)) != {normal_name(name) for name in order.names}:
        return "it is for other names"
    if valid_until(present.certificate) - now < timedelta(days=order.renew_days):
        return f"it expires on {valid_until(present.certificate):%Y-%m-%d}"
    try:
        judge(Bundle(present.certificate, present.key, authority.certificate), (), now.timestamp())
    except Unfit as unfit:
        return str(unfit)
    return ""


def _read(certificate: Path, key: Path) -> Pair | None:
    try:
        return Pair(certificate.read_text(), key.read_text())
    except FileNotFoundError:
        return None


def _write_pair(pair: Pair, certificate: Path, key: Path) -> None:
    """Each at once; two that do not match, after a kill between them, are made again."""
    for path, text in ((key, pair.key), (certificate, pair.certificate)):
        number, name = tempfile.mkstemp(dir=path.parent)  # readable for its owner only
        with os.fdopen(number, "w") as file:
            file.write(text)
        os.replace(name, path)


@contextmanager
def _locked(directory: Path, check_mode: bool) -> Iterator[None]:
    """Alone in the directory: Ansible asks for the certificates of several hosts at the same time."""
    if check_mode:
        yield
        return
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
