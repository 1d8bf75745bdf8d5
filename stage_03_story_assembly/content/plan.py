"""A plan: what stories of one horizon say, in which order, and where there is one to tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foundation.contracts import Horizon, Section
from stage_03_story_assembly.content.columns import SILENT, Column


@dataclass(frozen=True)
class StoryPlan:
    """All columns in order of telling, and where there is enough to tell a story.

    Attributes
    ----------
    columns : tuple of Column
    needed : tuple of str
        Names of the columns that must speak for a story to be told.
    horizon : Horizon
    order : tuple of Section
        Sections in order of telling.
    where : bool array (T, N), optional
        Sessions and symbols that such a story is for; everywhere when left out.
    """

    columns: tuple[Column, ...]
    needed: tuple[str, ...]
    horizon: Horizon = Horizon.DAILY
    order: tuple[Section, ...] = tuple(Section)
    where: np.ndarray | None = None

    @cached_property
    def codes(self) -> np.ndarray:
        """Statement numbers, shape (T, N, columns); ``SILENT`` where nothing is said."""
        return np.stack([column.codes for column in self.columns], axis=-1)

    @cached_property
    def tellable(self) -> np.ndarray:
        """Where a story can be told, shape (T, N)."""
        needed = [k for k, column in enumerate(self.columns) if column.name in self.needed]
        known: np.ndarray = (self.codes[..., needed] != SILENT).all(axis=-1)
        return known if self.where is None else known & self.where
