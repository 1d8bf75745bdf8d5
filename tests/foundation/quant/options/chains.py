"""Chains made up for tests: priced by Black-Scholes-Merton on a smile that is known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from foundation.quant.options import OptionChain, price

NOON = datetime(2024, 3, 1, 12, tzinfo=ZoneInfo("America/New_York"))
SHARED = Path(__file__).parents[4] / ".." / "shared" / "data"


def smile(money: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Volatility at ln(strike / forward): a skew, a curve and a falling term structure."""
    return np.asarray(0.2 - 0.15 * money + 0.3 * money**2 + 0.02 * np.exp(-4 * years))


def made_up(
    days: tuple[int, ...] = (7, 28, 63, 119),
    *,
    spot: float = 100.0,
    rate: float = 0.03,
    carry: float = 0.01,
    moment: datetime = NOON,
    scale: float = 1.0,
    seed: int = 0,
) -> OptionChain:
    """Return a chain whose middle prices are exact; open interest and volume are drawn."""
    strikes = scale * np.arange(60.0, 141.0, 2.5)
    day, strike, call = (
        a.ravel() for a in np.meshgrid(days, strikes, [True, False], indexing="ij")
    )
    expiry = np.datetime64(moment.date(), "D") + day.astype("m8[D]")
    years = (day + (16 - moment.hour) / 24) / 365
    forward = scale * spot * np.exp((rate - carry) * years)
    call = call.astype(bool)
    worth = price(forward, strike, years, rate, smile(np.log(strike / forward), years), call)
    draw = np.random.default_rng(seed)
    nothing = np.full(len(day), np.nan)
    return OptionChain(
        underlying="XYZ",
        moment=moment,
        spot=scale * spot,
        rate=rate,
        contract=np.array(
            [f"{e}{'C' if c else 'P'}{k:g}" for e, c, k in zip(expiry, call, strike, strict=True)],
            dtype=object,
        ),
        expiry=expiry,
        settles_at_open=np.zeros(len(day), dtype=bool),
        strike=strike,
        call=call,
        bid=worth * 0.99,
        ask=worth * 1.01,
        last=worth.copy(),
        price=worth.copy(),
        volume=draw.integers(0, 500, len(day)).astype(float),
        open_interest=draw.integers(0, 5_000, len(day)).astype(float),
        source_volatility=nothing.copy(),
        source_delta=nothing.copy(),
        source_gamma=nothing.copy(),
        last_trade=np.full(len(day), "NaT", dtype="M8[s]"),
        stated_days=nothing.copy(),
    )


def real(name: str) -> pd.DataFrame:
    """Return a shared data set, or skip the test."""
    file = SHARED / name / "chain.parquet"
    if not file.is_file():
        pytest.skip(f"no {file}")
    return pd.read_parquet(file)
