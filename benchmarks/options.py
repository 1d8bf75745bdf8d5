"""Claims: a million implied volatilities take about a second on one core, and a chain of 13,000
contracts is judged and turned into forty features in a quarter of a second; our volatilities agree
with the exchange's to a hundredth of a point where quotes and spot were taken together; ten days of
13,500 contracts become option features of a window, gate included, in under 3 s.

Run: ``python benchmarks/options.py [--shared ../shared/data]``.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from datetime import date
from datetime import time as clock
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import TypeVar

import numpy as np
import pandas as pd
import shared_sets

from foundation.quant.options import (
    CBOE_SPX,
    LEAN,
    YAHOO,
    OptionChain,
    OptionSettings,
    implied_volatility,
    judge,
    option_features,
    price,
    surface,
)
from foundation.quant.options.american import american_implied_volatility
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.option_panel import Underlyings, option_features_of

SETTINGS = OptionSettings()
T = TypeVar("T")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    print(f"{date.today()}, {machine}, processor seconds, median of {asked.runs}\n")
    solver(asked.runs)
    print("\n| chains | contracts a chain | judge ms | features ms | kept |")
    print("|---|---|---|---|---|")
    for name, chains in (("SPX 2019", spx), ("AAPL 2014", lean), ("AAPL, NVDA 2026", yahoo)):
        one_set(name, list(chains(asked.shared)))
    print("\n| a window of stage 01 | quotes | sessions with features | processor s |")
    print("|---|---|---|---|")
    for name, quotes in shared_sets.chains(asked.shared):
        windowed(name, quotes)
    print("\n| SPX, 2019 | contracts | |ours - Cboe's| median | 99% |")
    print("|---|---|---|---|")
    for chain in spx(asked.shared):
        agreement(chain)
    print(
        "\n| volatilities | contracts | European - American, median | 95% of |gap| | "
        "|American - source|, median | |European - source|, median |"
    )
    print("|---|---|---|---|---|---|")
    exercise("AAPL, NVDA 2026", list(yahoo(asked.shared)))


def solver(runs: int) -> None:
    """Time a million volatilities from out-of-the-money prices, and say how far they miss."""
    draw, many = np.random.default_rng(0), 1_000_000
    forward, strike = np.full(many, 100.0), 100 * np.exp(draw.normal(0, 0.4, many))
    years, sigma = draw.uniform(1 / 365, 3, many), np.exp(draw.uniform(-3.5, 1, many))
    call = strike > forward
    worth = price(forward, strike, years, 0.03, sigma, call)
    spent = [
        _busy(lambda: implied_volatility(worth, forward, strike, years, 0.03, call))[0]
        for _ in range(runs)
    ]
    found = implied_volatility(worth, forward, strike, years, 0.03, call)
    real = worth > 1e-12
    miss = np.nanmax(np.abs(found[real] / sigma[real] - 1))
    print(
        f"A million implied volatilities: {median(spent):.2f} s; largest relative miss {miss:.0e}."
    )


def one_set(name: str, chains: list[OptionChain]) -> None:
    """Time judging and features of every chain of a set."""
    judged, judging, making = [], [], []
    for chain in chains:
        seconds, one = _busy(lambda chain=chain: judge(chain, SETTINGS))
        judging.append(seconds)
        judged.append(one)
        making.append(_busy(lambda one=one: option_features(one.chain, SETTINGS))[0])
    received = sum(one.counts.received for one in judged)
    kept = sum(one.counts.kept for one in judged)
    print(
        f"| {name} | {received // len(chains):,} | {1e3 * median(judging):.0f} | "
        f"{1e3 * median(making):.0f} | {kept:,} of {received:,} |"
    )


def windowed(name: str, quotes: pd.DataFrame) -> None:
    """Time what stage 01 does with the quotes of a set, each known at its snapshot."""
    from foundation.market import session_on_or_before, sessions_until

    quotes = quotes.assign(location=name, right=quotes["right"].str[0].str.upper())
    seen = quotes["snapshot"].dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    quotes["known_at"] = seen.astype("datetime64[ns, UTC]")
    quotes["snapshot"] = quotes["snapshot"].astype("datetime64[ns]")
    symbols = tuple(sorted(quotes["underlying"].unique()))
    days = sessions_until(session_on_or_before(quotes["snapshot"].max().date()), 60)
    nothing = np.full((len(days), len(symbols)), np.nan)
    about = Underlyings(days, symbols, nothing, nothing, nothing[:, 0], ())
    given = SimpleNamespace(option_quotes=quotes, source=SimpleNamespace(name=name))
    seconds, (panel, _) = _busy(lambda: option_features_of(given, about, DataEngineSettings()))
    told = int(np.isfinite(panel.values).any(axis=(1, 2)).sum())
    print(f"| {name} | {len(quotes):,} | {told} | {seconds:.1f} |")


def agreement(chain: OptionChain) -> None:
    """Say how far our volatilities are from the source's, 0.1 < |delta| < 0.9, over a week."""
    chain = judge(chain, SETTINGS).chain
    made = surface(chain)
    delta = np.abs(chain.source_delta)
    use = ((chain.strike >= made.forward) == chain.call) & (chain.source_volatility > 0.01)
    use &= (delta > 0.1) & (delta < 0.9) & (chain.years > 7 / 365)
    apart = np.abs(made.volatility - chain.source_volatility)[use]
    print(
        f"| {chain.session} | {use.sum():,} | {np.median(apart):.4f} | "
        f"{np.percentile(apart, 99):.4f} |"
    )


def exercise(name: str, chains: list[OptionChain]) -> None:
    """Say what early exercise changes: volatilities of both forms beside the source's.

    Up to 300 contracts a chain with more than a week to go and a source's |delta| (or the European
    one) of 0.1 to 0.9, evenly over the chain; in the money and out of it.
    """
    apart: dict[bool, list[np.ndarray]] = {True: [], False: []}
    spent = 0.0
    for chain in chains:
        chain = judge(chain, SETTINGS).chain
        made = surface(chain)
        carry = chain.rate - np.log(made.forward / chain.spot) / chain.years
        european = implied_volatility(
            chain.price, made.forward, chain.strike, chain.years, chain.rate, chain.call
        )
        money = np.abs(np.log(chain.strike / made.forward)) / (european * np.sqrt(chain.years))
        use = np.flatnonzero(
            (chain.years > 7 / 365) & (money < 1.28) & (chain.source_volatility > 0.01)
        )
        use = use[:: max(1, len(use) // 300)]
        seconds, american = _busy(
            lambda chain=chain, carry=carry, use=use: american_implied_volatility(
                chain.price[use], np.array(chain.spot), chain.strike[use], chain.years[use],
                np.array(chain.rate), carry[use], chain.call[use],
            )
        )  # fmt: skip
        spent += seconds
        inside = (chain.strike[use] >= made.forward[use]) != chain.call[use]
        row = np.stack([american, european[use], chain.source_volatility[use]])
        for side in (True, False):
            apart[side].append(row[:, (inside == side) & np.isfinite(row).all(axis=0)])
    for side, words in ((False, "out of the money"), (True, "in the money")):
        american, european, source = np.concatenate(apart[side], axis=1)
        print(
            f"| {name}, {words} | {len(american):,} | {np.median(european - american):+.4f} | "
            f"{np.percentile(np.abs(european - american), 95):.4f} | "
            f"{np.median(np.abs(american - source)):.4f} | "
            f"{np.median(np.abs(european - source)):.4f} |"
        )
    print(f"\n{name}: {spent:.1f} s of processor time for the American form.\n")


def spx(shared: Path) -> Iterator[OptionChain]:
    """Yield the chains of SPX, ten days of 2019."""
    table = pd.read_parquet(shared / "options_spx_2019" / "chain.parquet")
    for _, rows in table.groupby("file_date"):
        yield CBOE_SPX.chain(rows, spot=rows["underlying_last"].iloc[0], rate=0.0235)


def lean(shared: Path) -> Iterator[OptionChain]:
    """Yield the chains of AAPL around its split of 2014, with the stock's own raw closes."""
    bars = pd.read_parquet(shared / "lean_us_daily_raw" / "bars_raw.parquet")
    closes = bars[bars["ticker"] == "AAPL"].set_index("date")["close"]
    table = pd.read_parquet(shared / "options_lean_aapl_2014" / "chain.parquet")
    for day, rows in table.groupby("quote_date"):
        yield LEAN.chain(rows, spot=closes[day], rate=0.001)


def yahoo(shared: Path) -> Iterator[OptionChain]:
    """Yield two snapshots each of AAPL and NVDA."""
    table = pd.read_parquet(shared / "options_yahoo_2026_02" / "chain.parquet")
    for (_, snapshot), rows in table.groupby(["ticker", "snapshot"]):
        at = clock(12) if snapshot == 1 else clock(10, 10)
        yield YAHOO.chain(rows, spot=rows["underlyingPrice"].iloc[0], rate=0.036, at=at)


def _busy(work: Callable[[], T]) -> tuple[float, T]:
    begin = time.process_time()
    made = work()
    return time.process_time() - begin, made


if __name__ == "__main__":
    main()
