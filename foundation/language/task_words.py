"""What a model is asked, in words: the instructions, and one prompt for each task."""

from __future__ import annotations

from foundation.contracts import TAPE, Horizon, tape_outcomes
from foundation.contracts.token_batch import Task
from foundation.language.tape_words import STORY, TEXT, question

PROMPTS: dict[Task, str] = {
    "next day": "Tell the story of the next session.",
    "intraday update": "The next session is under way. Tell its story so far.",
    "weekly summary": "Sum up the five sessions just told as the story of the week.",
    "event-driven": "An event is on record. Tell the story of the next session in its light.",
    "risk scenario": "Suppose the price drops sharply in the next session. Tell its story.",
}
"""Task -> what is asked after the stories of the past."""

HORIZONS: dict[Task, Horizon] = {
    "intraday update": Horizon.INTRADAY,
    "weekly summary": Horizon.WEEKLY,
    "event-driven": Horizon.EVENT,
}
"""Tasks whose target is a story of another horizon, told in words alone; the others' is a day's,
with its tape."""


def instructions() -> str:
    """Return what a chat model must know before it reads stories: their form, and the answers."""
    forms = "\n".join(f"-{question(series)} {', '.join(tape_outcomes(series))}" for series in TAPE)
    return (
        "You continue the stories of one financial instrument. A story tells one session: first "
        "what each series did, then the words.\n"
        f"Form: {STORY} series: answer; series: answer;{TEXT} words\n"
        f"The series and their answers:\n{forms}\n"
        "Answer every series that the stories before answer, with one of its answers, and then "
        "tell the story in the words and sentences of the stories before. Write nothing else."
    )
