"""Error roots, sorted by whose fault it is.

Every error names the rule that was broken, the value received and the remedy, so that a
trader can act on it without reading code. Rooms and stages derive their own errors from
the root that says who has to act.
"""

from __future__ import annotations


class FinancialStoryError(Exception):
    """Root of every error that this system raises on purpose.

    Parameters
    ----------
    rule : str
        What should have held, as a sentence.
    value : object
        What was received instead (shown with ``repr`` and cut at 200 characters).
    remedy : str
        What the reader can do about it, as an imperative sentence.
    """

    exit_code = 1

    def __init__(self, rule: str, *, value: object = None, remedy: str = "") -> None:
        self.rule = rule
        self.value = value
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        shown = repr(self.value)
        if len(shown) > 200:
            shown = shown[:197] + "..."
        parts = [self.rule.rstrip(".") + "."]
        if self.value is not None:
            parts.append(f"Received: {shown}.")
        if self.remedy:
            parts.append(f"Remedy: {self.remedy.rstrip('.')}.")
        return " ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.rule, self.value, self.remedy))


def _rebuild(
    kind: type[FinancialStoryError], rule: str, value: object, remedy: str
) -> FinancialStoryError:
    return kind(rule, value=value, remedy=remedy)


class OperatorError(FinancialStoryError):
    """The person at the keyboard asked for something that cannot be: settings, options, paths."""

    exit_code = 2


class UpstreamDataError(FinancialStoryError):
    """A data source delivered something that breaks its contract."""

    exit_code = 3


class WorldError(FinancialStoryError):
    """The surroundings failed: disk full, network gone, a server that does not answer."""

    exit_code = 4


class ArtefactError(WorldError):
    """A stored artefact is missing, or is no longer what its hash says it was."""


class ModelError(FinancialStoryError):
    """A model produced, or was given, something unusable."""

    exit_code = 5


class DependencyError(FinancialStoryError):
    """A library, server or credential that the request needs is missing."""

    exit_code = 6
