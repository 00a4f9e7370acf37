# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one exception that the modules of this domain turn into a failure."""
from __future__ import annotations

# By its whole name: pylint does not see through two dots that this is an exception.
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure


class RedisFailure(Failure):
    """What a user must know when a module of this domain cannot do its work."""


class Refused(RedisFailure):
    """Nothing was changed, because of what `reasons` ({node, reason} mappings) say."""

    def __init__(self, reasons: list[dict[str, str]]) -> None:
        sentences = [f"{r['node']}: {r['reason']}" if r["node"] else r["reason"] for r in reasons]
        super().__init__("Refused, nothing was changed. " + "; ".join(sentences), refusals=reasons)
