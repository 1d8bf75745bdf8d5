"""quant -> 03, 07: the quantitative foundation's opinion, whichever model holds it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Contract, Part
from foundation.timeseries import Panel

QUANT_FIELDS: tuple[str, ...] = (
    "p_trending",
    "p_mean_reverting",
    "p_choppy",
    "p_volatile",
    "expected_return_5d",
    "hit_probability",
    "volatility_5d",
    "q10",
    "q50",
    "q90",
    "idiosyncratic_alpha",
)


class ModelVersion(Part):
    """Which model answered for which fields, and the last session it had seen in training."""

    name: str
    version: str
    fields: tuple[str, ...]
    trained_until: date | None


class QuantContext(Contract):
    """Per session and symbol: regime, five-session return distribution, hit odds, volatility.

    Attributes
    ----------
    values : Panel (T, N, 11), fields ``QUANT_FIELDS``
        Regime probabilities sum to one. ``expected_return_5d``, ``q10``, ``q50``, ``q90`` and
        ``idiosyncratic_alpha`` are log returns from the entry to the close five sessions on
        (0.01 = 1%), quantiles do not cross. ``hit_probability`` is the chance that the target
        is touched before the stop within five sessions. ``volatility_5d`` is the standard
        deviation of the five-session log return. Each row uses only what was known at its
        session's close. NaN where the model had too little history, or (alpha) no model answers.
    entry : "close" or "next open"
        From where the returns run: this session's close, or the next session's open (for a symbol
        that reports no opens, its close).
    models : tuple of ModelVersion
        Who answered, who was asked beside, and why this one is believed.
    """

    schema_version: int = Field(default=2, ge=1, description="2: ``entry`` joined.")

    values: Panel
    models: tuple[ModelVersion, ...]
    entry: Literal["close", "next open"] = "close"
