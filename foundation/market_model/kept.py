"""A market model's answers and embeddings, computed once per session and kept by its hash.

The model is frozen, so what it says of a session is said once: after training for all sessions
that there are, from then on for new ones only. What was kept is not computed anew when the window
has moved on: it is what the model said of that session by what was known then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.kernel import OperatorError, hash_text, short
from foundation.market import close_of, sessions
from foundation.market_model.inputs import ModelData
from foundation.storage.segments import Segment, SegmentStore

if TYPE_CHECKING:
    from foundation.market_model.answers import Answers
    from foundation.market_model.checkpoint import TrainedModel

SCALE = "scale"
FORM = 2
"""Of what is kept: another form, with other fields, makes another entry."""
REMEDY = "compute them again: story train twins --embed-again"


@dataclass(frozen=True)
class Kept:
    """What is kept of a window's sessions.

    Attributes
    ----------
    answers : Answers
        NaN on sessions before the first one kept.
    scale : float64 array (T, N)
        The volatility scale that the model was given on each session, the unit of its answers.
    computed : int
        Sessions that the model was asked about now; 0 where all were kept already.
    """

    answers: Answers
    scale: np.ndarray
    computed: int


class KeptAnswers:
    """Answers of market models below one folder, one entry per model, symbols and inputs.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self._segments = SegmentStore(root, REMEDY)

    def of(
        self,
        trained: TrainedModel,
        as_of: date,
        data: ModelData,
        inputs: str,
        report: Callable[[date, int], None] | None = None,
    ) -> Kept:
        """Return the answers on every session of the data, asking the model only about new ones.

        Parameters
        ----------
        trained : TrainedModel
        as_of : date
            Session at whose close the model was trained. What it says of an earlier session is
            known since then, of a later one since that one's own close.
        data : ModelData
        inputs : str
            What else the inputs rest on (source, settings): other inputs make another entry.
        report : callable, optional
            Called with each block's last session and the number of sessions left.

        Raises
        ------
        ArtefactError
            If what is kept is damaged. It is not computed again unless it is given up first.
        """
        entry = entry_name(trained.content_hash(), data.symbols, inputs)
        computed = 0
        for rows, anchor in self._missing(entry, trained, data):
            self._segments.append(entry, _segment(trained, as_of, data, rows, anchor))
            computed += len(rows)
            if report is not None:
                report(data.sessions[rows[-1]], len(data.sessions) - 1 - rows[-1])
        found = self._segments.read(entry, data.sessions[0], data.sessions[-1])
        if found is None:
            raise OperatorError(
                "What is kept of a market model reaches back to the sessions asked for",
                value=f"sessions up to {data.sessions[-1]}, kept from "
                f"{self._segments.reach(entry)}",
                remedy=REMEDY,
            )
        return _placed(found, data, computed)

    def forget(self, trained: TrainedModel, symbols: tuple[str, ...], inputs: str) -> None:
        """Give up what is kept of a model, so that it is computed again."""
        self._segments.drop(entry_name(trained.content_hash(), symbols, inputs))

    def _missing(
        self, entry: str, trained: TrainedModel, data: ModelData
    ) -> list[tuple[range, int]]:
        """Return the rows to ask about, block by block, each with the row where its block begins.

        Blocks are counted from the entry's first session by the exchange's calendar, so that it
        makes no difference where a window begins or how many sessions are asked about at once.
        """
        reach, block, end = self._segments.reach(entry), trained.recipe.block, len(data.sessions)
        first = anchor = 0
        if reach is not None:
            anchor = _row_of(reach[0], data)
            first = max(0, int(np.searchsorted(_days(data), np.datetime64(reach[1]), "right")))
        parts = []
        while first < end:
            # A block that began before the window did begins with the window.
            begin = max(0, first - (first - anchor) % block)
            stop = min(first + block - (first - anchor) % block, end)
            parts.append((range(first, stop), begin))
            first = stop
        return parts


def entry_name(model: str, symbols: tuple[str, ...], inputs: str) -> str:
    """Return the entry's name: the model's hash, and that of what else its answers hang on.

    Symbols belong to it, for neighbours in the graph have a say in each one's embedding.
    """
    return f"{short(model)}-{short(hash_text(str(FORM), inputs, *symbols))}"


def _segment(
    trained: TrainedModel, as_of: date, data: ModelData, rows: range, begin: int
) -> Segment:
    """Ask the model about some rows of one block, of which ``begin`` is the first."""
    from foundation.market_model.answers import answers

    recipe = trained.recipe
    reach = max(recipe.context, 0 if recipe.graph is None else recipe.graph.window)
    # Whole blocks before it, so that the cut's own blocks begin where this one does.
    before = min(-(-reach // recipe.block), begin // recipe.block) * recipe.block
    cut = begin - before
    said = answers(
        trained, _between(data, cut, rows.stop), range(rows.start - cut, rows.stop - cut)
    )
    days = data.sessions[rows.start : rows.stop]
    return Segment(
        days,
        tuple(max(close_of(day), close_of(as_of)) for day in days),
        {field.name: getattr(said, field.name) for field in fields(said)}
        | {SCALE: data.scale[rows.start : rows.stop]},
    )


def _between(data: ModelData, begin: int, end: int) -> ModelData:
    """Return the rows ``begin .. end - 1`` of a market's inputs."""
    by_symbol = {"symbols", "observed_names", "statics"}
    cut = {f.name: getattr(data, f.name) for f in fields(data) if f.name not in by_symbol}
    return replace(data, **{name: values[begin:end] for name, values in cut.items()})


def _placed(found: Segment, data: ModelData, computed: int) -> Kept:
    """Return what is kept on the rows of the data; NaN where nothing is."""
    from foundation.market_model.answers import Answers

    kept = np.array(found.sessions, dtype="M8[D]")
    rows = np.flatnonzero(np.isin(_days(data), kept))
    places = np.searchsorted(kept, _days(data)[rows])
    out = {}
    for name, values in found.arrays.items():
        whole = np.full((len(data.sessions), *values.shape[1:]), np.nan, dtype=values.dtype)
        whole[rows] = values[places]
        out[name] = whole
    scale = out.pop(SCALE)
    return Kept(Answers(**out), scale, computed)


def _row_of(day: date, data: ModelData) -> int:
    """Return the row of a session; below zero where it lies before the first one."""
    if day >= data.sessions[0]:
        return int(np.searchsorted(_days(data), np.datetime64(day)))
    return 1 - len(sessions(day, data.sessions[0]))


def _days(data: ModelData) -> np.ndarray:
    return np.array(data.sessions, dtype="M8[D]")
