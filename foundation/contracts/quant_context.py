"""quant -> 03, 07: the quantitative foundation's opinion, whichever model holds it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.contracts.foundation_report import REGIME_FIELDS, FoundationReport
from foundation.kernel.model import Contract, Part
from foundation.timeseries import Panel

QUANT_FIELDS: tuple[str, ...] = (
    *REGIME_FIELDS,
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
        Regime probabilities sum to one; where the market's hidden regime is named (``models`` says
        who names it) they are the same for all symbols. ``expected_return_5d``, ``q10``, ``q50``,
        ``q90`` and ``idiosyncratic_alpha`` are log returns from the entry to the close five
        sessions on (0.01 = 1%), quantiles do not cross. ``hit_probability`` is the chance that the
        target is touched before the stop within five sessions. ``volatility_5d`` is the standard
        deviation of the five-session log return. Each row uses only what was known at its
        session's close. NaN where the model had too little history, no regimes can be told apart,
        or (alpha) no model answers.
    entry : "close" or "next open"
        From where the returns run: this session's close, or the next session's open (for a symbol
        that reports no opens, its close).
    models : tuple of ModelVersion
        Who answered, who was asked beside, and why this one is believed.
    report : FoundationReport, optional
        Why, for people: no stage reasons from it. It lies here, and not in a contract of its own,
        because it is the other half of one training: kept apart, it could be shown beside values
        of another. None where GARCH and LightGBM answer alone.
    """

    schema_version: int = Field(
        default=4, ge=1, description="4: ``report`` tells weights; 3: ``report`` joined."
    )

    values: Panel
    models: tuple[ModelVersion, ...]
    entry: Literal["close", "next open"] = "close"
    report: FoundationReport | None = None
