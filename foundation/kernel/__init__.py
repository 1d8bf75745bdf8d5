"""Errors, clock, hashing and frozen bases. Standard library and Pydantic only."""

from foundation.kernel.clock import NEW_YORK, Clock, FixedClock, SystemClock
from foundation.kernel.errors import (
    ArtefactError,
    DependencyError,
    FinancialStoryError,
    ModelError,
    OperatorError,
    UpstreamDataError,
    WorldError,
)
from foundation.kernel.hashing import hash_bytes, hash_text, seed_from, short
from foundation.kernel.model import Contract, Part

__all__ = [
    "NEW_YORK",
    "ArtefactError",
    "Clock",
    "Contract",
    "DependencyError",
    "FinancialStoryError",
    "FixedClock",
    "ModelError",
    "OperatorError",
    "Part",
    "SystemClock",
    "UpstreamDataError",
    "WorldError",
    "hash_bytes",
    "hash_text",
    "seed_from",
    "short",
]
