"""Windows of stock characteristics. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from foundation.kernel import Part


class CharacteristicSettings(Part):
    """How far back each characteristic looks, and how much it needs."""

    hurst_window: int = Field(default=252, ge=40, description="Sessions of a Hurst exponent.")
    hurst_lags: tuple[int, ...] = Field(
        default=(1, 2, 4, 8, 16), description="Sessions over which moves are measured."
    )
    coverage: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Share of a Hurst exponent's window that must be reported.",
    )
    reports: int = Field(default=8, ge=1, description="Earnings reports looked back on: two years.")
    least_reports: int = Field(default=4, ge=1, description="Reports that a mean needs.")
    sentiment_window: int = Field(default=252, ge=20, description="Sessions of a sentiment beta.")
    least_news: int = Field(
        default=30, ge=3, description="Sessions with news that a sentiment beta needs."
    )
    liquidity_window: int = Field(default=60, ge=2, description="Sessions of mean dollar volume.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if len(self.hurst_lags) < 2 or any(
            a >= b for a, b in zip(self.hurst_lags, self.hurst_lags[1:], strict=False)
        ):
            raise ValueError("hurst_lags are two or more, in ascending order")
        if self.hurst_lags[0] < 1 or 4 * self.hurst_lags[-1] > self.hurst_window:
            raise ValueError("hurst_lags begin at 1 or later and fit four times into hurst_window")
        if self.least_reports > self.reports:
            raise ValueError("least_reports is not above reports")
        return self
