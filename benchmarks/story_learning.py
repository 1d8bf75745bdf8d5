"""How fast the embedded story model learns, beside a 5-gram model of the same stories.

``learning``: validation loss over processor seconds, evaluations included, of the demo's recipe
and of one four times as long, against an interpolated 5-gram model (``ngram.py``) that has read
every training window. All are scored on the same tokens (answers, words and end of the validation
split's target stories), given the same text before; nats are told per character of the words.

``planted``: what the model says of stories under a known law, and of a martingale.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Literal

import numpy as np
from ngram import KneserNey
from story_worlds import note, say

from config.recipes import story_nano_test, story_tiny_cpu
from foundation.contracts import TAPE, StoryBook, TokenBatch, TokenWindows
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import EngineInput, EngineSettings, LlmEngineStage, TrainingStage
from stage_05_llm_engine.learning.training import Watch

Curve = list[tuple[float, float]]
"""(processor seconds, nats per character)."""


class ClockedLosses:
    """A tracker that keeps validation losses with the processor seconds so far."""

    def __init__(self, per_character: float) -> None:
        self.curve: Curve = []
        self._scale = per_character

    def begin(self, run: str, parameters: Mapping[str, str]) -> None:
        """Start the clock."""
        self._began = time.process_time()

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note a validation loss."""
        loss = metrics.get("validation_loss", metrics.get("final_validation_loss"))
        if loss is not None:
            self.curve.append((time.process_time() - self._began, loss * self._scale))
            note(f"step {step}: {self.curve[-1][0]:.0f} s, {self.curve[-1][1]:.4f}")

    def end(self, *, finished: bool) -> None:
        """Nothing is left to do."""


def learning(book: StoryBook, tokens: TokenBatch, longest: int, picture: Path | None) -> None:
    """Print the table of losses; draw the curves."""
    scored = float(tokens.split("validation").loss_mask.sum())
    characters = _characters(tokens)
    plain = TokenizationStage(TokenizationSettings(across_words=False)).run(book)
    lines = {
        "5-gram, the model's own tokens": _ngram(tokens) / characters,
        "5-gram, tokens within words": _ngram(plain) / characters,
    }
    curves: dict[str, Curve] = {}
    for factor in sorted({1, longest}):
        base = story_tiny_cpu()
        phases = tuple(p.model_copy(update={"steps": factor * p.steps}) for p in base.phases)
        changes = {"phases": phases, "evaluations": 8, "evaluation_windows": 10_000}
        recipe = base.model_copy(update=changes)
        watch = ClockedLosses(scored / characters)
        with tempfile.TemporaryDirectory() as scratch:
            TrainingStage(recipe, FolderStore(Path(scratch)), Watch(tracker=watch)).run(tokens)
        curves[f"story_tiny_cpu, {recipe.steps} steps"] = watch.curve
    say(f"{int(scored):,} tokens and {characters:,} characters of validation stories.\n")
    say("| model | nats per character | below both 5-grams after | processor seconds in all |")
    say("|---|---:|---:|---:|")
    for name, loss in lines.items():
        say(f"| {name} | {loss:.4f} | | |")
    for name, curve in curves.items():
        first = next((f"{x:.0f} s" for x, y in curve if y < min(lines.values())), "never")
        say(f"| {name} | {curve[-1][1]:.4f} | {first} | {curve[-1][0]:.0f} |")
    if picture is not None:
        picture.write_text(drawn(curves, lines), encoding="utf-8")


def _ngram(tokens: TokenBatch) -> float:
    """Return nats that a 5-gram of the training windows gives the validation targets."""
    began = time.process_time()
    model = KneserNey(_rows(tokens.split("train")), tokens.vocabulary_size)
    windows = tokens.split("validation")
    said = model.log_probability(_rows(windows))
    note(f"5-gram of {tokens.vocabulary_size} tokens: {time.process_time() - began:.1f} s")
    return -sum(float(x[windows.loss_mask[row, : len(x)] == 1].sum()) for row, x in enumerate(said))


def _rows(windows: TokenWindows) -> list[np.ndarray]:
    lengths = windows.attention_mask.sum(axis=1)
    return [windows.ids[row, :length] for row, length in enumerate(lengths)]


def _characters(tokens: TokenBatch) -> int:
    """Return the characters of the validation split's target stories."""
    from tokenizers import Tokenizer

    windows = tokens.split("validation")
    marks = [o for outcomes in tokens.codes.outcomes for outcome in outcomes for o in outcome]
    words = (windows.loss_mask == 1) & ~np.isin(windows.ids, [*marks, *tokens.codes.end])
    rows = [windows.ids[row, words[row]].tolist() for row in range(len(windows.ids))]
    reader = Tokenizer.from_str(tokens.tokenizer_json)
    return sum(map(len, reader.decode_batch(rows, skip_special_tokens=False)))


def planted(markets: Sequence[int] = (11, 12, 13, 14, 15, 16)) -> None:
    """Print gains over climatology under a law and on martingales, with standard errors.

    Every market is simulated anew and has a model of its own: what one market's past happens to
    say of its future is chance, and the same for all forecasts of that market.
    """
    say(
        "| law | series | forecasts | the model's gain over climatology | standard error | "
        "the published forecast's | standard error | the law's own gain |"
    )
    say("|---|---|---:|---:|---:|---:|---:|---:|")
    for law in ("planted", "martingale"):
        found = []
        for market in markets:
            found.append(_gains(law, market))
            note(f"{law}, market {market}: {np.round(found[-1][1:3], 4).tolist()}")
        counts, alone, published, best = (np.array(part) for part in zip(*found, strict=True))
        for s, series in enumerate(TAPE):
            cells = [
                f"{gains[:, s].mean():+.4f} | {gains[:, s].std(ddof=1) / len(markets) ** 0.5:.4f}"
                for gains in (alone, published)
            ]
            say(
                f"| {law} | {series} | {counts[:, s].sum():,} | {' | '.join(cells)} | "
                f"{best[:, s].mean():+.4f} |"
            )


def _gains(law: Literal["planted", "martingale"], market: int) -> tuple[np.ndarray, ...]:
    """Return (len(TAPE),) each: forecasts of a market; mean gains of model, published, law."""
    stories = planted_stories(law, sessions=520, symbols=8, seed=market)
    tokens = TokenizationStage(TokenizationSettings(history_sessions=150)).run(stories.book)
    with tempfile.TemporaryDirectory() as scratch:
        store = FolderStore(Path(scratch))
        model = TrainingStage(story_nano_test(market), store).run(tokens)
        engine = LlmEngineStage(EngineSettings(guided=False), store)
        forecast = engine.run(EngineInput(tokens, model, stories.book))
    sessions = stories.book.sessions
    alone, published = (
        panel.values[:-1].reshape(-1, len(TAPE), 5)
        for panel in (forecast.model_distributions, forecast.distributions)
    )
    days = [sessions.index(day) for day in forecast.distributions.sessions[:-1]]
    count = len(stories.book.symbols)
    t, n = np.repeat(days, count), np.tile(np.arange(count), len(days))
    observed = stories.book.observed.values
    learnt = observed[: sessions.index(model.trained_until) + 1]
    counts = np.stack([(learnt == code).sum(axis=(0, 1)) + 0.5 for code in range(5)], axis=-1)
    climate = _log_score(
        np.broadcast_to(counts / counts.sum(axis=-1, keepdims=True), alone.shape),
        observed[t + 1, n],
    )
    gains = [climate - _log_score(said, observed[t + 1, n]) for said in (alone, published)]
    best = climate - _log_score(stories.truth[t, n], observed[t + 1, n])
    known = (~np.isnan(gains[0])).sum(axis=0)
    return known, *(np.nanmean(gain, axis=0) for gain in (*gains, best))


def _log_score(said: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Return nats of what happened, in the shape of ``then``; NaN where nothing was."""
    code = np.nan_to_num(then).astype(int)
    picked = np.take_along_axis(said, code[..., None], axis=-1)[..., 0]
    return np.where(np.isnan(then) | np.isnan(picked), np.nan, -np.log(picked))


WIDTH, HEIGHT, LEFT, FOOT, TOP = 640, 360, 56, 44, 30
COLOURS = ("#2457a6", "#2a7f62", "#d08a1d", "#b5453c")


def drawn(curves: Mapping[str, Curve], lines: Mapping[str, float]) -> str:
    """Return an SVG of curves and level lines, loss upwards on a logarithmic scale."""
    levels = [y for curve in curves.values() for _, y in curve] + list(lines.values())
    bottom, top = np.log(0.95 * min(levels)), np.log(1.05 * max(levels))
    last = max(x for curve in curves.values() for x, _ in curve)

    def x_of(seconds: float) -> float:
        return LEFT + seconds / last * (WIDTH - LEFT - 16)

    def y_of(loss: float) -> float:
        return TOP + (top - np.log(loss)) / (top - bottom) * (HEIGHT - TOP - FOOT)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    for loss in np.exp(np.linspace(bottom, top, 5)):
        parts.append(
            f'<path d="M{LEFT} {y_of(loss):.1f}H{WIDTH - 16}" stroke="#e3e7ec"/>'
            f'<text x="{LEFT - 6}" y="{y_of(loss) + 4:.1f}" text-anchor="end">{loss:.3f}</text>'
        )
    for seconds in np.linspace(0, last, 5):
        parts.append(
            f'<text x="{x_of(seconds):.1f}" y="{HEIGHT - FOOT + 18}" text-anchor="middle">'
            f"{seconds:.0f}</text>"
        )
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">processor seconds</text>'
        f'<text x="{LEFT}" y="16">validation loss, nats per character</text>'
    )
    named = [(n, [(0.0, y), (last, y)], ' stroke-dasharray="5 4"') for n, y in lines.items()]
    for place, (name, points, dash) in enumerate(
        [*((n, c, "") for n, c in curves.items()), *named]
    ):
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points)
        colour = COLOURS[place % len(COLOURS)]
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'
            f'<text x="{WIDTH - 20}" y="{TOP + 14 + 15 * place}" text-anchor="end" '
            f'fill="{colour}">{escape(name)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="11">'
        + "".join(parts)
        + "</svg>\n"
    )
