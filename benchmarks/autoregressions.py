"""How fast and how good batched autoregressions are beside maximum likelihood, series by series.

Claims measured, on daily returns of real stocks:

1. Yule-Walker autoregressions of 500 series, order by Akaike's criterion, take under a tenth of a
   second; statsmodels' ARIMA takes minutes for the same series;
2. what the expected five-session return loses by it: errors of both on the following sessions.

Run: ``python benchmarks/autoregressions.py [--shared ../shared/data] [--looped 20]``. The dated
result stands in ``docs/evidence/market_model.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.kernel import NEW_YORK
from foundation.quant.arima import fit_ar, sum_ahead
from foundation.quant.returns import log_returns

SERIES, SESSIONS, HORIZON, ORDERS = 500, 750, 5, 5
MODELS = ((1, 0, 0), (1, 0, 1), (2, 0, 2))


def main() -> None:
    """Time both and compare what they foretell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--looped", type=int, default=20, help="series given to statsmodels")
    asked = parser.parse_args()
    bars = pd.read_parquet(asked.shared / "ohlcv_sp500_2013_2018" / "bars.parquet")
    closes = bars.pivot(index="date", columns="ticker", values="close").to_numpy()
    returns = log_returns(closes[:, np.isfinite(closes).all(axis=0)])[1:]
    every = max(1, returns.shape[1] // asked.looped)
    print(
        f"{datetime.now(tz=NEW_YORK):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"statsmodels {version('statsmodels')}, load {os.getloadavg()[0]:.0f} at start; CPU time."
    )
    past = returns[:SESSIONS]
    some = np.resize(np.arange(past.shape[1]), SERIES)
    begun = time.process_time()
    fit_ar(past[:, some], ORDERS)
    ours = time.process_time() - begun
    few = past[:, ::every][:, : asked.looped]
    ahead = returns[SESSIONS : SESSIONS + HORIZON, ::every][:, : asked.looped].sum(axis=0)
    mean, _ = sum_ahead(fit_ar(few, ORDERS), few[::-1][:ORDERS], HORIZON)
    print(
        f"\n| model | seconds for {SERIES} series x {SESSIONS} | correlation with ours | "
        "mean absolute error, % |\n|---|---|---|---|"
    )
    print(f"| batched AR, order to {ORDERS} by AIC | {ours:.3f} | | {_error(mean, ahead):.3f} |")
    for order in MODELS:
        said, seconds = by_statsmodels(few, order)
        agree = np.corrcoef(said, mean)[0, 1]
        print(
            f"| statsmodels ARIMA{order} | {seconds * SERIES / few.shape[1]:.1f} | {agree:.2f} | "
            f"{_error(said, ahead):.3f} |"
        )
    print(f"| the past mean | | | {_error(HORIZON * few.mean(axis=0), ahead):.3f} |")
    print(f"\nstatsmodels was given {few.shape[1]} of the series; its time is scaled up.")


def by_statsmodels(series: np.ndarray, order: tuple[int, int, int]) -> tuple[np.ndarray, float]:
    """Return the foretold sum of the coming returns of each series, and CPU seconds."""
    from statsmodels.tsa.arima.model import ARIMA

    begun, said = time.process_time(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in series.T:
            # In percent, where the optimiser's steps are well scaled.
            fitted = ARIMA(100 * x, order=order, trend="c").fit()
            said.append(fitted.forecast(HORIZON).sum() / 100)
    return np.array(said), time.process_time() - begun


def _error(said: np.ndarray, outcome: np.ndarray) -> float:
    return 100 * float(np.abs(said - outcome).mean())


if __name__ == "__main__":
    main()
