"""Markets whose truth is known: nothing where nothing is, planted effects found.

Imported by ``market_model.py``.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
from market_case import (
    FIRST_REFIT,
    HELD_BACK,
    HORIZON,
    LEAST,
    REFIT_EVERY,
    TRIAL,
    TWINS_EVERY,
    Case,
    Forecast,
)
from market_forecasts import climatology, market_models, trees, twins

from config.recipes.market_model import market_model_cpu, twins_cpu
from foundation.market import sessions
from foundation.market_model import Labels, MarketModelRecipe, ModelData, plain_past
from foundation.market_model.recipe import BackboneSizes, EncoderSizes, GraphSizes
from foundation.quant.evaluation import circular_block_bootstrap, crps_from_quantiles
from foundation.quant.quantiles import LEVELS, past_quantiles
from foundation.testing.simulated_market import (
    Truth,
)
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    SimulatedSource,
)
from stage_01_data_engine.adapters.simulated import SimulationSettings

SYMBOLS, SESSIONS = 20, 1250


def simulated_case(variant: str, seed: int, work: Path, threads: int) -> tuple[Case, Truth]:
    """Return a simulated market with a small market model, and its truth."""
    source = SimulatedSource(
        SimulationSettings.model_validate(
            {"variant": variant, "symbols": SYMBOLS, "sessions": SESSIONS, "seed": seed}
        )
    )
    request = MarketRequest(source.last_session(), None, SESSIONS)
    window = DataEngineStage(DataEngineSettings()).run(source.load(request))
    return Case(f"{variant} {seed}", window, small(threads), work), source.market().truth


def small(threads: int) -> MarketModelRecipe:
    """Return a market model for twenty stocks."""
    return market_model_cpu().model_copy(
        update={
            "encoder": EncoderSizes(hidden=16, heads=2, lstm_layers=1),
            "graph": GraphSizes(heads=2, width=8, projected=16),
            "backbone": BackboneSizes(
                sector=4, liquidity=2, market_regime=4, middle=64, embedding=64
            ),
            "learning_rate": 4e-3,
            "epochs": 4,
            "threads": threads,
        }
    )


def controls(asked: argparse.Namespace) -> None:
    """Score skill on a martingale, and what is found of planted effects."""
    print(f"## Controls: {SYMBOLS} simulated stocks, {SESSIONS} sessions\n")
    print("Skill: 1 - loss / loss of the past's own quantiles or frequency, of the same pairs; in")
    print("brackets the difference of losses in its own standard errors (blocks of 20 sessions).\n")
    print("| market | model | CRPS skill | Brier skill |\n|---|---|---|---|")
    for seed in range(asked.seeds):
        for variant in ("martingale", "planted"):
            case, truth = simulated_case(variant, seed, asked.work, asked.threads)
            said = market_models(case, ("TFT + GAT",)) | twins(case)[0] | {"LightGBM": trees(case)}
            for name, forecast in said.items():
                print(f"| {variant} {seed} | {name} | {' | '.join(skills(case, forecast))} |")
            if variant == "planted":
                print(found_effects(case, truth, said), flush=True)
        stated_effects(seed, asked.threads)


def stated_effects(seed: int, threads: int) -> None:
    """Plant effects in the inputs themselves: one for all stocks, one of every other stock's own.

    The first input moves the coming return by half a deviation for all; the second by one deviation
    up or down for every other stock, by turns, and not at all for the rest.
    """
    from foundation.market_model.walk_forward import walk_forward
    from foundation.twins.given import earlier_answers
    from foundation.twins.walk_forward import walk_forward as refit_twins

    draw = np.random.default_rng(seed)
    shape = (SESSIONS, SYMBOLS)
    observed = draw.standard_normal((*shape, 4), dtype=np.float32)
    own = np.resize([1.0, 0.0, -1.0, 0.0], SYMBOLS)
    outcome = 0.5 * observed[..., 0] + own * observed[..., 1] + draw.standard_normal(shape)
    outcome[-HORIZON:] = np.nan
    scale = np.full(shape, 0.02)
    hit = np.where(np.isnan(outcome), np.nan, (outcome > 1) * 1.0)
    truth = Labels(returns=outcome, hit=hit, volatility=np.abs(outcome))
    data = ModelData(
        sessions=sessions(date(2010, 1, 4), date(2016, 1, 1))[:SESSIONS],
        symbols=tuple(f"S{n:02d}" for n in range(SYMBOLS)),
        observed=observed,
        observed_names=("for all", "own", "nothing", "nothing too"),
        known=draw.standard_normal((*shape, 3), dtype=np.float32),
        known_codes=np.stack([draw.integers(0, 5, SESSIONS), draw.integers(0, 12, SESSIONS)], 1),
        statics=np.zeros((SYMBOLS, 2), dtype=np.int64),
        liquidity=draw.integers(0, 4, shape),
        market_regime=draw.integers(0, 4, SESSIONS),
        returns=draw.normal(0, 0.01, shape).astype(np.float32),
        scale=scale,
        past=plain_past(truth, HORIZON),
    )
    rows = [FIRST_REFIT + 250, FIRST_REFIT + 250 + REFIT_EVERY]
    walked = walk_forward(data, truth, small(threads), refit_rows=rows, held_back=HELD_BACK)
    shared = walked.answers
    recipe = twins_cpu()
    sizes = recipe.sizes.model_copy(update={"inputs": observed.shape[-1]})
    history = refit_twins(
        shared,
        truth,
        draw.integers(0, 4, shape),
        recipe.model_copy(update={"threads": threads, "sizes": sizes}),
        refit_rows=sorted({*range(rows[0], SESSIONS, TWINS_EVERY), *rows}),
        fresh_rows=rows,
        trial=TRIAL,
        least=LEAST,
        before=earlier_answers(walked, data, recipe.sessions),
    )
    mixed = np.where(history.promoted, history.answers.returns, shared.returns)
    print("\n| stated effects: squared error explained | stocks with an effect of their own | "
          "others |\n|---|---|---|")  # fmt: skip
    said = {"all there is": 0.5 * observed[..., 0] + own * observed[..., 1],
            "market model": shared.returns, "twins, all": history.answers.returns,
            "twins where promoted": mixed}  # fmt: skip
    known = np.isfinite(history.answers.returns) & np.isfinite(outcome)
    known[: rows[0] + LEAST] = False
    for name, values in said.items():
        cells = []
        for group in (own != 0, own == 0):
            mask = known & group
            left = ((outcome - values)[mask] ** 2).mean()
            cells.append(f"{1 - left / (outcome[mask] ** 2).mean():.1%}")
        print(f"| {name} | {' | '.join(cells)} |")
    at_last = history.promoted[-1]
    print(
        f"\nAt the end {at_last[own != 0].sum()} of {(own != 0).sum()} twins with an effect of "
        f"their own answered, and {at_last[own == 0].sum()} of {(own == 0).sum()} others.\n"
    )


def skills(case: Case, forecast: Forecast) -> list[str]:
    """Return CRPS and Brier skill over the past's own, each with its distance from zero."""
    past = past_quantiles(case.labels.returns, np.ones_like(case.scale), horizon=HORIZON)
    _, _, frequency = climatology(case.labels.returns, case.labels.hit, case.labels.volatility)
    standard = forecast.quantiles / case.scale[..., None]
    pairs = (
        (
            crps_from_quantiles(standard, case.labels.returns, LEVELS),
            crps_from_quantiles(past, case.labels.returns, LEVELS),
        ),
        ((forecast.hit - case.labels.hit) ** 2, (frequency - case.labels.hit) ** 2),
    )
    out = []
    for loss, theirs in pairs:
        gap = theirs - loss
        known = np.isfinite(gap)
        rows = known.any(axis=1)
        interval = circular_block_bootstrap(
            np.where(known, gap, 0.0).sum(axis=1)[rows][:, None],
            known.sum(axis=1)[rows][:, None],
            block=20,
            samples=2000,
            seed=0,
        )[0]
        skill = interval.mean / theirs[known].mean()
        out.append(f"{skill:+.2%} ({interval.mean / interval.standard_error:+.1f})")
    return out


def found_effects(case: Case, truth: Truth, said: dict[str, Forecast]) -> str:
    """Say how the odds differ where effects were planted.

    After a sharp drop the target is reached more often, for every stock; after a quiet session the
    one reacting stock falls.
    """
    first = case.refit_rows[0]
    reacting = case.window.bars.symbols.index(str(truth.reacting))
    quiet = np.zeros_like(truth.quiet)
    quiet[:, reacting] = truth.quiet[:, reacting]
    lines = ["\n| planted 0: mean expected return, in scales | after drops | otherwise |"]
    lines[0] += " reacting stock, quiet | otherwise |"
    lines.append("|---|---|---|---|---|")
    own = np.zeros_like(quiet)
    own[:, reacting] = True
    masks = (truth.drops, ~truth.drops, quiet, own & ~quiet)
    for name, values in {"truth": case.labels.returns,
                         **{n: f.score for n, f in said.items()}}.items():  # fmt: skip
        unit = case.scale if name == "LightGBM" else 1.0
        cells = []
        for mask in masks:
            chosen = (values / unit)[first:][mask[first:]]
            cells.append(f"{np.nanmean(chosen):+.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
