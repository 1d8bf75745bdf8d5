"""What the reader makes of other people's text, and which claims it finds to contradict others."""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from story_worlds import SHARED, World, note, say, spread

from foundation.contracts import STATES, Statement, statement
from foundation.language import Reading, Yardstick, phrasings, read
from foundation.language.contradictions import KINDS, OPPOSITIONS, Pairing, Side, contradictions
from stage_03_story_assembly.coherence import told_codes

SENTENCES = Path(__file__).parents[1] / "tests" / "foundation" / "language" / "free_text"
YARDSTICKS = {
    "price": Yardstick(steady=0.34, sharp=1.34),
    "momentum": Yardstick(mean=50, spread=10),
    "market volatility": Yardstick(mean=15, spread=2.5),
    "volume": Yardstick(mean=math.log(3e6), spread=0.35),
}
"""The scales that the sentences' claims were written for."""


def free_text() -> None:
    """Print precision and recall of claims on both halves of the analyst's sentences."""
    say("### Sentences in other words\n")
    say("| half | sentences | claims | found | invented | precision | recall |")
    say("|---|---:|---:|---:|---:|---:|---:|")
    for half in ("development", "held_out"):
        lines = (SENTENCES / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
        hits = made = wanted = 0
        for line in lines:
            row = json.loads(line)
            expected = {_written(claim) for claim in row["claims"]}
            found = _claims(read(row["text"], yardsticks=YARDSTICKS))
            hits += len(expected & found)
            made += len(found)
            wanted += len(expected)
        say(
            f"| {half.replace('_', ' ')} | {len(lines)} | {wanted} | {hits} | {made - hits} | "
            f"{hits / made:.3f} | {hits / wanted:.3f} |"
        )
    say()


def _written(claim: str) -> tuple[str, ...]:
    parts = claim.split("|")
    if parts[0] == "not":
        parts[3] = " ".join(sorted(re.findall(r"very \w+|\S+", parts[3])))
    return tuple(parts)


def _claims(reading: Reading) -> set[tuple[str, ...]]:
    denials: dict[tuple[str, str], set[str]] = {}
    for one in reading.denied:
        denials.setdefault((one.kind, one.subject), set()).add(one.value)
    return {(s.kind, s.subject, s.value) for s in reading.statements} | {
        ("not", *key, " ".join(sorted(values))) for key, values in denials.items()
    }


def headlines() -> None:
    """Print what is grounded of real headlines and tweets, and why the rest is not."""
    import pandas as pd

    sets = {
        "market headlines 2008-2019": ("news_sp500_headlines/headlines_2008_2019", "title"),
        "company headlines 2009-2017": ("news_benzinga_headlines/headlines_2009_2017", "title"),
        "tweets 2014-2015": ("news_stocknet_tweets/tweets_2014_2015h1", "text"),
    }
    say("### Real headlines and tweets\n")
    say("| texts | number | with a claim | clauses grounded | texts wholly grounded | per second |")
    say("|---|---:|---:|---:|---:|---:|")
    why: Counter[str] = Counter()
    for name, (file, column) in sets.items():
        texts = pd.read_parquet(SHARED / f"{file}.parquet")[column].dropna().unique()[:5_000]
        begun = time.perf_counter()
        readings = [read(str(text)) for text in texts]
        taken = time.perf_counter() - begun
        clauses = [clause for reading in readings for clause in reading.clauses]
        why.update(clause.why for clause in clauses if clause.how == "unread")
        say(
            f"| {name} | {len(texts):,} | "
            f"{np.mean([bool(r.statements or r.denied) for r in readings]):.1%} | "
            f"{np.mean([c.how != 'unread' for c in clauses]):.1%} | "
            f"{np.mean([r.grounded_sentences == 1 for r in readings]):.1%} | "
            f"{len(texts) / taken:,.0f} |"
        )
        note(f"read {name}")
    say("\nWhy clauses were not grounded:\n")
    for reason, count in why.most_common():
        say(f"- {count:,}: {reason}")
    say()


def bruised(world: World, stories: int = 200) -> None:
    """Print how many claims survive what careless copying does to a story."""
    rng = random.Random(0)
    places = list(spread(world.teller, stories))
    texts = [(world.teller.learning(t, n), Counter(world.claims(t, n))) for t, n in places]
    say("### Stories after careless copying\n")
    say("| harm | claims kept | claims invented | clauses grounded |")
    say("|---|---:|---:|---:|")
    for harm, done in _HARMS.items():
        kept = made = wanted = 0
        shares = []
        for text, expected in texts:
            reading = read(done(text, rng))
            found = Counter(reading.statements)
            kept += sum((found & expected).values())
            made += sum((found - expected).values())
            wanted += sum(expected.values())
            shares.append(reading.grounded_share)
        say(f"| {harm} | {kept / wanted:.1%} | {made / wanted:.1%} | {np.mean(shares):.1%} |")
    say()


def _shuffled(text: str, rng: random.Random) -> str:
    sentences = re.split(r"(?<=\.) ", text)
    rng.shuffle(sentences)
    return " ".join(sentences)


def _strangers(text: str, rng: random.Random) -> str:
    strange = "The chief executive cut a ribbon in Ohio."
    return " ".join(f"{one} {strange}" for one in re.split(r"(?<=\.) ", text))


def _slips(text: str, rng: random.Random) -> str:
    return " ".join(_slip(one, rng) for one in re.split(r"(?<=\.) ", text))


def _slip(sentence: str, rng: random.Random) -> str:
    """Swap two neighbouring letters inside one word of six letters or more."""
    words = sentence.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    if not long:
        return sentence
    at = rng.choice(long)
    k = rng.randrange(1, len(words[at]) - 2)
    word = words[at]
    words[at] = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
    return " ".join(words)


_HARMS = {
    "none": lambda text, rng: text,
    "capitals throughout": lambda text, rng: text.upper(),
    "sentences in another order": _shuffled,
    "a strange sentence behind each": _strangers,
    "two letters swapped in every sentence": _slips,
}


def coherence(worlds: list[World], stories: int = 300) -> None:
    """Print planted contradictions found, and how often real days contradict themselves."""
    say("### Contradictions\n")
    say("Planted in texts of real stories: one side of a pairing is said, then either what pulls ")
    say("apart from it or (control) what does not.\n")
    say("| kind | planted | found | controls | false alarms |")
    say("|---|---:|---:|---:|---:|")
    world = worlds[-1]
    rng = random.Random(1)
    places = list(spread(world.teller, stories))
    for kind in KINDS:
        found = alarms = count = 0
        for t, n in places:
            for planted, control in _plants(kind, rng):
                count += 1
                found += _reported(world, t, n, planted, kind)
                alarms += _reported(world, t, n, control, kind)
        say(f"| {kind} | {count:,} | {found / count:.1%} | {count:,} | {alarms / count:.1%} |")
    hits = made = wanted = 0
    lines = (SENTENCES / "contradictory.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        kinds = {c.kind for c in contradictions(read(row["text"]).statements)}
        hits += len(kinds & set(row["kinds"]))
        made += len(kinds)
        wanted += len(row["kinds"])
    say(f"\nIn {len(lines)} texts in other words, half of them coherent: {wanted} contradictions, ")
    say(f"{hits} found, {made - hits} invented.")
    say("\nReal days on which the data itself pulls apart, and the story says so:\n")
    say("| set | symbol-days | " + " | ".join(KINDS[:-1]) + " | any | told in words |")
    say("|---|---:|" + "---:|" * (len(KINDS) + 1))
    for one in worlds:
        _real_days(one)
    say()


def _plants(kind: str, rng: random.Random) -> Iterator[tuple[list[Statement], list[Statement]]]:
    """Yield one planted pair and one control pair of a kind."""
    if kind == "event before its time":
        due = statement("event", "earnings", "until: tomorrow")
        yield (
            [statement("event", "earnings", "surprise: above"), due],
            [statement("event", "earnings", "reaction: large"), due],
        )
        return
    pairing = rng.choice([p for p in OPPOSITIONS if p.kind == kind])
    first = _said(pairing.first, rng.choice(pairing.first.codes))
    second = _said(pairing.second, rng.choice(pairing.second.codes))
    yield [first, second], [first, _said(pairing.second, _calm(pairing))]


def _calm(pairing: Pairing) -> int:
    """Return the middle of the second side's scale, which opposes nothing."""
    return 2 if pairing.second.said == "state" else 0


def _said(side: Side, code: int) -> Statement:
    if side.said == "state":
        return statement("state", side.series, STATES[code], "clear")
    return statement("movement", side.series, f"{code:+d}")


def _reported(world: World, t: int, n: int, pair: list[Statement], kind: str) -> bool:
    """Say whether a kind is found in a real story's text with the pair in place of its own."""
    spoken = {(s.kind, s.subject) for s in pair}
    kept = [s for s in world.claims(t, n) if (s.kind, s.subject) not in spoken]
    # What else the story says may contradict the pair as well: only the pair is in question.
    quiet = [s for s in kept if s.kind not in ("state", "movement", "event")]
    clauses = [phrasings(s)[0] for s in (*quiet, *pair)]
    text = " ".join(f"{c[0].upper()}{c[1:]}." for c in clauses)
    return any(c.kind == kind for c in contradictions(read(text).statements))


def _real_days(world: World) -> None:
    codes = told_codes(world.fuzzy)
    told = world.teller.plan.tellable
    held = {kind: np.zeros(told.shape, dtype=bool) for kind in KINDS[:-1]}
    for pairing in OPPOSITIONS:
        held[pairing.kind] |= pairing.holds(codes) & told  # type: ignore[index]
    any_kind = np.logical_or.reduce(list(held.values()))
    spoken = np.zeros(told.shape, dtype=bool)
    for column in world.teller.plan.columns:
        if column.name.startswith("tension"):
            spoken |= column.codes >= 0
    say(
        f"| {world.name} | {told.sum():,} | "
        + " | ".join(f"{one[told].mean():.1%}" for one in held.values())
        + f" | {any_kind[told].mean():.1%} | {spoken[any_kind].mean():.1%} |"
    )
