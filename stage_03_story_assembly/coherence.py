"""Where the data pulls two ways, the story says so.

A contradiction between two facts is not an error to be smoothed over but the most useful
sentence of the day. Which facts pull apart stands in the language, because the reader of other
people's texts needs it too; of one subject's pairings, the first that holds speaks.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import FuzzyWindow, statement
from foundation.language.contradictions import CONFIRMATIONS, OPPOSITIONS, Pairing
from foundation.language.sections import section_of
from stage_03_story_assembly.content.columns import SILENT, Column


def tension_columns(fuzzy: FuzzyWindow) -> dict[str, Column]:
    """Return one column of tensions per subject: direction, participation, momentum and risk."""
    codes = told_codes(fuzzy)
    subjects: dict[str, list[Pairing]] = {}
    for pairing in (*OPPOSITIONS, *CONFIRMATIONS):
        subjects.setdefault(pairing.tension[0], []).append(pairing)
    return {subject: _column(subject, pairings, codes) for subject, pairings in subjects.items()}


def told_codes(fuzzy: FuzzyWindow) -> dict[tuple[str, str], np.ndarray]:
    """Return state and session movement codes of every series, each (T, N); NaN where absent."""
    codes = {}
    for series in fuzzy.memberships.fields:
        degrees = fuzzy.memberships.field(series)
        absent = np.isnan(degrees[..., 0])
        codes["state", series] = np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))
        codes["movement", series] = fuzzy.movements.field(series)[..., 0]
    return codes


def _column(
    subject: str, pairings: list[Pairing], codes: dict[tuple[str, str], np.ndarray]
) -> Column:
    number = np.full(codes["state", "trend"].shape, SILENT)
    for k, pairing in reversed(list(enumerate(pairings))):
        number = np.where(pairing.holds(codes), k, number)
    options = tuple(statement("tension", *pairing.tension) for pairing in pairings)
    series = dict.fromkeys(
        side.series for pairing in pairings for side in (pairing.first, pairing.second)
    )
    return Column(
        name=f"tension of {subject}",
        section=section_of(options[0]),
        options=options,
        codes=number,
        degrees=np.ones(number.shape),
        cells=tuple(("fuzzy", name) for name in series),
    )
