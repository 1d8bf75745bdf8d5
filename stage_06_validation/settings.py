"""Defaults of stage 06. They live here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foundation.kernel import Part


class ValidationSettings(Part):
    """Thresholds of the checks, weights of the scores, and how often to ask again.

    None of these was tuned on forecast results; ``benchmarks/validation.py`` measures what the
    gate lets through and refuses with them.

    Attributes
    ----------
    max_attempts : int
        Drafts per symbol and regenerated scenario in all, the first one included.
    regenerated : tuple of str
        Scenarios for which another draft is asked for. Each costs the story engine time; a
        refused draft of any other scenario stays as it is, visibly refused.
    minimum_coherence, minimum_accuracy, minimum_completeness, minimum_clarity, \
minimum_actionability : float in [0, 1]
        A draft with any score below its minimum is refused, fatal finding or not.
    coherence_weight, accuracy_weight, completeness_weight, clarity_weight, actionability_weight : \
float
        Weights of the scores in a draft's quality, by which refused drafts are ranked; normalised
        to sum to one.
    fatal_penalty, warning_penalty, note_penalty : float in [0, 1]
        Each finding multiplies its score by one minus its penalty.
    jump_steps : int
        A change of state of at least so many steps within one session is a jump.
    level_steps : int
        A level that moves over at least so many distance bands in one session is out of place.
    precedent_floor : float
        Past frequency up to which a jump, a pairing or a magnitude counts as unprecedented.
    precedent_observations : int
        Past observations needed before a rare pairing or magnitude means anything.
    precedent_prior : float
        Pseudo-observations of the all-symbol frequencies mixed into a symbol's own.
    improbable : float
        A tape outcome to which the model itself gives less than this is reported.
    max_ungrounded : float
        Largest share of a text's clauses that the reader may fail to ground.
    yardstick_sessions : int
        Past sessions against which a level that a draft states as a number is graded: the same
        as stage 02's window.
    steady_scales, sharp_scales : float
        Price moves of one session, in volatility scales, up to which a stated percentage is
        steady and beyond which it is sharp. Stage 02's borders for five sessions (0.5 and 2),
        divided by the square root of five.
    longest_sentence, shortest_sentence : int
        Words a readable sentence has at most and at least.
    quality_sessions : int
        Sessions back from the as-of session over which data quality is measured.
    certainty_weight, precedent_weight, quality_weight, consensus_weight, basis_weight : float
        Weights of the parts of confidence; normalised to sum to one.
    unaccepted_discount : float in [0, 1]
        Factor on confidence when the chosen draft is one that the gate refused.
    """

    max_attempts: int = Field(default=4, ge=1)
    regenerated: tuple[Literal["base", "alternative 1", "alternative 2", "risk"], ...] = ("base",)
    minimum_coherence: float = Field(default=0.6, ge=0, le=1)
    minimum_accuracy: float = Field(default=0.5, ge=0, le=1)
    minimum_completeness: float = Field(default=0.7, ge=0, le=1)
    minimum_clarity: float = Field(default=0.6, ge=0, le=1)
    minimum_actionability: float = Field(default=0.3, ge=0, le=1)
    coherence_weight: float = Field(default=1.0, gt=0)
    accuracy_weight: float = Field(default=1.0, ge=0)
    completeness_weight: float = Field(default=1.0, ge=0)
    clarity_weight: float = Field(default=1.0, ge=0)
    actionability_weight: float = Field(default=1.0, ge=0)
    fatal_penalty: float = Field(default=0.5, ge=0, le=1)
    warning_penalty: float = Field(default=0.15, ge=0, le=1)
    note_penalty: float = Field(default=0.03, ge=0, le=1)
    jump_steps: int = Field(default=2, ge=2, le=4)
    level_steps: int = Field(default=3, ge=1, le=3)
    precedent_floor: float = Field(default=0.003, ge=0, lt=1)
    precedent_observations: int = Field(default=100, ge=1)
    precedent_prior: float = Field(default=20.0, gt=0)
    improbable: float = Field(default=0.02, ge=0, lt=1)
    max_ungrounded: float = Field(default=0.25, ge=0, le=1)
    yardstick_sessions: int = Field(default=60, ge=10)
    steady_scales: float = Field(default=0.2236, gt=0)
    sharp_scales: float = Field(default=0.8944, gt=0)
    longest_sentence: int = Field(default=45, ge=5)
    shortest_sentence: int = Field(default=3, ge=1)
    quality_sessions: int = Field(default=60, ge=1)
    certainty_weight: float = Field(default=1.0, ge=0)
    precedent_weight: float = Field(default=1.0, ge=0)
    quality_weight: float = Field(default=1.0, ge=0)
    consensus_weight: float = Field(default=1.0, gt=0)
    basis_weight: float = Field(default=1.0, ge=0)
    unaccepted_discount: float = Field(default=0.5, ge=0, le=1)
