"""Rows with two times, what they are about and since when they are known; appended, never changed.

``LIBRARIES`` names what a store keeps. Every question is asked as of a moment, a version or a
named snapshot, so a later correction does not change what was known before it.
"""

from foundation.storage.bitemporal.rows import Appended, ConflictingRows
from foundation.storage.bitemporal.snapshots import Version
from foundation.storage.bitemporal.store import BitemporalStore
from foundation.storage.bitemporal.tables import LIBRARIES, Library

__all__ = [
    "LIBRARIES",
    "Appended",
    "BitemporalStore",
    "ConflictingRows",
    "Library",
    "Version",
]
