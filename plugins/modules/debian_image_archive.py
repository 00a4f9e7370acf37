#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: debian_image_archive
short_description: An image of Debian packages, as an archive
description:
  - Makes an archive that C(docker load) takes, of packages from the apt sources of the host, with mmdebstrap. No
    registry is asked.
  - The image carries a digest of its recipe (packages, release, sources) as the label
    C(omnimind.platform.recipe-digest).
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  image:
    description: Name and tag of the image.
    type: str
    required: true
  packages:
    description: The packages; what they depend on comes along. They are unpacked and not configured, so there is
      a shell only where one of them brings it.
    type: list
    elements: str
    required: true
  directory:
    description: Where archives are kept. One of the same recipe is used again.
    type: path
    required: true
  images:
    description: Images that the engine has, as M(community.docker.docker_image_info) tells. Nothing is made when the
      one of this name is of this recipe.
    type: list
    elements: dict
    default: []
  refresh:
    description: Make the image anew with the packages as they are now.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Returns whether an image would be made.
  diff_mode:
    support: none
    description: Returns the digest instead.
"""

EXAMPLES = r"""
- name: The archive is there
  omnimind.platform.debian_image_archive:
    image: omnimind-python:bookworm
    packages: [python3]
    directory: /var/cache/omnimind
  register: made

- name: The engine has the image
  community.docker.docker_image_load:
    path: "{{ made.archive }}"
  when: made is changed
"""

RETURN = r"""
archive:
  description: Path of the archive. There is none yet when an image of this recipe is present.
  returned: success
  type: str
digest:
  description: Digest of the recipe.
  returned: success
  type: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.debian import recipe_of
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.debian_archive import (
    make,
    recipe_of_host,
)
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "image": {"type": "str", "required": True},
    "packages": {"type": "list", "elements": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "images": {"type": "list", "elements": "dict", "default": []},
    "refresh": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params

    def run(command):
        return module.run_command(list(command), handle_exceptions=False)

    try:
        with failures_reported(module):
            recipe = recipe_of_host(run, params["image"], params["packages"])
            slug = params["image"].replace("/", "_").replace(":", "_")
            archive = Path(params["directory"], f"{slug}-{recipe.digest[:16]}.tar")
            due = params["refresh"] or recipe_of(params["image"], params["images"]) != recipe.digest
            if due and not module.check_mode and (params["refresh"] or not archive.exists()):
                make(run, recipe, archive)
    except OSError as error:
        module.fail_json(msg=f"directory: {params['directory']}: {error.strerror}")
    module.exit_json(changed=due, archive=str(archive), digest=recipe.digest)


if __name__ == "__main__":
    main()
