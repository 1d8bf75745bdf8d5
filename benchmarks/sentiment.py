"""What the finance lexicon of stage 02 makes of headlines and tweets, and what that is worth.

Claims measured:

1. The lexicon labels short finance texts as bearish, neutral or bullish better than VADER and
   better than always saying the most frequent label, by accuracy and macro-F1, on texts that
   nobody looked at while it was written. The labelled set is cut in two by a hash of the text.
   Words were added and the neutral band was chosen on the development half; the held-out half
   (without texts that also stand in the development half once links are removed) was scored
   once, after that.
2. Tweets that were known at a session's close say something about the direction of that
   session's move (they may report it), and nothing is claimed about the next one.

Run: ``python benchmarks/sentiment.py [--data FOLDER]``; needs the test extra (VADER) and the
shared data. Markdown goes to stdout. The dated result stands in ``docs/evidence/sentiment.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, f1_score

from foundation.kernel import hash_bytes
from foundation.market import closes, sessions
from stage_02_fuzzification.sentiment.lexicon_reader import NEUTRAL_BAND, score

ROOT = Path(__file__).resolve().parents[1]
BEARISH, BULLISH, NEUTRAL = 0, 1, 2
VADER_BAND = 0.05
"""VADER's own recommendation for its compound score."""
DRAWS, BLOCK = 1_000, 5
Scorer = Callable[[str], float]


def vader() -> Scorer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return lambda text: float(analyser.polarity_scores(text)["compound"])


def labels(scores: np.ndarray, band: float) -> np.ndarray:
    return np.where(scores > band, BULLISH, np.where(scores < -band, BEARISH, NEUTRAL))


def halves(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the development and the held-out half."""
    even = frame["text"].map(lambda t: int(hashlib.sha256(t.encode()).hexdigest(), 16) % 2 == 0)
    plain = frame["text"].map(lambda t: re.sub(r"https?://\S+", "", t).strip().lower())
    seen = plain.isin(set(plain[even]))
    return frame[even], frame[~even & ~seen]


def interval(right: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> str:
    """Return the 95% bootstrap interval of the difference of two accuracies over texts."""
    gap = right.astype(float) - other.astype(float)
    draws = [gap[rng.integers(0, len(gap), len(gap))].mean() for _ in range(DRAWS)]
    return (
        f"{gap.mean():+.3f} ({np.quantile(draws, 0.025):+.3f} to {np.quantile(draws, 0.975):+.3f})"
    )


def labelled(folder: Path, other: Scorer) -> None:
    path = folder / "news_labelled_sentiment" / "labels_a.csv.gz"
    frame = pd.read_csv(path)
    print(
        f"\n## Labelled finance tweets, {len(frame):,} texts "
        f"(`{path.name}`, SHA-256 {hash_bytes(path.read_bytes())[:12]})\n"
    )
    print(
        "| half | texts | reader | accuracy | macro-F1 | F1 bearish | F1 bullish | F1 neutral "
        "| accuracy less the lexicon's (95%) |\n|---|---|---|---|---|---|---|---|---|"
    )
    rng = np.random.default_rng(0)
    for name, half in zip(("development", "held-out"), halves(frame), strict=True):
        truth = half["label"].to_numpy()
        ours = labels(half["text"].map(score).to_numpy(), NEUTRAL_BAND)
        answers = {
            "lexicon": ours,
            "VADER": labels(half["text"].map(other).to_numpy(), VADER_BAND),
            "majority (neutral)": np.full(len(half), NEUTRAL),
        }
        for reader, said in answers.items():
            each = f1_score(truth, said, average=None, labels=[0, 1, 2], zero_division=0)
            gap = "" if reader == "lexicon" else interval(said == truth, ours == truth, rng)
            print(
                f"| {name} | {len(half)} | {reader} | {accuracy_score(truth, said):.3f} "
                f"| {each.mean():.3f} | {each[0]:.3f} | {each[1]:.3f} | {each[2]:.3f} | {gap} |"
            )


def tweet_days(folder: Path, scorers: dict[str, Scorer]) -> pd.DataFrame:
    """Return, per ticker and session with tweets, the mean scores and the moves around it.

    A tweet belongs to the first session whose close is not before it. ``same`` is the log
    return of that session, ``next`` that of the one after it: known only later.
    """
    tweets = pd.read_parquet(folder / "news_stocknet_tweets" / "tweets_2014_2015h1.parquet")
    tweets = tweets.drop_duplicates(["ticker", "date", "text"])
    first, last = tweets["created_at"].min().date(), date(2015, 8, 31)
    days = np.array(sessions(first, last), dtype="M8[D]")
    at = np.searchsorted(
        closes(first, last), tweets["created_at"].to_numpy().astype("M8[ns]"), side="left"
    )
    tweets = tweets.assign(session=days[at])
    for name, scorer in scorers.items():
        known = {text: scorer(text) for text in tweets["text"].unique()}
        tweets[name] = tweets["text"].map(known)
    mean = tweets.groupby(["ticker", "session"])[list(scorers)].mean().reset_index()
    prices = pd.read_parquet(folder / "news_stocknet_tweets" / "prices_2012_2017.parquet")
    prices = prices.sort_values(["ticker", "date"])
    log = np.log(prices["adj_close"]).groupby(prices["ticker"])
    prices["same"] = log.diff()
    prices["next"] = log.diff().groupby(prices["ticker"]).shift(-1)
    prices["session"] = prices["date"].to_numpy().astype("M8[s]")
    mean["session"] = mean["session"].astype("M8[s]")
    return mean.merge(prices[["ticker", "session", "same", "next"]], on=["ticker", "session"])


def blocks(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a sample of whole weeks of sessions, all tickers of a session together."""
    days = np.sort(frame["session"].unique())
    starts = rng.integers(0, len(days) - BLOCK + 1, -(-len(days) // BLOCK))
    chosen = (starts[:, None] + np.arange(BLOCK)).ravel()[: len(days)]
    by_day = frame.groupby("session").indices
    return frame.iloc[np.concatenate([by_day[pd.Timestamp(days[k])] for k in chosen])]


def direction(frame: pd.DataFrame, reader: str, move: str) -> tuple[float, float, float]:
    """Return accuracy and macro-F1 of the sign, and the rank correlation."""
    told = frame[(frame[reader] != 0) & (frame[move] != 0) & frame[move].notna()]
    up, said = told[move] > 0, told[reader] > 0
    rank = spearmanr(told[reader], told[move]).statistic
    return accuracy_score(up, said), f1_score(up, said, average="macro"), float(rank)


def tweets(folder: Path, other: Scorer) -> None:
    frame = tweet_days(folder, {"lexicon": score, "VADER": other})
    print(
        f"\n## Tweets of 25 tickers, {len(frame):,} ticker-sessions, "
        f"{frame['session'].min():%Y-%m-%d} to {frame['session'].max():%Y-%m-%d}\n"
    )
    print(
        "| move | reader | sessions with an opinion | accuracy | always the commoner sign "
        "| accuracy less that (95%) | macro-F1 | rank correlation (95%) |"
        "\n|---|---|---|---|---|---|---|---|"
    )
    rng = np.random.default_rng(0)
    for move in ("same", "next"):
        for reader in ("lexicon", "VADER"):
            told = frame[(frame[reader] != 0) & (frame[move] != 0) & frame[move].notna()]
            base = max((told[move] > 0).mean(), (told[move] < 0).mean())
            found = direction(told, reader, move)
            gaps, ranks = [], []
            for _ in range(DRAWS // 5):
                drawn = blocks(told, rng)
                up = (drawn[move] > 0).mean()
                accuracy, _, rank = direction(drawn, reader, move)
                gaps.append(accuracy - max(up, 1 - up))
                ranks.append(rank)
            low, high = np.quantile(gaps, [0.025, 0.975])
            first, last = np.quantile(ranks, [0.025, 0.975])
            print(
                f"| {'of the session itself' if move == 'same' else 'of the next session'} "
                f"| {reader} | {len(told):,} | {found[0]:.3f} | {base:.3f} "
                f"| {found[0] - base:+.3f} ({low:+.3f} to {high:+.3f}) | {found[1]:.3f} "
                f"| {found[2]:+.3f} ({first:+.3f} to {last:+.3f}) |"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = os.environ.get("STORY_SHARED_DATA", ROOT / ".." / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    folder = parser.parse_args().data
    if not folder.is_dir():
        print(f"no shared data at {folder}: name its folder by --data", file=sys.stderr)
        return 2
    started, other = time.process_time(), vader()
    print("Command: `python benchmarks/sentiment.py`  ")
    print(
        f"Date: {date.today()}. Python {platform.python_version()}, vaderSentiment "
        f"{version('vaderSentiment')}, neutral bands {NEUTRAL_BAND} and {VADER_BAND}."
    )
    labelled(folder, other)
    tweets(folder, other)
    texts = ["Acme cuts guidance as costs soar, shares plunge 12%"] * 2_000
    begin = time.process_time()
    for text in texts:
        score(text)
    each = (time.process_time() - begin) / len(texts)
    print(
        f"\nOne headline takes {1e6 * each:.0f} microseconds of processor time; the whole "
        f"benchmark {time.process_time() - started:.0f} s."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
