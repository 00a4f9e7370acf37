# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one exception that the modules of this domain turn into a failure."""
from __future__ import annotations


class ImageFailure(Exception):
    """What a user must know when an image cannot be made; the text says what is wrong and where."""
