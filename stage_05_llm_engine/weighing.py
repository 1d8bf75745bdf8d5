"""What is published of tomorrow: the story model's word, weighed with that of plain counts.

A small model may fail where it has little to learn from, and nobody can say beforehand where. So
three opinions are mixed, series by series, by what each has been worth on sessions that the model
did not learn from (``foundation/quant/mixture.py``, decision 0013).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import OPINIONS, TAPE, StoryForecast, TokenWindows
from foundation.kernel import UpstreamDataError
from foundation.quant.evaluation import climatology, first_order_markov
from foundation.quant.mixture import mix
from foundation.timeseries import Panel

POOL = ("all symbols",)


@dataclass(frozen=True)
class Blend:
    """How an answer of the model is mixed with what the others say of the same series.

    Attributes
    ----------
    weight : float
        Of the model.
    others : float array, shape (5,)
        The others' probabilities times their weights: with ``weight`` they sum to one.
    """

    weight: float
    others: np.ndarray

    def of(self, said: np.ndarray) -> np.ndarray:
        """Return log-probabilities (5,) of the mixture from the model's."""
        with np.errstate(divide="ignore"):
            mixed: np.ndarray = np.log(self.weight * np.exp(said) + self.others)
        return mixed


@dataclass(frozen=True)
class Weighed:
    """Distributions as published, and the weights; see ``StoryForecast``."""

    distributions: Panel
    weights: Panel


def weigh(model: Panel, observed: Panel, known_until: date) -> Weighed:
    """Return the model's distributions mixed with the Markov chain's and the past frequencies.

    Parameters
    ----------
    model : Panel (K, N, len(TAPE), 5)
        What the model says of the session after each row's; NaN where it says nothing.
    observed : Panel (T, N, len(TAPE))
        What happened. Every session of ``model`` is among its sessions. Both counts and weights of
        a row rest on sessions up to the row's.
    known_until : date
        What happened up to then the model may know: nothing is learnt about it from that.

    Raises
    ------
    UpstreamDataError
        If the observations lack a session or symbol that the model speaks of.
    """
    missing = [
        *(str(day) for day in model.sessions if day not in observed.sessions),
        *(name for name in model.symbols if name not in observed.symbols),
    ]
    if missing:
        raise UpstreamDataError(
            "Forecasts are weighed by the stories' own record of what happened",
            value=missing[:5],
            remedy="give the engine the story book that its windows were made of",
        )
    rows = [observed.index_of("sessions", day) for day in model.sessions]
    seen = observed.select(symbols=model.symbols, fields=TAPE).values[: rows[-1] + 1]
    chain = first_order_markov(seen, 5, pooled=True)[rows]
    plain = climatology(seen, 5, pooled=True)[rows]
    after = np.concatenate([seen[1:], np.full_like(seen[:1], np.nan)])
    following = (*observed.sessions[1:], date.max)
    after[[following[t] <= known_until for t in range(len(after))]] = np.nan
    silent = np.isnan(model.values)
    mixed = mix([model.values, *(np.where(silent, np.nan, o) for o in (chain, plain))], after[rows])
    return Weighed(
        model.model_copy(update={"values": mixed.chances}),
        Panel(
            sessions=model.sessions,
            symbols=POOL,
            fields=TAPE,
            layers=OPINIONS,
            values=mixed.weights[:, None],
        ),
    )


def blends(forecast: StoryForecast) -> dict[str, dict[int, Blend]]:
    """Return how tomorrow's answers are mixed, by symbol and series position."""
    published, model = (
        panel.values[-1] for panel in (forecast.distributions, forecast.model_distributions)
    )
    weight = forecast.weights.values[-1, 0, :, OPINIONS.index("story model")]
    others = np.maximum(published - weight[:, None] * model, 0.0)
    return {
        symbol: {
            s: Blend(float(weight[s]), others[n, s])
            for s in range(len(TAPE))
            if not np.isnan(others[n, s]).any()
        }
        for n, symbol in enumerate(forecast.distributions.symbols)
    }


def contexts(windows: TokenWindows) -> TokenWindows:
    """Return what windows of the next day's stories tell before their target story."""
    rows = [row for row, label in enumerate(windows.labels) if label.task == "next day"]
    index = windows.story_index[rows]
    past = (index >= 0) & (index < index.max(axis=1, keepdims=True))
    return windows.model_copy(
        update={
            "labels": tuple(windows.labels[row] for row in rows),
            "ids": windows.ids[rows],
            "attention_mask": np.where(past, windows.attention_mask[rows], 0),
            "loss_mask": np.zeros_like(windows.loss_mask[rows]),
            "story_index": np.where(past, index, -1),
        }
    )
