"""What a move stands out by: the largest of a stretch, or one of several in a row."""

import numpy as np

from foundation.contracts import MarketWindow
from stage_03_story_assembly.content.records import LENGTHS, SPANS, record_columns
from tests.stage_03_story_assembly import material


def closes(returns: list[float]) -> MarketWindow:
    """One symbol of the sample with these last returns after a long stretch of +-0.1%."""
    base = material.sample().market
    count = len(base.bars.sessions)
    quiet = [0.001 * (-1) ** k for k in range(count - 1 - len(returns))]
    path = 100 * np.cumprod([1.0, *(1 + r for r in (*quiet, *returns))])

    def change(bars: np.ndarray) -> None:
        bars[:, 0, :4] = path[:, None]

    features = base.features.values.copy()
    features[:, 0, base.features.index_of("fields", "volatility_scale_20")] = 1.0
    scaled = base.features.model_copy(update={"values": features})
    return material.with_bars(base.model_copy(update={"features": scaled}), change)


def told_of(returns: list[float]) -> tuple[str | None, str | None]:
    given = material.assemble(closes(returns))
    record, streak = record_columns(given.market, given.fuzzy)
    return tuple(
        None if c.codes[-1, 0] < 0 else c.options[c.codes[-1, 0]].value for c in (record, streak)
    )


def test_the_largest_move_of_a_stretch_is_a_record_of_the_longest_that_holds() -> None:
    lengths = dict(SPANS)
    assert told_of([0.05]) == ("rise of a year", None)
    assert told_of([-0.05]) == ("fall of a year", None)
    for span, shorter in (("year", "quarter"), ("quarter", "month")):
        between = [0.0005, -0.0005] * ((lengths[shorter] + 5) // 2)
        assert told_of([0.09, *between, 0.05])[0] == f"rise of a {shorter}", span


def test_three_gains_in_a_row_are_a_streak_unless_the_last_is_a_record() -> None:
    big = [0.2, -0.15] + [0.0] * 10
    assert told_of([*big, 0.03, 0.03, 0.03])[1] == "three rises"
    assert told_of([*big, 0.03, 0.03]) == (None, None)
    assert told_of([*big, *[-0.03] * 9])[1] == f"{LENGTHS[-1]} falls"
