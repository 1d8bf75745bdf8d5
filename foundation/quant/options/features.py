"""Forty features of an option chain, given the chains before it.

Everything is past only: a chain's features rest on it and on earlier ones. Ratios and gaps are
free of units and unchanged by splits; counts of contracts are compared with the past after the
past was put on today's scale. NaN means that the chain does not say.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from foundation.kernel import OperatorError
from foundation.quant.options.chain import OptionChain
from foundation.quant.options.measures import (
    activity,
    exposures,
    positioning,
    quotient,
    volatilities,
)
from foundation.quant.options.positioning import gamma_profile
from foundation.quant.options.settings import OptionSettings
from foundation.quant.options.surface import surface
from foundation.timeseries import Panel

OPTION_FIELDS: tuple[str, ...] = (
    "option_volume",
    "open_interest",
    "volume_oi_ratio",
    "volume_ratio_20",
    "open_interest_change",
    "unusual_volume_share",
    "near_volume_share",
    "strike_concentration",
    "pcr_volume",
    "pcr_open_interest",
    "pcr_dollar",
    "pcr_near_volume",
    "pcr_volume_z",
    "pcr_volume_percentile",
    "max_pain_gap",
    "max_pain_gap_all",
    "gamma_exposure",
    "gamma_balance",
    "gamma_flip_gap",
    "call_wall_gap",
    "put_wall_gap",
    "atm_volatility_30",
    "volatility_rank",
    "volatility_percentile",
    "volatility_change",
    "volatility_premium",
    "skew_25_delta_30",
    "butterfly_25_delta_30",
    "put_skew_10_30",
    "atm_volatility_90",
    "term_slope_30_90",
    "forward_volatility_30_90",
    "front_ratio",
    "delta_balance",
    "vega_exposure",
    "theta_exposure",
    "vanna_exposure",
    "implied_move",
    "pin_pressure",
    "positioning_score",
)
"""Their order in panels. Formulas: the docstrings of the functions below."""
AT = {name: i for i, name in enumerate(OPTION_FIELDS)}
COUNTS = ("option_volume", "open_interest")
"""Features that count contracts, and so change with a split."""


def option_features(
    chain: OptionChain,
    settings: OptionSettings,
    *,
    past: np.ndarray | None = None,
    realised_volatility: float = float("nan"),
) -> np.ndarray:
    """Return the features of one judged chain, shape (40,).

    Parameters
    ----------
    chain : OptionChain
        As ``quality.judge`` leaves it.
    past : float64 array, shape (H, 40), optional
        Features of earlier chains, oldest first, counts on today's scale.
    realised_volatility : float
        Of the underlying over 20 sessions, annualised.
    """
    made = surface(chain)
    before = np.empty((0, len(OPTION_FIELDS))) if past is None else past[-settings.history :]
    profile = gamma_profile(chain, made, settings.flip_reach, settings.flip_steps)
    found = activity(chain, settings)
    found |= positioning(chain, made, profile, settings)
    found |= volatilities(made, realised_volatility)
    found |= exposures(chain, made)
    found |= against_past(found, before, settings)
    values = np.array([found[name] for name in OPTION_FIELDS], dtype=float)
    values[~np.isfinite(values)] = np.nan
    return values


def option_panel(
    chains: Sequence[OptionChain],
    settings: OptionSettings,
    *,
    realised_volatility: Mapping[date, float] | None = None,
    splits: Mapping[date, float] | None = None,
) -> Panel:
    """Return the features of one underlying's judged chains, a panel (T, 1, 40).

    Parameters
    ----------
    chains : sequence of OptionChain
        In order of time, one a session.
    realised_volatility : mapping of date to float, optional
        Of the underlying over 20 sessions, annualised; absent sessions are NaN.
    splits : mapping of date to float, optional
        New shares for one old, by the first session on the new scale (7.0 for seven for one).

    Raises
    ------
    OperatorError
        If there is no chain, or they are of several underlyings or not in order of time.
    """
    sessions = [chain.session for chain in chains]
    names = {chain.underlying for chain in chains}
    if len(names) != 1 or any(a >= b for a, b in itertools.pairwise(sessions)):
        raise OperatorError(
            "Chains are of one underlying, one a session, in order of time",
            value=(sorted(names), [str(s) for s in sessions[:5]]),
            remedy="sort them, and make one panel for each underlying",
        )
    rows = np.empty((0, len(OPTION_FIELDS)))
    for chain in chains:
        past = rows.copy()
        for day, ratio in (splits or {}).items():
            if day <= chain.session:
                old = np.array([s < day for s in sessions[: len(past)]], dtype=bool)
                for name in COUNTS:
                    past[old, AT[name]] *= ratio
        realised = (realised_volatility or {}).get(chain.session, float("nan"))
        row = option_features(chain, settings, past=past, realised_volatility=realised)
        rows = np.vstack([rows, row])
    return Panel(
        sessions=tuple(sessions),
        symbols=tuple(names),
        fields=OPTION_FIELDS,
        values=rows[:, None, :],
    )


def against_past(
    now: Mapping[str, float], past: np.ndarray, settings: OptionSettings
) -> dict[str, float]:
    """Return today against earlier chains, shape (H, 40).

    ===================== =====================================================================
    volume_ratio_20       option volume over its mean of the 20 chains before
    open_interest_change  log of open interest over that of the last chain that had any
    pcr_volume_z          (put-call ratio - past mean) / past standard deviation (n - 1)
    pcr_volume_percentile share of the past and today that is not above today, 0 to 1
    volatility_rank       (30-day volatility - lowest) / (highest - lowest), today included, 0 to 1
    volatility_percentile share of the past that is below today, 0 to 1
    volatility_change     30-day volatility less that of the last chain that had one
    positioning_score     mean of three z-scores against the past, each held to -3..3, over 3: gamma
                          balance, less put-call ratio, less 25-delta skew; -1 to 1, high where
                          hedging calms the market and fear is low
    ===================== =====================================================================

    Ranks, percentiles and z-scores are NaN with fewer than ``least_history`` earlier values.
    """

    def earlier(name: str, last: int = len(past)) -> np.ndarray:
        values = past[-last:, AT[name]] if last else past[:0, AT[name]]
        return values[np.isfinite(values)]

    def z(name: str) -> float:
        values = earlier(name)
        if len(values) < settings.least_history:
            return float("nan")
        return quotient(now[name] - values.mean(), values.std(ddof=1))

    def before(name: str) -> float:
        values = earlier(name)
        return float(values[-1]) if len(values) else float("nan")

    volumes, ratios = earlier("option_volume", min(20, len(past))), earlier("pcr_volume")
    levels, level, ratio = earlier("atm_volatility_30"), now["atm_volatility_30"], now["pcr_volume"]
    enough = settings.least_history
    rank = percentile = share = float("nan")
    if len(levels) >= enough and np.isfinite(level):
        lowest, highest = min(levels.min(), level), max(levels.max(), level)
        rank = quotient(level - lowest, highest - lowest)
        percentile = float((levels < level).mean())
    if len(ratios) >= enough and np.isfinite(ratio):
        share = float((np.append(ratios, ratio) <= ratio).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        change = float(np.log(np.float64(now["open_interest"]) / before("open_interest")))
    scores = [z("gamma_balance"), -z("pcr_volume"), -z("skew_25_delta_30")]
    return {
        "volume_ratio_20": (
            quotient(now["option_volume"], volumes.mean()) if len(volumes) == 20 else float("nan")
        ),
        "open_interest_change": change,
        "pcr_volume_z": z("pcr_volume"),
        "pcr_volume_percentile": share,
        "volatility_rank": rank,
        "volatility_percentile": percentile,
        "volatility_change": level - before("atm_volatility_30"),
        "positioning_score": float(np.mean(np.clip(scores, -3, 3))) / 3,
    }
