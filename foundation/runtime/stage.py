"""The one shape of every stage: a function from contract to contract.

A stage does no I/O, looks at no clock and knows no bus. It is built from a frozen settings
model and, where it needs one, from a collaborator handed in by the wiring (a model, a
tokeniser). Stages with several inputs take a frozen dataclass of contracts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from foundation.kernel import Contract

Given = TypeVar("Given")
Made = TypeVar("Made", bound=Contract)


class Stage(ABC, Generic[Given, Made]):
    """A step from ``Given`` to ``Made``.

    Attributes
    ----------
    name : str
        Its package's name without ``stage_``, e.g. ``"02_fuzzification"``.
    version : str
        Raised by hand when the meaning of the output changes; part of the artefact key.
    """

    name: str
    version: str = "1"

    @abstractmethod
    def run(self, given: Given) -> Made:
        """Return what this stage makes of what it was given. Same input, same bytes."""
