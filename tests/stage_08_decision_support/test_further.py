"""What else is told of an instrument: the week that ended, the event of today."""

from foundation.contracts import DecisionBrief, Horizon
from stage_08_decision_support import render_html, render_markdown


def test_a_page_carries_the_week_and_the_event_where_there_is_one(brief: DecisionBrief) -> None:
    first, *others = brief.instruments
    assert [s.horizon for s in first.further] == [Horizon.WEEKLY, Horizon.EVENT]
    assert all([s.horizon for s in page.further] == [Horizon.WEEKLY] for page in others)
    assert all(s.session == brief.session for page in brief.instruments for s in page.further)


def test_written_briefs_tell_them_under_their_own_titles(brief: DecisionBrief) -> None:
    pages = len(brief.instruments)
    markdown, html = render_markdown(brief), render_html(brief)
    assert markdown.count("**The week.** ") == pages
    assert markdown.count("**The event.** ") == 1
    assert html.count("<h3>The week</h3>") == pages
    assert html.count("<h3>The event</h3>") == 1
