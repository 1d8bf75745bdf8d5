"""Settings of the decision support stage: what is worth a setup, and what is worth an alert."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class DecisionSupportSettings(Part):
    """Thresholds of the brief. Convictions are yearly information ratios after costs, of which 0.5
    is good and 1 exceptional (Grinold & Kahn 2000, chapter 5); severities lie in [0, 1].

    Attributes
    ----------
    setup_conviction : float
        A signal becomes a trade setup from this conviction on.
    setup_risk_reward : float
        Least reward per unit of risk, at the as-of close, for a setup (typical: 1 to 2).
    alert_conviction : float
        A signal is announced as an alert from this conviction on.
    alert_severity : float
        A risk is announced as an alert from this severity on.
    alert_quality_sessions : int
        A data-quality finding about a session is an alert only if the session is among the last
        so many; older ones, which touch no indicator of today, stand on the runs page. Findings
        about no session in particular always count.
    story_change_steps : int
        By how many of the five states a series' word must move between two sessions' stories
        (1 to 4) to count as a change of story.
    named_in_summary : int
        How many symbols the summary names before it only counts.
    """

    setup_conviction: float = Field(default=0.25, ge=0)
    setup_risk_reward: float = Field(default=1.0, gt=0)
    alert_conviction: float = Field(default=0.75, ge=0)
    alert_severity: float = Field(default=0.8, ge=0, le=1)
    alert_quality_sessions: int = Field(default=60, ge=1)
    story_change_steps: int = Field(default=2, ge=1, le=4)
    named_in_summary: int = Field(default=3, ge=1)
