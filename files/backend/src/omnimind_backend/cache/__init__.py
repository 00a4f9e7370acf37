"""A cache in two levels, this process and Redis, that is not stale and does not fail when Redis does.

    settings = CacheSettings.from_url("redis+cluster://:secret@10.0.0.1:6379,10.0.0.2:6379?ttl=60")
    async with MultiLevelCache(settings, registry) as cache:
        page = await cache.get("page:1", load_page, ttl=30)

How a request finds its value: `levels` asks `local` (this process), then `second` (Redis), then the caller's load, of
which there is one at a time a key (`single_flight`). `nearby` gives up what a change has overtaken.

How a change is heard: `tracking` keeps a `listener` on every primary that `topology` finds. Only while all of them
are attached, and each has proved within the last second that it missed nothing, are values of this process used;
otherwise every request asks Redis. Values written by other programs are given, but not kept here: their end is unknown.

What Redis does to it: `manager` and `routing` send commands, `failures` says whether one that failed is an outage,
and `circuit` leaves alone what is away. A write that Redis did not get is made up for by `unwritten`; until then
other processes, which cannot know of it, may be given the value that Redis has.

The least that a user needs in Redis: ~PREFIX* &__redis__:invalidate +get +set +eval +getrange +unlink +exists +scan
+ping +client|id +client|tracking +subscribe, and in a cluster +cluster|slots +asking.
"""

from .health import health, status
from .levels import Load, MultiLevelCache
from .manager import RedisManager
from .settings import CacheSettings, SettingsError

__all__ = ["CacheSettings", "Load", "MultiLevelCache", "RedisManager", "SettingsError", "health", "status"]
