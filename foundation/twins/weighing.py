"""Many opinions as one: weighed by their past losses, and written into the context that has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from foundation.contracts import QUANT_FIELDS, ModelVersion, QuantContext
from foundation.contracts.foundation_report import Matter
from foundation.market_model.inputs import Labels
from foundation.quant.aggregation import Aggregate, Slope, aggregate
from foundation.quant.evaluation import (
    brier_score,
    brier_slope,
    pinball_loss,
    pinball_slope,
    qlike,
    qlike_slope,
)
from foundation.timeseries import Panel
from foundation.twins.opinions import BOTH, GARCH, LEVELS, PAST, SHARED, TREES, TWINS, Opinions
from foundation.twins.report import FIELDS_OF, Weighed

PRIOR: dict[str, float] = {TREES: 2, PAST: 2, SHARED: 1, BOTH: 1, GARCH: 2, TWINS: 1}
"""Weights before anything is known, up to a factor: the market model with and without its twins
are two tellings of one opinion, and the twins' volatility has GARCH's for its unit."""


def weigh(
    quantiles: Mapping[str, np.ndarray],
    hit: Mapping[str, np.ndarray],
    volatility: Mapping[str, np.ndarray],
    *,
    outcome: Labels,
    scale: np.ndarray,
    horizon: int,
) -> dict[Matter, Weighed]:
    """Return the opinions on each matter as one, and the losses of all.

    Quantiles are averaged level by level in units of the scale (Vincent 1912; Ratcliff 1979,
    Psychological Bulletin 86), probabilities as they are, volatilities in logarithms. Opinions are
    named as in ``PRIOR``.
    """
    unit = scale[..., None]
    realised = (outcome.volatility * scale) ** 2
    returns, touched = outcome.returns, outcome.hit

    def together(opinions: Mapping[str, np.ndarray], slope: Slope) -> Aggregate:
        prior = {name: PRIOR[name] for name in opinions}
        return aggregate(opinions, slope, prior, horizon=horizon)

    standard = {name: q / unit for name, q in quantiles.items()}
    logs = {name: np.log(v) for name, v in volatility.items()}
    return {
        "quantiles": Weighed(
            together(standard, lambda q, row: pinball_slope(q, returns[row], LEVELS)),
            standard,
            lambda q: pinball_loss(q, returns, LEVELS).mean(-1),
        ),
        "hit": Weighed(
            together(hit, lambda p, row: brier_slope(p, touched[row])),
            hit,
            lambda p: brier_score(p, touched),
        ),
        "volatility": Weighed(
            together(logs, lambda x, row: qlike_slope(x, realised[row])),
            logs,
            lambda x: qlike(np.exp(2 * x), realised),
        ),
    }


def combined_context(
    base: QuantContext, said: Opinions, weighed: Mapping[Matter, Weighed]
) -> QuantContext:
    """Return the context in which every field is the opinions' weighted mean.

    Before the market model's first refit the fields stay the base's.
    """
    values, begin = base.values, said.rows[0]
    scale = said.volatility[GARCH]
    by = {matter: found.aggregate for matter, found in weighed.items()}
    quantiles = by["quantiles"].values * scale[..., None]
    fields = {name: values.field(name).copy() for name in QUANT_FIELDS}
    made = {f"q{q}": quantiles[..., i] for i, q in enumerate((10, 50, 90))} | {
        "expected_return_5d": by["quantiles"].of(said.expected),
        "hit_probability": by["hit"].values,
        "volatility_5d": np.exp(by["volatility"].values),
        "idiosyncratic_alpha": said.alpha,
    }
    for name, together in made.items():
        fields[name][begin:] = together[begin:]
    return base.model_copy(
        update={
            "values": Panel.from_fields(values.sessions, values.symbols, fields),
            "models": (*base.models, *said.versions, combination(weighed, values.sessions)),
        }
    )


def combination(weighed: Mapping[Matter, Weighed], sessions: tuple[date, ...]) -> ModelVersion:
    """Return who carries how much weight at the last session, in words."""
    told = []
    for matter, found in weighed.items():
        shares = ", ".join(f"{voice.name} {voice.weight:.0%}" for voice in found.voices())
        told.append(f"{matter}: {shares}")
    return ModelVersion(
        name="combination",
        version=f"weights by past losses; {'; '.join(told)}",
        fields=tuple(name for matter in weighed for name in FIELDS_OF[matter]),
        trained_until=sessions[-1],
    )
