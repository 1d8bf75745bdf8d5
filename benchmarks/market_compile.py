"""Compiling the market model's encoder changes no number beyond rounding.

A small recipe without dropout is trained plain and compiled (torch.compile, inductor) on the same
planted market. Losses of both and the largest difference of a weight are printed, with the
processor seconds of each. It is no test, because compiling takes longer than tests may.

Run: ``PYTHONPATH=. python benchmarks/market_compile.py``. The result stands in
``docs/evidence/market_model.md``.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass

from foundation.market_model import BackboneSizes, EncoderSizes, GraphSizes, MarketModelRecipe
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.training.start import train
from tests.foundation.market_model.markets import market

RECIPE = MarketModelRecipe(
    name="compile",
    encoder=EncoderSizes(hidden=8, heads=2, lstm_layers=1, dropout=0.0),
    graph=GraphSizes(heads=2, width=4, projected=4, dropout=0.0),
    backbone=BackboneSizes(
        sector=2, liquidity=2, market_regime=2, middle=16, embedding=8, dropout=(0.0, 0.0)
    ),
    context=12,
    block=32,
    epochs=3,
    learning_rate=1e-2,
    threads=1,
)


@dataclass(frozen=True)
class Run:
    """A trained model and what it took, in seconds."""

    model: TrainedModel
    processor: float
    wall: float


def run(*, compiled: bool) -> Run:
    """Train once."""
    data, labels = market(0.5)
    began, used = time.perf_counter(), _used()
    model = train(
        data,
        labels,
        training=range(0, 160),
        validation=range(165, 200),
        recipe=RECIPE.model_copy(update={"compile": compiled}),
    )
    return Run(model, _used() - used, time.perf_counter() - began)


def _used() -> float:
    """Return processor seconds of this process and those it has waited for (the C++ compiler)."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    """Print the comparison."""
    plain, compiled = run(compiled=False), run(compiled=True)
    print("| | plain | compiled |")
    print("|---|---:|---:|")
    for name in ("training", "validation"):
        losses = [one.model.history[-1][name] for one in (plain, compiled)]
        print(f"| {name} loss after {RECIPE.epochs} epochs | {losses[0]:.7f} | {losses[1]:.7f} |")
    for name in ("processor", "wall"):
        seconds = [getattr(one, name) for one in (plain, compiled)]
        print(f"| seconds ({name}) | {seconds[0]:.1f} | {seconds[1]:.1f} |")
    apart = max(
        float((compiled.model.state[name] - weight).abs().max())
        for name, weight in plain.model.state.items()
    )
    print(f"\nLargest difference of a weight: {apart:.1e}")


if __name__ == "__main__":
    main()
