"""Walk-forward forecasts of every comparison model, kept in a work folder against a kill.

Imported by ``market_model.py``. Each model is a function from a ``Case`` to a ``Forecast``; what it
says at a row was known at that row's close.
"""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from market_case import HELD_BACK, HORIZON, LEAST, REFIT_EVERY, TRIAL, TWINS_EVERY, Case, Forecast

from config.recipes.market_model import twins_cpu
from foundation.contracts.foundation_report import Matter
from foundation.market_model import MarketModelRecipe
from foundation.market_model.recipe import EncoderSizes
from foundation.quant import QuantSettings
from foundation.quant.arima import ar_forecasts
from foundation.quant.quantiles import LEVELS, past_quantiles, walk_forward_quantiles
from foundation.quant.ranker import walk_forward_ranking
from foundation.quant.regimes import named_regimes
from foundation.quant.settings import ArSettings, QuantileSettings, RankerSettings
from foundation.twins.report import Weighed

if TYPE_CHECKING:
    from foundation.market_model.answers import Answers

MATTERS: tuple[Matter, ...] = ("quantiles", "hit", "volatility")
WEIGHED, MEAN, WINNER = "the foundation: weighed by losses", "plain mean", "the past's winner"
LEARNT = ("market model", "market model and twins", "twins")
INCUMBENT: dict[Matter, str] = {"quantiles": "LightGBM", "hit": "LightGBM", "volatility": "GARCH"}
NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
WIDTH = NORMAL[2] - NORMAL[0]


def variants(recipe: MarketModelRecipe) -> dict[str, MarketModelRecipe]:
    """Return the market model, and what is left of it without graph or without memory."""
    sizes = recipe.encoder.model_dump() | {"lstm_layers": 0}
    return {
        "TFT + GAT": recipe,
        "TFT only": recipe.model_copy(update={"graph": None}),
        "GAT only": recipe.model_copy(update={"encoder": EncoderSizes(**sizes), "context": 1}),
    }


def shared_answers(case: Case, variant: str, seed: int) -> dict[str, np.ndarray]:
    """Return the answers of a variant of the market model, walk-forward.

    Beside them, by row of each refit, what its model says of the six months before: twins learn
    from that at once.
    """
    from foundation.market_model.walk_forward import walk_forward
    from foundation.twins.given import earlier_answers

    def make() -> dict[str, np.ndarray]:
        made = walk_forward(
            case.data,
            case.labels,
            variants(case.recipe)[variant].model_copy(update={"seed": seed}),
            refit_rows=case.refit_rows,
            held_back=HELD_BACK,
            checkpoints=case.work / case.name / f"{variant} {seed} unfinished",
            report=lambda row, epoch: print(
                f"{case.name}: {variant} {seed}, row {row}, {epoch}", file=sys.stderr, flush=True
            ),
        )
        earlier = earlier_answers(made, case.data, twins_cpu().sessions)
        return by_name(made.answers) | {
            f"before {row} {name}": values
            for row, said in earlier.items()
            for name, values in by_name(said).items()
        }

    return case.kept(f"{variant} {seed}", make)


def by_name(said: Answers) -> dict[str, np.ndarray]:
    """Return the answers' arrays; inputs are made anew from the data when they are needed."""
    return {name: values for name, values in vars(said).items() if name != "inputs"}


def inputs_seen(case: Case, row: int, rows: slice) -> np.ndarray:
    """Return the inputs of some rows, standardised as the model refitted at ``row`` does it."""
    from foundation.market_model.blocking import Scaling
    from foundation.market_model.walk_forward import first_usable

    learnt = row + 1 - HORIZON - HELD_BACK - HORIZON
    scaling = Scaling.of(case.data, slice(first_usable(case.data), learnt))
    return scaling.apply(case.data.observed[rows])


def market_models(case: Case, only: tuple[str, ...] | None = None) -> dict[str, Forecast]:
    """Return the variants of the market model, seed by seed where there are several."""
    found = {}
    for variant in variants(case.recipe) if only is None else only:
        for seed in case.seeds if variant == "TFT + GAT" else case.seeds[:1]:
            said = shared_answers(case, variant, seed)
            name = variant if seed == case.seeds[0] else f"{variant}, seed {seed}"
            found[name] = in_log_returns(case, said)
    return found


def in_log_returns(case: Case, said: dict[str, np.ndarray]) -> Forecast:
    """Return answers in units of the scale as a forecast; volatility by the interval's width."""
    quantiles = said["quantiles"].astype(float) * case.scale[..., None]
    return Forecast(
        quantiles=quantiles,
        hit=said["hit"].astype(float),
        volatility=(quantiles[..., 2] - quantiles[..., 0]) / WIDTH,
        score=said["returns"].astype(float),
    )


def twins(
    case: Case, told: np.ndarray | None = None, name: str = "twins"
) -> tuple[dict[str, Forecast], np.ndarray]:
    """Return twins (all of them, and only where promoted) and who was promoted when, (T, N).

    Their detector learns the regimes ``told`` (codes, (T, N)), the rule's where None.
    """
    from foundation.market_model.answers import Answers
    from foundation.twins.walk_forward import walk_forward

    shared = shared_answers(case, "TFT + GAT", case.seeds[0])
    heads = ("embedding", "returns", "hit", "quantiles")

    def make() -> dict[str, np.ndarray]:
        inputs = np.full(case.data.observed.shape, np.nan, np.float32)
        before = {}
        for row, until in zip(case.refit_rows, (*case.refit_rows[1:], len(inputs)), strict=True):
            inputs[row:until] = inputs_seen(case, row, slice(row, until))
            if f"before {row} returns" in shared:
                said = {name: shared[f"before {row} {name}"] for name in heads}
                past = slice(row - len(said["returns"]), row)
                before[row] = Answers(**said, inputs=inputs_seen(case, row, past))
        chances = named_regimes(case.returns, QuantSettings().regimes).probabilities
        codes = np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))
        codes = codes if told is None else told
        monthly = range(case.refit_rows[0], len(case.scale), TWINS_EVERY)
        history = walk_forward(
            Answers(**{name: shared[name] for name in heads}, inputs=inputs),
            case.labels,
            codes,
            twins_cpu().model_copy(update={"threads": case.recipe.threads}),
            refit_rows=sorted({*monthly, *case.refit_rows}),
            fresh_rows=case.refit_rows,
            trial=TRIAL,
            least=LEAST,
            before=before,
        )
        said = {f.name: getattr(history.answers, f.name) for f in fields(history.answers)}
        return said | {"promoted": history.promoted, "codes": codes}

    said = case.kept(name, make)
    own = replace(in_log_returns(case, said), volatility=said["volatility"] * case.scale)
    theirs = in_log_returns(case, shared)
    promoted = said["promoted"]

    def where(mine: np.ndarray, other: np.ndarray) -> np.ndarray:
        mask = promoted if mine.ndim == 2 else promoted[..., None]
        return np.where(mask & np.isfinite(mine), mine, other)

    mixed = Forecast(**{f.name: where(getattr(own, f.name), getattr(theirs, f.name))
                        for f in fields(Forecast)})  # fmt: skip
    return {"twins, all": own, "twins where promoted": mixed}, promoted


def trees(case: Case) -> Forecast:
    """Return LightGBM's quantiles and odds."""
    settings = QuantileSettings(entry=case.recipe.entry, refit_every=REFIT_EVERY)

    def make() -> dict[str, np.ndarray]:
        made = walk_forward_quantiles(case.window, case.scale, settings)
        return {"quantiles": made.quantiles, "hit": made.hit_probability}

    said = case.kept("LightGBM", make)
    q = said["quantiles"]
    width = (q[..., 2] - q[..., 0]) / WIDTH
    return Forecast(q, said["hit"], width, q @ np.array([0.3, 0.4, 0.3]))


def ranking(case: Case) -> Forecast:
    """Return LightGBM's ranks: an order and nothing else."""

    def make() -> dict[str, np.ndarray]:
        return {"score": walk_forward_ranking(case.window, case.scale, RankerSettings()).score}

    absent = case.absent
    return Forecast(np.full((*absent.shape, 3), np.nan), absent, absent,
                    case.kept("ranker", make)["score"])  # fmt: skip


def transfer(case: Case) -> Forecast:
    """Return the parent-child LSTM."""
    from foundation.market_model.lstm.parent import TransferRecipe
    from foundation.market_model.lstm.transfer import transfer_inputs, transfer_walk_forward

    def make() -> dict[str, np.ndarray]:
        made = transfer_walk_forward(
            transfer_inputs(case.window),
            case.data,
            case.labels,
            TransferRecipe(threads=case.recipe.threads),
            refit_rows=case.refit_rows,
            entry=case.recipe.entry,
        )
        return {"quantiles": made.quantiles, "returns": made.returns, "hit": made.hit}

    return in_log_returns(case, case.kept("LSTM transfer", make))


def plain(case: Case) -> dict[str, Forecast]:
    """Return what needs no learning from features: GARCH, AR, historical volatility, the past."""
    outcome, hits = case.labels.returns * case.scale, case.labels.hit
    absent = case.absent
    historical = pd.DataFrame(case.returns).rolling(20).std().to_numpy() * np.sqrt(HORIZON)
    ar = ar_forecasts(case.returns, ArSettings())
    climate, level, frequency = climatology(outcome, hits, case.labels.volatility * case.scale)
    past = past_quantiles(case.labels.returns, case.scale, horizon=HORIZON)

    def normal(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        return mean[..., None] + deviation[..., None] * NORMAL

    centre = pooled_median(climate[..., 1])
    return {
        "GARCH x past quantiles": Forecast(past, absent, case.scale, absent),
        "GARCH-normal": Forecast(normal(centre, case.scale), absent, case.scale, absent),
        "AR by Yule-Walker": Forecast(
            normal(ar.expected, ar.volatility), absent, ar.volatility, ar.expected
        ),
        "historical volatility": Forecast(normal(centre, historical), absent, historical, absent),
        "climatology": Forecast(climate, frequency, level, climate[..., 1]),
    }


def climatology(
    outcome: np.ndarray, hits: np.ndarray, realised: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each symbol's past quantiles and root mean square, and the pooled past hit rate.

    Learnt anew every five rows, from outcomes known there.
    """
    quantiles = np.full((*outcome.shape, 3), np.nan)
    level, frequency = np.full((2, *outcome.shape), np.nan)
    for row in range(2 * REFIT_EVERY, len(outcome), HORIZON):
        past, until = slice(0, row + 1 - HORIZON), slice(row, row + HORIZON)
        known = np.isfinite(outcome[past]).sum(axis=0) >= 100
        quantiles[until, known] = np.nanquantile(outcome[past][:, known], LEVELS, axis=0).T
        level[until, known] = np.sqrt(np.nanmean(realised[past][:, known] ** 2, axis=0))
        frequency[until] = np.nanmean(hits[past])
    return quantiles, level, frequency


def pooled_median(values: np.ndarray) -> np.ndarray:
    """Return each row's median for all of its columns; NaN where a row has none."""
    out = np.full(values.shape, np.nan)
    rows = np.isfinite(values).any(axis=1)
    out[rows] = np.nanmedian(values[rows], axis=1, keepdims=True)
    return out


def together(case: Case, said: dict[str, Forecast]) -> tuple[dict[str, Forecast], list[str]]:
    """Return what the product publishes of these opinions, and two simpler ways beside it.

    The product weighs them (``foundation.twins.weighing.weigh``). Beside it stand their plain
    mean, and the choice of one: LightGBM and GARCH answer until past losses of another lie below
    theirs by a block bootstrap's whole interval, compared anew every 21 sessions.

    Returns
    -------
    forecasts : dict of Forecast
    told : list of str
        Mean weight of each opinion over the sessions asked, and at the end.
    """
    from foundation.twins.opinions import BOTH, GARCH, PAST, SHARED, TREES, TWINS
    from foundation.twins.weighing import weigh

    names = {TREES: "LightGBM", PAST: "GARCH x past quantiles", SHARED: "TFT + GAT",
             BOTH: "twins where promoted"}  # fmt: skip
    hits = names | {PAST: "climatology"}
    spread = {GARCH: "GARCH-normal", TWINS: "twins, all"}
    first = case.refit_rows[0]
    quantiles = {k: since(said[n].quantiles, k, first) for k, n in names.items()}
    expected = {k: since(said[n].score, k, first) for k, n in names.items()}
    hit = {k: since(said[n].hit, k, first) for k, n in hits.items()}
    volatility = {k: since(said[n].volatility, k, first) for k, n in spread.items()}
    weighed = weigh(
        quantiles, hit, volatility, outcome=case.labels, scale=case.scale, horizon=HORIZON
    )
    found = {matter: weighed[matter].aggregate for matter in MATTERS}
    made = {
        WEIGHED: Forecast(
            found["quantiles"].values * case.scale[..., None],
            found["hit"].values,
            np.exp(found["volatility"].values),
            found["quantiles"].of(expected),
        )
    }
    table: dict[Matter, dict[str, np.ndarray]] = {
        "quantiles": quantiles,
        "hit": hit,
        "volatility": volatility,
    }
    means = {m: np.nanmean(np.stack(list(v.values())), axis=0) for m, v in table.items()}
    made[MEAN] = Forecast(**means, score=case.absent)
    made[WINNER] = winner(case, weighed, table)
    told = []
    for matter, aggregate in found.items():
        asked = aggregate.weights[first:]
        shares = ", ".join(
            f"{name} {np.nanmean(asked[:, k]):.0%} (at the end {asked[-1, k]:.0%})"
            for k, name in enumerate(aggregate.names)
        )
        told.append(f"{matter}: {shares}")
    return made, told


def since(values: np.ndarray, name: str, row: int) -> np.ndarray:
    """Return an opinion that begins at a row if a market model holds it."""
    out = values.astype(float)
    if name in LEARNT:
        out[:row] = np.nan
    return out


def winner(
    case: Case, weighed: dict[Matter, Weighed], table: dict[Matter, dict[str, np.ndarray]]
) -> Forecast:
    """Return the opinions of whoever had won of late."""
    from market_choice import assembled, choose

    answers = {}
    for matter, opinions in table.items():
        losses = {n: weighed[matter].loss(v) for n, v in weighed[matter].opinions.items()}
        incumbent = INCUMBENT[matter]
        made = choose(
            losses,
            incumbent,
            rows=range(case.refit_rows[0], len(case.scale), TWINS_EVERY),
            horizon=HORIZON,
            trial=TRIAL,
            least=LEAST,
            seed=case.recipe.seed,
        )
        answers[matter] = assembled(opinions, incumbent, made)
    return Forecast(**answers, score=case.absent)
