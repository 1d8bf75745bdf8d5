"""04 -> 05: stories as token windows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field

from foundation.kernel.model import Contract, Part
from foundation.timeseries import ArraySpec

TokenMatrix = Annotated[np.ndarray, ArraySpec("int32", 2)]


Task = Literal["next day", "intraday update", "weekly summary", "event-driven", "risk scenario"]
TASKS: tuple[Task, ...] = get_args(Task)
"""What a target story may be to the stories before it.

``next day``: the following session's. ``intraday update``: that of the session under way, from
what it has shown so far. ``weekly summary``: that of the five sessions just told. ``event-driven``:
the following session's, where the last story speaks of an event. ``risk scenario``: the following
session's, told that the price drops sharply in it.
"""


class TapeCodes(Part):
    """How a story's frame and its tape are spelled in one tokeniser's ids.

    A story is ``story``, then per present tape series its question and its answer, then ``text``
    and the words. A window is ``opening``, the stories of the past, each closed by ``separator``,
    then the entry of ``tasks`` and the target story, closed by ``end``. With the stories' own
    tokeniser every mark is one special token; with a base model's tokeniser they are plain words
    and may take several.

    Attributes
    ----------
    pad : int
        Fills windows on the right; never attended to.
    opening : tuple of int
        Stands before a window's first story: a chat model's instructions, else nothing.
    story, text, separator, end : tuple of int
        Open a story, open its words, close a story of the past, close a target story.
    series : one tuple of int per entry of ``TAPE``
        The question: "what will this series do?"
    outcomes : per entry of ``TAPE`` five tuples of int
        The answers as stories write them, lowest first.
    synonyms : per entry of ``TAPE``, per outcome, any number of tuples of int
        Other spellings of the same answer, which a model that reads words may prefer. Their
        probabilities belong to the outcome. Within a series no spelling is the beginning of
        another.
    tasks : one tuple of int per entry of ``TASKS``
        Stands before the target story of a window with that task.
    """

    pad: int
    opening: tuple[int, ...]
    story: tuple[int, ...]
    series: tuple[tuple[int, ...], ...]
    outcomes: tuple[tuple[tuple[int, ...], ...], ...]
    synonyms: tuple[tuple[tuple[tuple[int, ...], ...], ...], ...]
    text: tuple[int, ...]
    separator: tuple[int, ...]
    end: tuple[int, ...]
    tasks: tuple[tuple[int, ...], ...]

    def spellings(self, series: int, outcome: int) -> tuple[tuple[int, ...], ...]:
        """Return every spelling of an answer, that of stories first."""
        return (self.outcomes[series][outcome], *self.synonyms[series][outcome])

    def task(self, name: Task) -> tuple[int, ...]:
        """Return what stands before a target story with this task."""
        return self.tasks[TASKS.index(name)]


class WindowLabel(Part):
    """Whose story a window ends with, and what it is to those before it.

    ``target`` is None for a forecast window: not written yet.
    """

    symbol: str
    context_until: date
    target: date | None
    task: Task


class TokenWindows(Part):
    """Equally long, right-padded windows of one split.

    Attributes
    ----------
    ids, attention_mask, loss_mask, story_index : int32, shape (windows, length)
        Token ids; 1 where there is a token; 1 where the token is a training target (those of
        the target story only, and of those the answers, the words and the end, not the frame and
        the questions); number of the story within the window, -1 on padding. The opening counts
        to the first story, the task to the target story. Windows of ``history`` and ``forecast``
        hold the context only, without a task: their loss mask is zero throughout.
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
    ``forecast`` windows end at the as-of session and have no target. ``tasks`` are those that
    the windows to learn from pose.
    """

    schema_version: int = Field(default=2, ge=1, description="2: tasks, and synonyms of answers.")
    session: date
    target_session: date
    tokenizer: str
    tokenizer_hash: str
    tokenizer_json: str
    vocabulary_size: int
    codes: TapeCodes
    tasks: tuple[Task, ...]
    splits: tuple[TokenWindows, ...]

    def split(self, name: str) -> TokenWindows:
        """Return the windows of one split; ``KeyError`` if there is none."""
        return {str(s.split): s for s in self.splits}[name]
