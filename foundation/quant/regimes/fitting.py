"""A Markov-switching model fitted to the past: starts, climbing, and how many regimes there are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from foundation.quant.regimes.chain import filtered, smoothed
from foundation.quant.regimes.emissions import Emissions, Parameters
from foundation.quant.settings import MarketRegimeSettings

EVEN = 30.0
"""Degrees of freedom to begin with: one of ``FREEDOMS``."""
SLOPE_SPREAD = 0.1
STAY = 0.95
"""Chance to stay in a state to begin with."""
PRIOR_MOVES = 1.0
"""Moves out of each state that are counted besides those expected, spread evenly: a state that was
never left must stay possible to leave."""
FIRST_STEPS = 6
"""Steps that every start climbs; the best alone goes on (Biernacki, Celeux & Govaert 2003)."""


@dataclass(frozen=True)
class Fit:
    """A model that was chosen.

    Attributes
    ----------
    parameters : Parameters
        Of one model (M = 1).
    share : float
        Independent share of the deviations' degrees of freedom.
    memory_error : float64 array, shape (K,)
        Standard errors of the states' memory, as if it were known which session was which.
    several : bool
        Whether there were deviations: more than one stock.
    log_likelihood : float
    criterion : tuple of float
        Schwarz's criterion (BIC, smaller is better) of each number of states tried.
    """

    parameters: Parameters
    share: float
    memory_error: np.ndarray
    several: bool
    log_likelihood: float
    criterion: tuple[float, ...]

    @property
    def states(self) -> int:
        """How many regimes were told apart."""
        return self.parameters.memory.shape[1]

    @property
    def spread(self) -> np.ndarray:
        """Spread of a stock's return in each state, (K,), log return."""
        own = self.parameters.own[0] if self.several else 0.0
        return np.hypot(self.parameters.market[0], own)


def fitted(
    emissions: Emissions,
    share: float,
    settings: MarketRegimeSettings,
    before: tuple[Parameters, ...] = (),
) -> tuple[Fit, tuple[Parameters, ...]]:
    """Return the model of as many states as the past supports, and the best of each number.

    Parameters
    ----------
    emissions : Emissions
        Of all sessions known.
    share : float
    settings : MarketRegimeSettings
    before : tuple of Parameters
        The best of each number of states at an earlier fit: where to start from besides.

    Notes
    -----
    Schwarz's criterion chooses the number: ``-2 log L + k log T`` (Schwarz 1978, Annals of
    Statistics 6), ``T`` sessions, not stocks times sessions. Same past, same answer: starts are
    drawn with fixed seeds.
    """
    best, criterion, models = None, [], []
    sessions = int(emissions.seen.sum())
    tried = range(settings.least_states, settings.most_states + 1)
    for at, states in enumerate(tried):
        if before:
            fresh = _starts(emissions, states, settings, settings.later_starts)
            start = fresh.joined(before[at])
        else:
            start = _starts(emissions, states, settings, settings.starts)
        found, likelihood, chance = climbed(emissions, start, settings)
        models.append(found)
        free = _free(states, emissions.several)
        criterion.append(-2 * likelihood + free * math.log(sessions))
        if criterion[-1] == min(criterion):
            error = emissions.memory_error(found, chance)[0]
            best = Fit(found, share, error, emissions.several, likelihood, ())
    assert best is not None
    return replace(best, criterion=tuple(criterion)), tuple(models)


def climbed(
    emissions: Emissions, start: Parameters, settings: MarketRegimeSettings
) -> tuple[Parameters, float, np.ndarray]:
    """Return the best model that can be climbed to, its log likelihood and states' chances."""
    now, value = start, np.array([-np.inf])
    for step in range(settings.steps):
        density, weights = emissions.judged(now)
        chance, counts, likelihood = smoothed(density, now.moves)
        if step == FIRST_STEPS and len(likelihood) > 1:
            best = int(likelihood.argmax())
            now, chance, counts = now.chosen(best), chance[best : best + 1], counts[best : best + 1]
            likelihood, value = likelihood[best : best + 1], value[best : best + 1]
            weights = (weights[0][best : best + 1], weights[1][best : best + 1])
        if len(likelihood) == 1 and likelihood[0] - value[0] < settings.tolerance:
            break
        value = likelihood
        counts = counts + PRIOR_MOVES / counts.shape[-1]
        moves = counts / counts.sum(axis=-1, keepdims=True)
        now = replace(emissions.improved(now, chance, weights), moves=moves)
    return now, float(likelihood[0]), chance


def told(emissions: Emissions, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Return filtered probabilities of a fit's states, (T, K), and log scores of sessions, (T,).

    The log score of a session is the log density that was expected of it the session before.
    """
    density = emissions.log_density(fit.parameters)
    chance, total = filtered(density, fit.parameters.moves)
    return chance[0], np.diff(total[0], prepend=0.0)


def _free(states: int, several: bool) -> int:
    """Return how many parameters are free."""
    return states * (3 if several else 2) + states * (states - 1) + (3 if several else 1)


def _starts(
    emissions: Emissions, states: int, settings: MarketRegimeSettings, count: int
) -> Parameters:
    """Return models to start from: stretches of the past sorted by how they move.

    The past is cut into stretches of ``settings.stretch`` sessions, and these into as many groups
    as there are states by their slope and dispersion (k-means++, a seed each).
    """
    from scipy.cluster.vq import kmeans2

    sessions = len(emissions.mean)
    even = _even(emissions, states, 1)
    if states == 1:
        return even
    features = _stretches(emissions, settings.stretch)
    place = np.minimum(np.arange(sessions) // settings.stretch, len(features) - 1)
    made = []
    for seed in range(count):
        draw = np.random.default_rng((settings.seed, states, seed))
        _, group = kmeans2(features, states, minit="++", rng=draw)
        made.append(np.eye(states)[group[place]])
    chance = 0.9 * np.stack(made) + 0.1 / states
    even = _even(emissions, states, len(made))
    ones = np.ones_like(chance)
    return emissions.improved(even, chance, (ones, ones))


def _stretches(emissions: Emissions, stretch: int) -> np.ndarray:
    """Return slope and log dispersion of each stretch of the past, standardised, (S, 2)."""
    count = max(1, len(emissions.mean) // stretch)
    weights = np.array(emissions.spreads()) ** -2.0

    def summed(market: np.ndarray, own: np.ndarray) -> np.ndarray:
        joined = (weights[0] * market + weights[1] * own)[: count * stretch, 0]
        return joined.reshape(count, -1).sum(axis=1)

    e = emissions
    cross = summed(e.mean * e.mean_before, e.slope * e.before)
    before = summed(e.mean_before**2, e.before)
    square = summed(e.mean**2, e.rest + e.slope**2 * e.before)
    tiny = np.finfo(float).tiny
    freedom = summed(e.seen / weights[0], e.freedom / weights[1])
    found = np.stack(
        [
            cross / np.maximum(before, tiny),
            np.log(np.maximum(square, tiny) / np.maximum(freedom, tiny)),
        ],
        axis=1,
    )
    spread = found.std(axis=0)
    return (found - found.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _even(emissions: Emissions, states: int, models: int) -> Parameters:
    """Return models whose states are all alike."""
    market, own = emissions.spreads()
    moves = np.full((states, states), (1 - STAY) / max(states - 1, 1))
    np.fill_diagonal(moves, STAY if states > 1 else 1.0)
    one = np.ones((models, states))
    return Parameters(
        memory=0 * one,
        market=market * one,
        own=own * one,
        market_freedom=np.full(models, EVEN),
        own_freedom=np.full(models, EVEN),
        slope_spread=np.full(models, SLOPE_SPREAD),
        moves=np.repeat(moves[None], models, axis=0),
    )
