# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Manifests in files of YAML or JSON, as kubectl takes them: several in a file, and directories of files."""
from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import KubernetesFailure

try:
    import yaml

    YAML_IMPORT_ERROR = None
except ImportError:
    YAML_IMPORT_ERROR = traceback.format_exc()

_ENDINGS = (".yml", ".yaml", ".json")


def read_manifests(option: str, path: str) -> Iterator[tuple[str, Any]]:
    """Each with where it is, such as `src: shop.yml, document 2`; KubernetesFailure when they cannot be read."""
    place = Path(path)
    files = sorted(one for one in place.iterdir() if one.suffix in _ENDINGS) if place.is_dir() else [place]
    if not files:
        raise KubernetesFailure(f"{option}: {path} has no file that ends in {', '.join(_ENDINGS)}")
    for file in files:
        try:
            documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise KubernetesFailure(f"{option}: {file} cannot be read: {error}") from error
        except yaml.YAMLError as error:
            raise KubernetesFailure(f"{option}: {file} is no YAML: {' '.join(str(error).split())}") from error
        for index, document in enumerate(documents):
            # What is between two lines of dashes may be nothing.
            if document is not None:
                yield f"{option}: {file}, document {index + 1}", document
