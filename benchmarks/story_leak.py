"""Whether a learning-form story gives away whose it is, or when it happened.

A classifier that is good at text (logistic regression on words and pairs of words) reads stories
and names the ticker or the year. It is scored on stories that it could not learn by heart:
tickers on later sessions than it was trained on, years on other months and other tickers. The
same is done with the bare claims, so that one sees whether the wording or the market talks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from story_worlds import World, say

from foundation.contracts import Section
from foundation.language.sections import section_of

SYMBOLS = 40


def leak(world: World, per_symbol: int = 300) -> None:
    """Print accuracy beside chance for ticker and year, in words and in bare claims."""
    symbols = _spread_symbols(world)
    rng = np.random.default_rng(0)
    # Drawn, not every so many-th: turns of phrase rotate with the days.
    rows = []
    for n in symbols:
        days = np.flatnonzero(world.teller.plan.tellable[:, n])
        rows += [(t, n) for t in rng.choice(days, min(per_symbol, len(days)), replace=False)]
    say(f"### What gives an instrument or a year away ({len(symbols)} symbols)\n")
    say("| asked | from | stories learnt | asked of | accuracy | chance | most frequent |")
    say("|---|---|---:|---:|---:|---:|---:|")
    told: dict[str, list[str]] = {
        "words": [world.teller.learning(int(t), int(n)) for t, n in rows],
        "claims": [_bare(world, int(t), int(n)) for t, n in rows],
        "claims without the quantitative context": [
            _bare(world, int(t), int(n), quantitative=False) for t, n in rows
        ],
    }
    when = np.array([world.window.bars.sessions[t] for t, _ in rows], dtype="M8[D]")
    whose = np.array([n for _, n in rows])
    border, resume = np.quantile(when.astype(int), [0.6, 0.65])
    early, late = when.astype(int) <= border, when.astype(int) >= resume
    even = when.astype("M8[M]").astype(int) % 2 == 0
    year = when.astype("M8[Y]").astype(int) + 1970
    # In the first years the quantitative model has too little history, and says so.
    settled = np.isin(year, (2016, 2017))
    # What remains with ``stories.learn_from = "sessions with context"``.
    spoken = np.array([_has_context(world, int(t), int(n)) for t, n in rows])
    half = np.isin(whose, symbols[::2])
    giveaways: dict[str, list[str]] = {}
    for asked, labels, train, test in (
        ("ticker", whose, early, late),
        ("year", year, half & even, ~half & ~even),
        ("year, of sessions with context", year, spoken & half & even, spoken & ~half & ~even),
        ("2016 or 2017", year, settled & half & even, settled & ~half & ~even),
    ):
        for form, texts in told.items():
            accuracy, frequent, words = _score(texts, labels, train, test)
            kinds = len(set(labels[train]))
            say(
                f"| {asked} | {form} | {train.sum():,} | {test.sum():,} | {accuracy:.1%} | "
                f"{1 / kinds:.1%} | {frequent:.1%} |"
            )
            giveaways[f"{asked}, {form}"] = words
    say("\nWhat weighs most (largest spread of coefficients over classes):\n")
    for asked, words in giveaways.items():
        say(f"- {asked}: {', '.join(f'`{w}`' for w in words)}")
    say()


def _has_context(world: World, t: int, n: int) -> bool:
    values = world.quant.values
    return bool(
        np.isfinite(values.field("q90")[t, n])
        and np.isfinite(values.field("hit_probability")[t, n])
    )


def _spread_symbols(world: World) -> list[int]:
    told = world.teller.plan.tellable.sum(axis=0)
    full = np.flatnonzero(told > 0.9 * told.max())
    return np.unique(full[np.linspace(0, len(full) - 1, SYMBOLS).astype(int)]).tolist()


def _bare(world: World, t: int, n: int, *, quantitative: bool = True) -> str:
    """Return the claims as made-up words, from coarse to fine: all that is left is what is said."""
    said = []
    for one in world.claims(t, n):
        if section_of(one) is Section.QUANTITATIVE and not quantitative:
            continue
        parts = [one.kind, one.subject, one.value, *([one.hedge] if one.hedge else [])]
        words = [re.sub(r"[^\w+]+", "_", part) for part in parts]
        said += ["_".join(words[:k]) for k in range(2, len(words) + 1)]
    return " ".join(said)


def _score(
    texts: Sequence[str], labels: np.ndarray, train: np.ndarray, test: np.ndarray
) -> tuple[float, float, list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier

    vectors = TfidfVectorizer(
        ngram_range=(1, 2), min_df=5, sublinear_tf=True, token_pattern=r"[^\s.,;:]+"
    )
    learnt = vectors.fit_transform([text for text, one in zip(texts, train, strict=True) if one])
    asked = vectors.transform([text for text, one in zip(texts, test, strict=True) if one])
    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=50, tol=3e-3, random_state=0)
    model.fit(learnt, labels[train])
    accuracy = float((model.predict(asked) == labels[test]).mean())
    frequent = Counter(labels[train].tolist()).most_common(1)[0][0]
    names = vectors.get_feature_names_out()
    # Of two classes there is one row of coefficients, of more one a class.
    weight = np.ptp(model.coef_, axis=0) if len(model.coef_) > 1 else np.abs(model.coef_[0])
    best = np.argsort(-weight)[:8]
    return accuracy, float((labels[test] == frequent).mean()), [str(names[i]) for i in best]
