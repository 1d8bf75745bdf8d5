"""The collector is paused while stories are told, and only then."""

import gc
import weakref

import pytest

from stage_03_story_assembly.telling.uncollected import uncollected


class Thing:
    pass


def test_the_collector_goes_on_afterwards_also_after_an_error() -> None:
    def fails() -> None:
        with uncollected():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_no_longer_used_is_freed_meanwhile() -> None:
    with uncollected():
        thing = Thing()
        gone = weakref.ref(thing)
        del thing
        assert gone() is None
