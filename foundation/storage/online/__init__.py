"""The online side: what is newest, by key, for whoever must answer at once."""

from foundation.storage.online.cache import InProcessCache, LatestCache, RedisCache, open_cache
from foundation.storage.online.features import LatestFeatures, OnlineFeatures

__all__ = [
    "InProcessCache",
    "LatestCache",
    "LatestFeatures",
    "OnlineFeatures",
    "RedisCache",
    "open_cache",
]
