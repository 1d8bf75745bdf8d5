"""What the terminal says of an artefact: the quantitative context with what stands behind it."""

from __future__ import annotations

from foundation.testing.samples import quant_context
from stage_10_integration.commands.summaries import summary_lines


def test_a_context_says_who_weighs_how_much_how_each_stood_and_what_held() -> None:
    told = dict(summary_lines(quant_context()))
    assert told["who makes up quantiles"] == (
        "market model 50%, twins 30%, LightGBM 20%; gain over it: "
        "market model +0.0020 (-0.0010 to +0.0050); twins +0.0010 (-0.0040 to +0.0060); "
        "LightGBM -0.0200 (-0.0300 to -0.0100)"
    )
    assert told["who makes up volatility"].endswith("gain over it: not known")
    assert told["twins"] == "1 of 4 answer: AAPL"
    assert told["80% range of twins"] == "held 76.0% (71.0% to 81.0%) of 256 outcomes"


def test_a_context_without_a_market_model_lists_its_models_alone() -> None:
    alone = quant_context().model_copy(update={"report": None})
    assert [name for name, _ in summary_lines(alone)] == [
        "values", "sample regimes", "sample quantiles",
    ]  # fmt: skip
