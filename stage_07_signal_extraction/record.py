"""What the published odds of past sessions were worth."""

from __future__ import annotations

import numpy as np

from foundation.contracts import OddsRecord, ReliabilityDecile
from foundation.quant.evaluation import MeanInterval, brier_score, circular_block_bootstrap
from foundation.quant.evaluation.bootstrap import block_length
from stage_07_signal_extraction.odds import RiseOdds
from stage_07_signal_extraction.opinions import HORIZON
from stage_07_signal_extraction.settings import SignalSettings

DECILES = 10


def odds_record(odds: RiseOdds, ratios: np.ndarray, settings: SignalSettings) -> OddsRecord | None:
    """Return how odds compared with what happened; None with fewer sessions than settings ask.

    Only sessions count on which the story or the model had an opinion: where the past frequency
    stands alone there is nothing to compare.

    Parameters
    ----------
    ratios : float array (T, N)
        Of ``information_ratios``: the calls that were made at those odds.
    """
    spoke = ~np.isnan(odds.opinions["story"]) | ~np.isnan(odds.opinions["model"])
    known = spoke & ~np.isnan(odds.rose) & ~np.isnan(odds.published)
    rows = known.any(axis=1)
    if int(rows.sum()) < settings.least_record:
        return None
    known, said, rose = known[rows], odds.published[rows], odds.rose[rows]
    before = odds.opinions["past"][rows]
    losses, theirs = brier_score(said, rose), brier_score(before, rose)
    tenth = decile_of(np.where(known, said, np.nan))
    filled = [k for k in range(DECILES) if (tenth == k).any()]
    columns = [(losses - theirs, known), *((rose, tenth == k) for k in filled)]
    difference, *shares = _intervals(columns, settings)
    deciles = tuple(
        _decile(said, tenth == k, share) for k, share in zip(filled, shares, strict=True)
    )
    called = known & (ratios[rows] != 0)
    count = int(known.sum())
    return OddsRecord(
        sessions=int(rows.sum()),
        forecasts=count,
        rose=float(rose[known].mean()),
        brier=float(losses[known].mean()),
        past_brier=float(theirs[known].mean()),
        difference=difference.mean,
        low=difference.low,
        high=difference.high,
        calibration_error=sum(d.count * abs(d.observed - d.forecast) for d in deciles) / count,
        calls=int(called.sum()),
        right=int((called & ((ratios[rows] > 0) == (rose > 0))).sum()),
        deciles=deciles,
    )


def decile_of(said: np.ndarray) -> np.ndarray:
    """Return 0 to 9 by where a forecast stands among all of them; -1 where there is none.

    Forecasts that are equal lie in one decile, so where many are some deciles stay empty.
    """
    known = ~np.isnan(said)
    edges = np.quantile(said[known], np.arange(1, DECILES) / DECILES)
    place = np.searchsorted(edges, np.where(known, said, 0.0), side="left")
    return np.where(known, place, -1)


def _decile(said: np.ndarray, inside: np.ndarray, share: MeanInterval) -> ReliabilityDecile:
    return ReliabilityDecile(
        forecast=float(said[inside].mean()),
        observed=share.mean,
        low=share.low,
        high=share.high,
        count=int(inside.sum()),
    )


def _intervals(
    columns: list[tuple[np.ndarray, np.ndarray]], settings: SignalSettings
) -> list[MeanInterval]:
    """Return the mean of each (values, mask) with its interval over sessions.

    Outcomes of ``HORIZON`` neighbours overlap, so no block is shorter.
    """
    totals = np.stack([np.where(of, x, 0.0).sum(axis=1) for x, of in columns], axis=1)
    counts = np.stack([of.sum(axis=1).astype(float) for _, of in columns], axis=1)
    return circular_block_bootstrap(
        totals,
        counts,
        block=max(HORIZON, block_length(len(totals))),
        samples=settings.bootstrap_samples,
        seed=settings.seed,
    )
