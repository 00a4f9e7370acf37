#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: config_check
short_description: Configuration judged by its programs, before it goes anywhere
description:
  - Puts files into a directory that nobody else can read, has the programs in O(validate) judge it, and removes it.
  - It is for files that are written by other means than M(omnimind.platform.config_directory), such as those of a ConfigMap.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  files:
    description: Contents by relative path.
    type: dict
    required: true
  validate:
    description:
      - Commands, each a list of words, in which C(%s) stands for the directory to judge. They run in it.
      - A command whose program is not there is passed over.
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
seealso:
  - module: omnimind.platform.config_directory
"""

EXAMPLES = r"""
- name: Rules are sound where promtool can tell
  omnimind.platform.config_check:
    files:
      rules.yml: "{{ {'groups': groups} | to_nice_yaml }}"
    validate:
      - [promtool, check, rules, "%s/rules.yml"]
    sources:
      rules.yml: groups
"""

RETURN = r"""
validated:
  description: Programs that have judged the files.
  returned: success
  type: list
  elements: str
  sample: [/usr/bin/promtool]
output:
  description: What the program that refused the files printed.
  returned: failure
  type: str
"""

import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure
from ansible_collections.omnimind.platform.plugins.module_utils.host.directories import folders_of, path_complaints
from ansible_collections.omnimind.platform.plugins.module_utils.host.judging import ARGUMENTS as JUDGED
from ansible_collections.omnimind.platform.plugins.module_utils.host.judging import judged
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {"files": {"type": "dict", "required": True}, **JUDGED}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    files = module.params["files"]
    with failures_reported(module):
        complaints = path_complaints(list(files))
        if complaints:
            raise Failure("; ".join(complaints))
        with tempfile.TemporaryDirectory(dir=module.tmpdir) as name:
            staged = Path(name)
            for folder in folders_of(files):
                (staged / folder).mkdir()
            for path, text in files.items():
                (staged / path).write_text(str(text), encoding="utf-8")
            judges = judged(module, staged, where="files", spared="nothing was changed")
    module.exit_json(changed=False, validated=judges)


if __name__ == "__main__":
    main()
