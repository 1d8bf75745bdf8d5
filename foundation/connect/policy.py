"""What is particular about one vendor's HTTP service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foundation.connect.breaker import BreakerPolicy
from foundation.connect.rates import Rate
from foundation.connect.retry import RetryPolicy
from foundation.kernel.model import Part

KeyPlace = Literal["none", "bearer", "query", "header"]


class VendorPolicy(Part):
    """Address, limits and patience for one vendor."""

    vendor: str = Field(description="The vendor's name, as errors and limits use it.")
    base_url: str = Field(description="Scheme and host, and a path before all others if any.")
    rates: tuple[Rate, ...] = Field(default=(), description="The vendor's request limits.")
    key_in: KeyPlace = Field(
        default="none", description="Where the key goes: header Authorization, another, or query."
    )
    key_name: str = Field(default="", description="Name of that header or query parameter.")
    reset_header: str = Field(
        default="",
        description="Header that says when the rate is free again, in seconds since 1970; read "
        "where a 429 has no Retry-After.",
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every request.")
    connect_timeout: float = Field(default=5.0, gt=0, description="Seconds.")
    read_timeout: float = Field(
        default=30.0, gt=0, description="Seconds without a byte before a request is given up."
    )
    total_timeout: float = Field(
        default=120.0, gt=0, description="Seconds for one whole answer, however it trickles."
    )
    max_bytes: int = Field(default=64 * 2**20, ge=1, description="Largest answer accepted.")
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
