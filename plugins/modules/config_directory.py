#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: config_directory
short_description: A directory of configuration, checked as a whole before any of it is replaced
description:
  - Writes all files of a directory in one call. They are put into a directory beside it first, and the programs in
    O(validate) judge that one. Only when every program is content are the files that differ replaced, each at once, and
    files that nobody asked for removed.
  - Files belong to root, and are readable for a group and for nobody else.
  - Secrets are not shown in a diff, and not what a removed file held.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  path:
    description: The directory. It is made, and is this module's own.
    type: path
    required: true
  files:
    description: Contents by path relative to O(path).
    type: dict
    default: {}
  secret_files:
    description: The same, for what must be in no diff and no log.
    type: dict
    default: {}
  keep:
    description: Patterns of relative paths that are somebody else's, and stay.
    type: list
    elements: str
    default: []
  group:
    description: The group that may read the files. Where there is none by this name yet, in check mode only.
    type: str
    default: root
  mode:
    description: Mode of the files. Directories may be entered by whoever may read a file.
    type: str
    default: "0640"
  validate:
    description:
      - Commands, each a list of words, in which C(%s) stands for the directory to judge. They run in it.
      - A command whose program is not there, as in check mode on a fresh host, is passed over.
    type: list
    elements: list
    default: []
  sources:
    description: Names of what files are made from, or lists of such names, by patterns of relative paths. When a program
      complains about such a file, the message begins with them.
    type: dict
    default: {}
  variable_prefix:
    description: What is put before the names in O(sources) in messages.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: The new files are judged, and not written.
  diff_mode:
    support: full
    description: Shows each file before and after, secrets aside.
seealso:
  - module: omnimind.platform.service_instances
"""

EXAMPLES = r"""
- name: Configuration of Prometheus is written
  omnimind.platform.config_directory:
    path: /etc/omnimind-monitoring
    group: prometheus
    files:
      prometheus.yml: "{{ configuration | to_nice_yaml }}"
      rules/own.yml: "{{ {'groups': groups} | to_nice_yaml }}"
    secret_files:
      secrets/password: "{{ password }}"
    validate:
      - [/usr/bin/promtool, check, config, "%s/prometheus.yml"]
    sources:
      rules/own.yml: own_rules
"""

RETURN = r"""
written:
  description: Files that are new or have another content.
  returned: success
  type: list
  elements: str
  sample: [rules/own.yml]
removed:
  description: Files that are gone.
  returned: success
  type: list
  elements: str
validated:
  description: Programs that have judged the directory.
  returned: success
  type: list
  elements: str
  sample: [/usr/bin/promtool]
output:
  description: What the program that refused the directory printed.
  returned: failure
  type: str
"""

import grp
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure
from ansible_collections.omnimind.platform.plugins.module_utils.host.directories import (
    Entry,
    changes,
    differences,
    folders_of,
    path_complaints,
)
from ansible_collections.omnimind.platform.plugins.module_utils.host.judging import ARGUMENTS as JUDGED
from ansible_collections.omnimind.platform.plugins.module_utils.host.judging import judged
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "files": {"type": "dict", "default": {}},
    "secret_files": {"type": "dict", "default": {}, "no_log": True},
    "keep": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "default": "0640"},
    **JUDGED,
}


class Owner:
    """Whom the files belong to: root, a group, and a mode."""

    def __init__(self, group: str, mode: str, check_mode: bool) -> None:
        try:
            self.group: int | None = grp.getgrnam(group).gr_gid
        except KeyError as error:
            if not check_mode:
                raise Failure(f"group: there is no group {group!r} on this host") from error
            self.group = None
        self.mode = int(mode, 8)
        # To read a file is to enter its directory.
        self.directory_mode = self.mode | (self.mode & 0o444) >> 2

    def fits(self, path: Path, directory: bool = False) -> bool:
        status = path.lstat()
        mode = self.directory_mode if directory else self.mode
        return (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, self.group, mode)

    def take(self, path: Path, directory: bool = False) -> None:
        os.chown(path, 0, 0 if self.group is None else self.group)
        os.chmod(path, self.directory_mode if directory else self.mode)


def read(top: Path, owner: Owner) -> dict[str, Entry]:
    """Every file below a directory, by relative path. A link is a file that is none."""
    found = {}
    for folder, names, files in os.walk(top):
        links = [name for name in names if Path(folder, name).is_symlink()]
        for path in (Path(folder, name) for name in files + links):
            regular = path.is_file() and not path.is_symlink()
            content = path.read_bytes() if regular else None
            found[str(path.relative_to(top))] = Entry(content, regular and owner.fits(path))
    return found


def stage(top: Path, contents: dict[str, bytes], owner: Owner) -> None:
    """Write all files below a directory that is empty."""
    owner.take(top, directory=True)
    for folder in folders_of(contents):
        (top / folder).mkdir()
        owner.take(top / folder, directory=True)
    for path, content in contents.items():
        (top / path).write_bytes(content)
        owner.take(top / path)


def put_in_place(staged: Path, top: Path, written: list[str], owner: Owner) -> None:
    """Replace files one after the other, each at once."""
    for folder in ["", *folders_of(written)]:
        _make_way(top / folder, directory=True)
        (top / folder).mkdir(exist_ok=True, parents=not folder)
        owner.take(top / folder, directory=True)
    for path in written:
        _make_way(top / path, directory=False)
        os.replace(staged / path, top / path)


def _make_way(path: Path, directory: bool) -> None:
    """Remove a file where a directory must be, and the other way round."""
    if path.is_symlink() or (path.exists() and directory != path.is_dir()):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def remove(top: Path, paths: tuple[str, ...]) -> None:
    """Remove files, and the directories that hold nothing then."""
    for path in paths:
        # What was put in place may have taken its place, or that of its directory.
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            (top / path).unlink()
        for parent in (top / path).parents:
            if parent == top or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params, top = module.params, Path(module.params["path"])
    with failures_reported(module):
        complaints = path_complaints([*params["files"], *params["secret_files"]])
        complaints += [f"files: {path} is in secret_files too" for path in params["files"] if path in params["secret_files"]]
        if complaints:
            raise Failure("; ".join(complaints))
        contents = {path: str(text).encode() for path, text in {**params["files"], **params["secret_files"]}.items()}
        owner = Owner(params["group"], params["mode"], module.check_mode)
        present = read(top, owner)
        todo = changes(present, contents, params["keep"])
        folders = [path for path in [top, *(top / name for name in folders_of(contents))] if path.is_dir()]
        strange = [path for path in folders if not owner.fits(path, directory=True)]
        judges: list[str] = []
        if todo.written or todo.removed:
            # Files can be renamed within one file system only.
            place = None if module.check_mode else top.parent
            if place:
                place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{top.name}-", dir=place) as name:
                staged = Path(name)
                stage(staged, contents, owner)
                judges = judged(module, staged, where=params["path"])
                if not module.check_mode:
                    put_in_place(staged, top, todo.written, owner)
        if not module.check_mode:
            remove(top, todo.removed)
            for path in todo.owned:
                owner.take(top / path)
            for path in strange:
                owner.take(path, directory=True)
    module.exit_json(
        changed=bool(todo or strange),
        written=todo.written,
        removed=list(todo.removed),
        validated=judges,
        diff=differences(present, contents, params["secret_files"], todo),
    )


if __name__ == "__main__":
    main()
