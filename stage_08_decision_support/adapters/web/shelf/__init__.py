"""What people see of the models that were trained to be used: a page, one per stock, the API."""

from stage_08_decision_support.adapters.web.shelf.answers import (
    ShelfAnswer,
    ShelvedTwinAnswer,
    shelf_answer,
    shelved_twin_answer,
)
from stage_08_decision_support.adapters.web.shelf.page import (
    NotOnShelf,
    ShelfSource,
    shelf_context,
    shelved_twin_context,
)

__all__ = [
    "NotOnShelf",
    "ShelfAnswer",
    "ShelfSource",
    "ShelvedTwinAnswer",
    "shelf_answer",
    "shelf_context",
    "shelved_twin_answer",
    "shelved_twin_context",
]
