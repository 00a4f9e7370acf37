#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_image_preflight
short_description: Refuse an image build that cannot end well
description:
  - Checks the variables of the role P(omnimind.platform.backend_image#role), the engine and the images that it has, and
    changes nothing. Every reason to refuse is given at once, by the name of its variable.
  - Returns what a build goes by.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.preflight
options:
  name:
    description: Repository of the image, without a tag.
    type: str
    required: true
  tag:
    description: Tag of the image.
    type: str
    required: true
  rollback_tag:
    description: Tag of the image before it.
    type: str
    required: true
  repository:
    description: Where the image is pushed to.
    type: str
    default: ""
  base_image:
    description: The image that the backend is put into.
    type: str
    required: true
  build_image:
    description: The image that packages are unpacked and compiled in.
    type: str
    required: true
  python:
    description: Minor version of Python, where the base image does not say it.
    type: str
    default: ""
  builder:
    description: What builds the image.
    type: str
    choices: [classic, buildx]
    default: classic
  size_limit_mb:
    description: The most that the image may have.
    type: int
    default: 1
  health_timeout:
    description: Seconds that the backend may take to be healthy.
    type: int
    default: 1
  images:
    description: The images that the engine has of those named above, as M(community.docker.docker_image_info) tells.
    type: list
    elements: dict
    default: []
  engine_problem:
    description: Why the engine did not answer; empty when it did.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Changes nothing in any mode.
  diff_mode:
    support: none
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Images are known
  community.docker.docker_image_info:
    name: [omnimind-python:bookworm, omnimind-python-build:bookworm]
  register: found

- name: A build can begin
  omnimind.platform.backend_image_preflight:
    name: omnimind-backend
    tag: 1.0.0
    rollback_tag: previous
    base_image: omnimind-python:bookworm
    build_image: omnimind-python-build:bookworm
    images: "{{ found.images }}"
"""

RETURN = r"""
base_id:
  description: Id of the base image.
  returned: success
  type: str
build_id:
  description: Id of the build image.
  returned: success
  type: str
python:
  description: Minor version of Python in both.
  returned: success
  type: str
  sample: "3.11"
machine:
  description: Architecture of the base image, as the kernel calls it.
  returned: success
  type: str
  sample: x86_64
present_id:
  description: Id of the image with the name and tag; empty when there is none.
  returned: success
  type: str
present_digest:
  description: The digest that it is labelled with.
  returned: success
  type: str
former_id:
  description: Id of the image with the tag for a rollback; empty when there is none.
  returned: success
  type: str
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["backend_image_tag: 'a b' is no tag"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.preflight import (
    engine_complaints,
    read_engine,
    survey,
    variable_complaints,
)
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **PREFLIGHT_ARGUMENTS,
    "name": {"type": "str", "required": True},
    "tag": {"type": "str", "required": True},
    "rollback_tag": {"type": "str", "required": True},
    "repository": {"type": "str", "default": ""},
    "base_image": {"type": "str", "required": True},
    "build_image": {"type": "str", "required": True},
    "python": {"type": "str", "default": ""},
    "builder": {"type": "str", "choices": ["classic", "buildx"], "default": "classic"},
    "size_limit_mb": {"type": "int", "default": 1},
    "health_timeout": {"type": "int", "default": 1},
    "images": {"type": "list", "elements": "dict", "default": []},
    "engine_problem": {"type": "str", "default": ""},
}


def has_buildx(module: AnsibleModule) -> bool:
    """Asked only where it matters."""
    if module.params["builder"] != "buildx":
        return False
    try:
        return module.run_command(["docker", "buildx", "version"], handle_exceptions=False)[0] == 0
    except OSError:
        return False


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    engine = read_engine(params["images"], params["engine_problem"], has_buildx(module))
    # With a name that no image can have, the engine's answer says nothing.
    refuse_if(module, variable_complaints(params) or engine_complaints(params, engine))
    module.exit_json(changed=False, **survey(params, engine))


if __name__ == "__main__":
    main()
