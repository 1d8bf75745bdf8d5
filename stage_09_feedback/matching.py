"""Past forecasts beside what happened, and beside the references on exactly the same pairs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import TAPE, MarketWindow, StoryBook, StoryForecast
from foundation.kernel import ModelError, OperatorError, UpstreamDataError
from foundation.quant.evaluation import climatology, first_order_markov, persistence

CATEGORIES = 5


@dataclass(frozen=True)
class MatchedForecasts:
    """Forecasts whose target session has been seen.

    Attributes
    ----------
    origins, targets : tuples of date, length K
        Session at whose close a forecast stood, and the session it spoke about. Each has at
        least one pair.
    symbols : tuple of str, length N
    system : float64 array, shape (K, N, S, 5)
        The system's distributions, as published; NaN where the series is absent.
    references : dict of the same arrays, by baseline
        Made from observations up to the origin; and what the story model alone said.
    observed : float64 array, shape (K, N, S)
        Observed codes at the target session; NaN where there is none, or no forecast to match.
    seen_in_training : int
        Rows left out because their target session lies in the model's training.
    """

    origins: tuple[date, ...]
    targets: tuple[date, ...]
    symbols: tuple[str, ...]
    system: np.ndarray
    references: dict[str, np.ndarray]
    observed: np.ndarray
    seen_in_training: int


def match(forecast: StoryForecast, stories: StoryBook, market: MarketWindow) -> MatchedForecasts:
    """Pair each forecast row with the next session's observation, by session and symbol.

    The next session is the next one of the market, not the next row that happens to be there.
    A row without a next session (the forecast of ``target_session``) has no pair and is never
    scored; neither is a row whose target the model saw in training, nor one the book does not
    cover.

    Raises
    ------
    OperatorError
        If the three contracts do not stand at the same session.
    UpstreamDataError
        If the forecast's series are not those of the tape, or no symbol is shared.
    ModelError
        If a distribution is partly NaN, negative or does not sum to one.
    """
    _check_same_session(forecast, stories, market)
    symbols = tuple(s for s in forecast.distributions.symbols if s in stories.observed.symbols)
    if forecast.distributions.fields != TAPE or stories.observed.fields != TAPE or not symbols:
        raise UpstreamDataError(
            "Forecast and story book must share the tape's series and at least one symbol",
            value=(forecast.distributions.fields, stories.observed.fields),
            remedy="make both from the same run",
        )
    system = forecast.distributions.select(symbols=symbols)
    book = stories.observed.select(symbols=symbols)
    alone = forecast.model_distributions.select(symbols=symbols)
    _check_distributions(system.values)
    _check_distributions(alone.values)

    sessions = market.bars.sessions
    following = dict(itertools.pairwise(sessions))
    book_row = {session: row for row, session in enumerate(book.sessions)}
    pairs, trained = [], 0
    for row, origin in enumerate(system.sessions):
        target = following.get(origin)
        if target is None or origin not in book_row or target not in book_row:
            continue
        told = ~np.isnan(system.values[row]).any(axis=-1)
        if not (told & ~np.isnan(book.values[book_row[target]])).any():
            continue
        if target <= forecast.trained_until:
            trained += 1
            continue
        pairs.append((row, origin, target))

    distributions = system.values[[row for row, _, _ in pairs]]
    observed = book.values[[book_row[target] for _, _, target in pairs]]
    places = [book_row[origin] for _, origin, _ in pairs]
    return MatchedForecasts(
        origins=tuple(origin for _, origin, _ in pairs),
        targets=tuple(target for _, _, target in pairs),
        symbols=symbols,
        system=distributions,
        references={
            "climatology": climatology(book.values, CATEGORIES)[places],
            "persistence": persistence(book.values, CATEGORIES)[places],
            "Markov chain": first_order_markov(book.values, CATEGORIES, pooled=True)[places],
            "story model": alone.values[[row for row, _, _ in pairs]],
        },
        observed=np.where(np.isnan(distributions).any(axis=-1), np.nan, observed),
        seen_in_training=trained,
    )


def _check_same_session(forecast: StoryForecast, stories: StoryBook, market: MarketWindow) -> None:
    named = {"forecast": forecast.session, "stories": stories.session, "market": market.session}
    ends = [p.sessions[-1] for p in (stories.observed, market.bars) if p.sessions]
    if len(set(named.values())) > 1 or any(end > forecast.session for end in ends):
        raise OperatorError(
            "Forecast, stories and market must stand at the same session, with nothing later",
            value={k: str(v) for k, v in named.items()},
            remedy="give the feedback stage three artefacts of one run",
        )


def _check_distributions(values: np.ndarray) -> None:
    absent = np.isnan(values).all(axis=-1)
    sound = (values >= 0).all(axis=-1) & (np.abs(values.sum(axis=-1) - 1) <= 1e-6)
    if not (absent | sound).all():
        raise ModelError(
            "Every forecast distribution must be non-negative and sum to one, or be all NaN",
            value=values[~(absent | sound)][0].tolist(),
            remedy="look at how the story model turns logits into outcome probabilities",
        )
