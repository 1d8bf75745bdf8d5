"""Themes, divergences and headline, on fuzzy windows with planted shares."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from foundation.contracts import (
    HORIZONS,
    SERIES,
    STATES,
    Claim,
    FuzzyWindow,
    Instrument,
    MarketIntelligence,
    Section,
    Sentence,
    SignalSet,
    Story,
    StoryBook,
    StorySection,
    content_hash,
    statement,
)
from foundation.kernel import UpstreamDataError
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_10_integration.intelligence import IntelligenceInput, IntelligenceStage
from stage_10_integration.settings import IntelligenceSettings
from stage_10_integration.wording import counted, in_words, listed

SYMBOLS = tuple(f"S{i:02d}" for i in range(10))
COUNT, PAST = len(SYMBOLS), 260
RUN = cache(samples.sample_run)
PATTERNS = ("breakdown", "golden cross")


class World:
    """A quiet market of ten stocks: every state medium, every movement steady, no pattern.

    Tests plant what they need into ``states`` (T, N by series), ``moves`` (T, N, 4) and
    ``patterns`` before they build the contracts. Stories claim exactly today's states.
    """

    def __init__(self, sectors: list[str | None] | None = None) -> None:
        last = RUN().market.session
        self.sessions = tuple(last - timedelta(days=i) for i in range(PAST))[::-1]
        self.states = {name: np.full((PAST, COUNT), 2) for name in SERIES}
        self.moves = np.zeros((PAST, COUNT, len(HORIZONS)))
        self.patterns = np.zeros((PAST, COUNT, len(PATTERNS)))
        self.sectors = sectors or [None] * COUNT
        self.kinds = ["equity"] * COUNT
        self.told = {"trend", "momentum", "volatility"}
        self.verdicts = dict.fromkeys(SYMBOLS, ("agree", 0.5))

    def panel(self, fields, layers, values) -> Panel:
        return Panel(
            sessions=self.sessions, symbols=SYMBOLS, fields=fields, layers=layers, values=values
        )

    def fuzzy(self) -> FuzzyWindow:
        degrees = np.stack([np.eye(5)[codes] for codes in self.states.values()], axis=2)
        moves = np.zeros((PAST, COUNT, len(SERIES), len(HORIZONS)))
        moves[:, :, list(SERIES).index("price")] = self.moves
        return RUN().fuzzy.model_copy(
            update={
                "memberships": self.panel(tuple(SERIES), STATES, degrees),
                "movements": self.panel(tuple(SERIES), HORIZONS, moves),
                "patterns": self.panel(PATTERNS, (), self.patterns),
            }
        )

    def stories(self) -> StoryBook:
        return RUN().stories.model_copy(
            update={"recent": tuple(self._story(i) for i in range(COUNT))}
        )

    def _story(self, i: int) -> Story:
        said = [
            statement("state", name, STATES[self.states[name][-1, i]])
            for name in SERIES
            if name in self.told or abs(self.states[name][-1, i] - 2) == 2
        ]
        said.append(statement("movement", "price", f"{int(self.moves[-1, i, 0]):+d}"))
        said.append(
            statement("path", "price", ",".join(f"{int(m):+d}" for m in self.moves[-1, i, 1:]))
        )
        said += [
            statement("pattern", name, "seen", "clear")
            for k, name in enumerate(PATTERNS)
            if self.patterns[-1, i, k] > 0
        ]
        claims = tuple(Claim(statement=s, degree=1.0, sources=()) for s in said)
        sentence = Sentence(learning="x", reading="x", claims=claims)
        return Story(
            symbol=SYMBOLS[i],
            name=SYMBOLS[i],
            session=RUN().stories.session,
            sections=(StorySection(name=Section.DIRECTION, sentences=(sentence,)),),
        )

    def signals(self) -> SignalSet:
        base = RUN().signals.signals[0]
        return RUN().signals.model_copy(
            update={
                "signals": tuple(
                    base.model_copy(
                        update={
                            "symbol": s,
                            "direction": "bullish" if i < 3 else "bearish" if i < 4 else "neutral",
                            "reconciliation": base.reconciliation.model_copy(
                                update={
                                    "verdict": self.verdicts[s][0],
                                    "story": 0.5 + self.verdicts[s][1] / 2,
                                    "past": 0.5,
                                }
                            ),
                        }
                    )
                    for i, s in enumerate(SYMBOLS)
                )
            }
        )

    def read(self, **options: object) -> MarketIntelligence:
        market = RUN().market.model_copy(
            update={
                "instruments": tuple(
                    Instrument(symbol=s, name=s, kind=k, fields=("close",), sector=g)
                    for s, k, g in zip(SYMBOLS, self.kinds, self.sectors, strict=True)
                )
            }
        )
        return IntelligenceStage(IntelligenceSettings(**options)).run(
            IntelligenceInput(self.signals(), self.stories(), self.fuzzy(), market)
        )


def themes_of(made: MarketIntelligence) -> dict[str, tuple[str, tuple[str, ...], float]]:
    return {t.title: (t.text, t.symbols, t.share) for t in made.themes}


def test_a_planted_theme_is_counted_named_and_held_against_its_past():
    world = World()
    world.states["momentum"][-1, :7] = 0
    world.states["momentum"][[30, 90], :8] = 0  # two earlier days with more
    text, symbols, share = themes_of(world.read())["Unusually weak momentum"]
    assert symbols == SYMBOLS[:7]
    assert share == pytest.approx(0.7)
    assert text == (
        "Seven of ten instruments sit in very low momentum. "
        "Only two days of the past year saw as many."
    )


def test_what_is_always_so_is_no_theme():
    world = World()
    world.states["volatility"][:, :] = 4
    made = world.read()
    assert made.themes == ()
    assert "nothing is shared more widely than usual" in made.headline


def test_a_smaller_but_rarer_share_outranks_a_larger_common_one():
    world = World()
    world.states["volatility"][::6, :] = 3  # everyone, every sixth day ...
    world.states["volatility"][-1, :] = 3  # ... and today
    world.states["trend"][-1, :6] = 0  # six of ten, never before
    titles = [t.title for t in world.read().themes]
    assert titles == ["Much weaker trends", "Rougher than usual"]


def test_sides_say_how_many_stand_at_the_extreme():
    world = World()
    world.states["volatility"][-1, :8] = 3
    world.states["volatility"][-1, 2:5] = 4
    text, *_ = themes_of(world.read())["Rougher than usual"]
    assert text.startswith("Eight of ten instruments move more than usual, three of them far more.")


def test_a_series_told_only_at_its_extremes_is_only_counted_there():
    world = World()
    world.states["band width"][-1, :4] = 4
    world.states["band width"][-1, 4:9] = 3  # silent in the stories
    _, symbols, share = themes_of(world.read())["Very wide trading bands"]
    assert symbols == SYMBOLS[:4]
    assert share == pytest.approx(0.4)


def test_falls_paths_and_patterns_become_themes():
    world = World()
    world.moves[-1, :9, 0] = -1
    world.moves[-1, :2, 0] = -2
    world.moves[:-1, :, 1:] = np.random.default_rng(3).integers(-2, 3, (PAST - 1, COUNT, 3))
    world.moves[-1, :5, 1:] = (-1, -1, 2)
    world.moves[-1, 5:, 1:] = [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0, -1), (0, -1, 0)]
    world.patterns[-1, :4, 0] = 0.7
    themes = themes_of(world.read())
    assert themes["A falling day"][0].startswith(
        "Nine of ten instruments fell on the day, two of them sharply."
    )
    assert themes["A shared path"][0] == (
        "Five of ten instruments fell for most of the past two weeks and then rose sharply. "
        "No day of the past year saw as many on one path."
    )
    assert themes["Breakdown"][1] == SYMBOLS[:4]


def test_a_path_is_compared_with_the_commonest_path_of_each_day():
    world = World()
    world.moves[:-1, :, 1:] = (1, 1, 1)  # all on one path, every day, though never this one
    world.moves[-1, :, 1:] = (-1, 0, 1)
    assert "A shared path" not in themes_of(world.read())


def test_gauges_at_an_extreme_are_told_together():
    world = World()
    world.states["market volatility"][-1] = 4
    world.states["credit spread"][-1] = 4
    world.states["oil"][-1] = 0
    assert themes_of(world.read())["The market's gauges"][0] == (
        "Implied market volatility and credit spreads are very high, while oil is very low, each "
        "against its own past quarter."
    )


def test_the_headline_is_one_sentence_about_two_different_things():
    world = World()
    world.states["momentum"][-1, :7] = 0
    world.states["trend"][-1, :6] = 0  # direction again: not repeated
    world.states["volatility"][-1, :] = 4
    made = world.read()
    assert made.headline == (
        "All ten instruments move far more than usual; seven sit in very low momentum."
    )


def test_stories_without_anything_in_common_say_so():
    world = World()
    world.told = set()
    world.moves[-1, :, 0] = [-2, -2, -1, -1, 0, 0, 1, 1, 2, 2]
    world.moves[-1, :, 1:] = np.arange(10)[:, None] % (3, 4, 5) - 1
    made = world.read(smallest_share=0.6)
    assert made.headline == "The stories of ten instruments have little in common today."
    assert made.themes == ()


def test_a_sector_that_lags_is_a_divergence_and_one_that_always_does_is_not():
    sectors = ["Energy"] * 3 + ["Health Care"] * 3 + [None] * 4
    world = World(sectors)
    world.states["momentum"][-1, :3] = 0
    world.states["trend"][:, 3:6] = 4  # always ahead
    found = {t.title: t for t in world.read().divergences}
    assert set(found) == {"Energy lags the other stocks"}
    theme = found["Energy lags the other stocks"]
    assert theme.symbols == SYMBOLS[:3]
    assert theme.text == (
        "Momentum is very weak there on the whole, ordinary elsewhere. "
        "No day of the past year saw so wide a gap."
    )


def test_indices_and_single_funds_are_compared_with_their_peers():
    world = World()
    world.kinds = ["index"] * 2 + ["equity"] * 4 + ["etf"] * 4
    world.states["price"][-1, :2] = 4
    world.states["trend"][-1, 9] = 0
    titles = {t.title for t in world.read().divergences}
    assert titles == {"The indices hold up better than the stocks", "S09 lags the other funds"}


def test_story_against_model_names_both_sides():
    world = World()
    world.verdicts["S01"] = ("contradict", 0.4)
    world.verdicts["S04"] = ("contradict", -0.3)
    world.verdicts["S05"] = ("contradict", -0.2)
    theme = world.read().divergences[0]
    assert theme.text.startswith(
        "On S01 the story points up and the quantitative model down; on S04 and S05 the story "
        "points down and the quantitative model up."
    )
    assert theme.symbols == ("S01", "S04", "S05")
    assert theme.share == pytest.approx(0.3)


def test_breadth_counts_signals():
    made = World().read()
    assert (made.breadth_bullish, made.breadth_bearish) == (0.3, 0.1)


def test_a_missing_past_is_said_and_makes_no_theme():
    world = World()
    world.states["momentum"][-1, :7] = 0
    fuzzy = world.fuzzy()
    alone = {n: getattr(fuzzy, n).last(1) for n in ("memberships", "movements", "patterns")}
    made = IntelligenceStage(IntelligenceSettings()).run(
        IntelligenceInput(
            world.signals(), world.stories(), fuzzy.model_copy(update=alone), RUN().market
        )
    )
    assert made.themes == ()


def test_only_the_past_year_counts_and_equal_input_gives_equal_bytes():
    world, other = World(), World()
    for one in (world, other):
        one.states["momentum"][-1, :7] = 0
    other.states["momentum"][:5, :9] = 0  # before the comparison begins
    assert content_hash(world.read()) == content_hash(other.read())
    assert content_hash(world.read()) == content_hash(world.read())


def test_inputs_of_different_sessions_are_refused():
    run = RUN()
    stale = run.signals.model_copy(update={"session": date(2018, 12, 27)})
    with pytest.raises(UpstreamDataError, match="same session"):
        IntelligenceStage(IntelligenceSettings()).run(
            IntelligenceInput(stale, run.stories, run.fuzzy, run.market)
        )


def test_the_sample_run_gives_a_sentence():
    run = RUN()
    made = IntelligenceStage(IntelligenceSettings()).run(
        IntelligenceInput(run.signals, run.stories, run.fuzzy, run.market)
    )
    assert made.headline.endswith(".")
    assert made.headline[0].isupper()


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "no"), (1, "one"), (12, "twelve"), (21, "twenty-one"), (40, "forty"), (100, "100")],
)
def test_numbers_in_words(number, words):
    assert in_words(number) == words


def test_lists_and_plurals():
    assert listed(["A"]) == "A"
    assert listed(["A", "B", "C"]) == "A, B and C"
    assert listed(["A", "B", "C"], 2) == "A, B and C"
    assert listed(["A", "B", "C", "D"], 2) == "A, B and two more"
    assert counted(1, "stock") == "one stock"
    assert counted(27, "stock") == "27 stocks"
