"""The stage page's worked example runs, and says what the page says."""

import contextlib
import io
import re
from pathlib import Path

import stage_02_fuzzification
from foundation.language import read

PAGE = Path(stage_02_fuzzification.__file__).with_name("README.md")
TOLD = "story: "


def test_the_worked_example_gives_the_numbers_and_the_statements_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert found is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(found[1], str(PAGE), "exec"), {})
    made, shown = printed.getvalue().splitlines(), found[2].splitlines()
    assert [x for x in made if not x.startswith(TOLD)] == [
        x for x in shown if not x.startswith(TOLD)
    ]
    # Words may be chosen anew, statements may not.
    said, told = (" ".join(x.removeprefix(TOLD) for x in lines if x.startswith(TOLD))
                  for lines in (made, shown))  # fmt: skip
    statements = read(told).statements
    assert len(statements) >= 4
    assert read(told).ungrounded == ()
    assert sorted(map(str, statements)) == sorted(map(str, read(said).statements))
