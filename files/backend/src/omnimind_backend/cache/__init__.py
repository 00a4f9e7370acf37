"""A cache in two levels, this process and Redis, that is not stale and does not fail when Redis does."""

from .health import health, status
from .levels import Load, MultiLevelCache
from .manager import RedisManager
from .settings import CacheSettings, SettingsError

__all__ = ["CacheSettings", "Load", "MultiLevelCache", "RedisManager", "SettingsError", "health", "status"]
