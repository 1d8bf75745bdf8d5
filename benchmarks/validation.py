"""How often the gate of stage 06 accepts a damaged story and refuses a real one.

Claim measured: "the gate refuses seeded contradictions and lets real stories pass". Real
next-session stories stand in for perfect continuations: what the gate refuses of them is a
false reject. Each is then damaged in a dozen ways with known answers; what it accepts of those
is a false accept. Facts are those of the session before: nothing of the story's own session is
known to the gate. Distributions are past frequencies of what followed today's outcome, since
no story model is involved.

Run: ``python benchmarks/validation.py [--sessions 60] [--source demo|sample] [--seed 7]``. The
table goes to stdout as Markdown. Dated results stand in ``stage_06_validation/README.md``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from validation_flaws import (
    Case,
    babble,
    break_off,
    delete_section,
    describe_the_absent,
    flip_price_move,
    jump,
    move_against_change,
    say_it_both_ways,
    swap_other_state,
    swap_tape_state,
    turn_in_circles,
    wrong_date,
)

from foundation.contracts import (
    OPINIONS,
    TAPE,
    Continuation,
    DistributionReading,
    FuzzyWindow,
    MarketWindow,
    QuantContext,
    Story,
    StoryBook,
    StoryForecast,
    tape_outcomes,
)
from foundation.kernel import seed_from
from foundation.language import read
from foundation.timeseries import Panel
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_06_validation import ValidationInput, ValidationSettings
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts, gather_facts
from stage_06_validation.precedent import count_precedents
from stage_06_validation.scoring import check

Damage = Callable[[Case, SymbolFacts, np.random.Generator], Case | None]
DAMAGES: tuple[Damage, ...] = (
    flip_price_move, swap_tape_state, say_it_both_ways, delete_section, describe_the_absent,
    jump, babble, turn_in_circles, break_off, move_against_change, wrong_date, swap_other_state,
)  # fmt: skip
AGE = 20
"""Sessions by which a story of another day is older: sound in itself, wrong about tomorrow."""


@dataclass(frozen=True)
class World:
    """Everything up to the last session, from which earlier days are cut."""

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext
    stories: StoryBook


def build(source: str, sessions: int) -> World:
    """Return the market, its states, the quantitative context and the stories."""
    from foundation.testing import samples

    market = samples.market_window(500) if source == "sample" else _demo_market()
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    if source == "sample":
        quant = samples.quant_context(market)
    else:
        from foundation.quant import QuantForecaster, QuantSettings

        quant = QuantForecaster(QuantSettings()).context(market)
    settings = StoryAssemblySettings().model_copy(update={"full_sessions": sessions + 10})
    stories = StoryAssemblyStage(settings).run(AssemblyInput(market, fuzzy, quant))
    return World(market, fuzzy, quant, stories)


def _demo_market() -> MarketWindow:
    from stage_01_data_engine import (
        BundledSource,
        DataEngineSettings,
        DataEngineStage,
        MarketRequest,
    )

    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=2000)
    return DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))


def at(world: World, t: int) -> ValidationInput:
    """Return what stage 06 would have been given at session ``t`` of the story book."""
    stories = world.stories
    session, target = stories.sessions[t], stories.sessions[t + 1]
    dates = {"session": session, "target_session": target}
    observed = stories.observed.until(session)
    recent = tuple(s for s in stories.recent if s.session <= session)[-10 * len(stories.symbols) :]
    book = stories.model_copy(
        update={
            **dates,
            "sessions": stories.sessions[: t + 1],
            "texts": stories.texts[: t + 1],
            "observed": observed,
            "recent": recent,
        }
    )
    fuzzy = world.fuzzy.model_copy(
        update={
            **dates,
            **{
                name: getattr(world.fuzzy, name).until(session)
                for name in (
                    "memberships",
                    "movements",
                    "strengths",
                    "patterns",
                    "inference",
                    "events",
                )
            },
        }
    )
    market = world.market.model_copy(
        update={
            **dates,
            **{n: getattr(world.market, n).until(session) for n in ("bars", "features", "market")},
        }
    )
    quant = world.quant.model_copy(update={"values": world.quant.values.until(session)})
    return ValidationInput(_frequencies(book), book, market, fuzzy, quant)


def _frequencies(book: StoryBook) -> StoryForecast:
    """Return a forecast without drafts whose distributions are past frequencies."""
    codes = book.observed.values
    precedents = count_precedents(codes)
    today = codes[-1]
    table = np.full((1, *today.shape, 5), np.nan)
    for n, s in np.argwhere(~np.isnan(today)):
        table[0, n, s] = precedents.frequency(n, s, int(today[n, s]), 20.0)
    axes = {"sessions": (book.session,), "fields": TAPE}
    stories = {"symbols": book.symbols, "layers": tuple("01234"), **axes}
    alone = np.array([name == "past frequencies" for name in OPINIONS], dtype=float)
    return StoryForecast(
        as_of=book.as_of,
        produced_at=book.produced_at,
        session=book.session,
        target_session=book.target_session,
        model="past frequencies",
        trained_until=book.session,
        continuations=(),
        distributions=Panel(values=table, **stories),
        model_distributions=Panel(values=np.full_like(table, np.nan), **stories),
        weights=Panel(
            values=np.broadcast_to(alone, (1, 1, len(TAPE), len(OPINIONS))),
            symbols=("all symbols",),
            layers=OPINIONS,
            **axes,
        ),
        reading=DistributionReading(method="logits"),
    )


def continuation(symbol: str, case: Case) -> Continuation:
    """Return the case as a base draft."""
    return Continuation(
        symbol=symbol,
        scenario="base",
        attempt=1,
        text=case.text,
        tape=case.tape,
        log_probability=0.0,
        tokens=len(case.text.split()),
        seed=0,
        temperature=0.0,
        ending="complete",
    )


def real_case(story: Story, book: StoryBook) -> Case:
    """Return a real story with the tape that was observed."""
    row = book.observed.index_of("sessions", story.session)
    codes = book.observed.values[row, book.symbols.index(story.symbol)]
    tape = {
        s: tape_outcomes(s)[int(c)] for s, c in zip(TAPE, codes, strict=True) if not np.isnan(c)
    }
    return Case(tuple(c.statement for c in story.claims), tape, story.learning)


@dataclass
class Tally:
    """How many drafts of a kind were judged, accepted and flagged (any warning), by what rules, and
    how many of them were refused on which session."""

    judged: int = 0
    accepted: int = 0
    flagged: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    refused: dict[date, int] = field(default_factory=dict)


def measure(world: World, sessions: int, seed: int) -> dict[str, Tally]:
    """Judge real and damaged stories of the last sessions; return tallies by kind."""
    tallies: dict[str, Tally] = {}
    earlier: dict[str, list[Case]] = {}
    for day, symbol, case, facts in _cases(world, sessions):
        rng = np.random.default_rng(seed_from(seed, symbol, case.text))
        _judge(tallies, "real story", day, symbol, case, facts)
        earlier.setdefault(symbol, []).append(case)
        if len(earlier[symbol]) > AGE:
            _judge(tallies, "story_of_another_day", day, symbol, earlier[symbol][-1 - AGE], facts)
        for damage in DAMAGES:
            damaged = damage(case, facts, rng)
            if damaged is not None:
                _judge(tallies, damage.__name__, day, symbol, damaged, facts)
    return tallies


def _cases(world: World, sessions: int) -> Iterator[tuple[date, str, Case, SymbolFacts]]:
    stories = {(s.session, s.symbol): s for s in world.stories.recent}
    last = len(world.stories.sessions) - 1
    for t in range(last - sessions, last):
        given = at(world, t)
        tomorrow = world.stories.sessions[t + 1]
        told = [s for s in world.stories.symbols if (tomorrow, s) in stories]
        blank = Case((), {}, "")
        given = replace(
            given,
            forecast=given.forecast.model_copy(
                update={"continuations": tuple(continuation(s, blank) for s in told)}
            ),
        )
        facts = gather_facts(given, ValidationSettings())
        for symbol in told:
            yield (
                tomorrow,
                symbol,
                real_case(stories[tomorrow, symbol], world.stories),
                facts[symbol],
            )


def _judge(
    tallies: dict[str, Tally], kind: str, day: date, symbol: str, case: Case, facts: SymbolFacts
) -> None:
    draft = Draft.of(continuation(symbol, case), read(case.text))
    checked = check(draft, facts, ValidationSettings())
    tally = tallies.setdefault(kind, Tally())
    tally.judged += 1
    tally.accepted += checked.accepted
    if not checked.accepted:
        tally.refused[day] = tally.refused.get(day, 0) + 1
    tally.flagged += any(f.severity != "note" for f in checked.findings)
    for name in {f.rule for f in checked.findings if f.severity != "note"}:
        tally.reasons[name] = tally.reasons.get(name, 0) + 1


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--source", choices=("demo", "sample"), default="demo")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    world = build(asked.source, asked.sessions)
    start = time.perf_counter()
    tallies = measure(world, asked.sessions, asked.seed)
    print("| draft | judged | accepted | share | flagged | why |\n|---|---|---|---|---|---|")
    for kind, t in tallies.items():
        top = sorted(t.reasons.items(), key=lambda kv: (-kv[1], kv[0]))[:4]
        told = "; ".join(f"{name} {count}" for name, count in top)
        shares = f"{t.accepted / t.judged:.1%} | {t.flagged / t.judged:.1%}"
        print(f"| {kind} | {t.judged} | {t.accepted} | {shares} | {told} |")
    refused = tallies["real story"].refused
    print(f"\nRefused real stories fell on {len(refused)} of {asked.sessions} sessions.")
    print(f"{time.perf_counter() - start:.1f} s for all drafts.", file=sys.stderr)


if __name__ == "__main__":
    main()
