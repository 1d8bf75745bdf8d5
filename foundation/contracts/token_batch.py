"""04 -> 05: stories as token windows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import numpy as np

from foundation.kernel.model import Contract, Part
from foundation.timeseries import ArraySpec

TokenMatrix = Annotated[np.ndarray, ArraySpec("int32", 2)]


class TapeCodes(Part):
    """How a story's frame and its tape are spelled in one tokeniser's ids.

    A story is ``story``, then per present tape series its question and its answer, then ``text``,
    the words, and ``end``. With the stories' own tokeniser every entry is one special token; with
    a base model's tokeniser they are plain words and may take several.

    Attributes
    ----------
    pad : int
        Fills windows on the right; never attended to.
    story, text, end : tuple of int
        Open a story, open its words, close it.
    series : one tuple of int per entry of ``TAPE``
        The question: "what will this series do?"
    outcomes : per entry of ``TAPE`` five tuples of int
        The answers, lowest first. Within a series none is the beginning of another.
    """

    pad: int
    story: tuple[int, ...]
    series: tuple[tuple[int, ...], ...]
    outcomes: tuple[tuple[tuple[int, ...], ...], ...]
    text: tuple[int, ...]
    end: tuple[int, ...]


class WindowLabel(Part):
    """Whose story a window ends with. ``target`` is None for a forecast window: not written yet."""

    symbol: str
    context_until: date
    target: date | None


class TokenWindows(Part):
    """Equally long, right-padded windows of one split.

    Attributes
    ----------
    ids, attention_mask, loss_mask, story_index : int32, shape (windows, length)
        Token ids; 1 where there is a token; 1 where the token is a training target (those of
        the target story only, and of those the answers, the words and the end, not the frame and
        the questions); number of the story within the window, -1 on padding. Windows of
        ``history`` and ``forecast`` hold the context only: their loss mask is zero throughout.
    """

    split: Literal["train", "validation", "history", "forecast"]
    labels: tuple[WindowLabel, ...]
    ids: TokenMatrix
    attention_mask: TokenMatrix
    loss_mask: TokenMatrix
    story_index: TokenMatrix


class TokenBatch(Contract):
    """Windows by split, and the tokeniser that made them (whole, as ``tokenizer_json``).

    ``codes`` spells the tape in that tokeniser's ids, so that a reader of windows need not know
    which tokeniser it was.

    Splits are by time: ``train`` and ``validation`` end before ``history`` (the sessions on
    which past forecasts are scored) begins, with a purge of context and horizon between them.
    ``forecast`` windows end at the as-of session and have no target.
    """

    session: date
    target_session: date
    tokenizer: str
    tokenizer_hash: str
    tokenizer_json: str
    vocabulary_size: int
    codes: TapeCodes
    splits: tuple[TokenWindows, ...]

    def split(self, name: str) -> TokenWindows:
        """Return the windows of one split; ``KeyError`` if there is none."""
        return {str(s.split): s for s in self.splits}[name]
