"""Parts made without a check are the same as checked ones."""

import pytest
from pydantic import ValidationError

from foundation.contracts import Claim, SourceRow, content_hash, statement
from foundation.testing import samples


def test_a_proven_part_is_the_checked_one() -> None:
    row = next(r for c in samples.story_book().recent[0].claims for r in c.sources)
    made = SourceRow.proven(**dict(row))
    assert made == row
    assert hash(made) == hash(row)
    assert made.model_dump_json() == row.model_dump_json()
    assert made.model_copy(update={"value": 2.0}) == row.model_copy(update={"value": 2.0})
    with pytest.raises(ValidationError, match="frozen"):
        made.value = 3.0


def test_a_book_of_proven_parts_has_the_hash_of_the_checked_one() -> None:
    book = samples.story_book()

    def proven(claim: Claim) -> Claim:
        rows = tuple(SourceRow.proven(**dict(row)) for row in claim.sources)
        said = claim.statement
        return Claim.proven(
            statement=statement(said.kind, said.subject, said.value, said.hedge),
            degree=claim.degree,
            sources=rows,
        )

    recent = tuple(
        story.model_copy(update={"sections": tuple(
            part.model_copy(update={"sentences": tuple(
                one.model_copy(update={"claims": tuple(map(proven, one.claims))})
                for one in part.sentences)})
            for part in story.sections)})
        for story in book.recent
    )  # fmt: skip
    again = book.model_copy(update={"recent": recent})
    assert again == book
    assert content_hash(again) == content_hash(book)
