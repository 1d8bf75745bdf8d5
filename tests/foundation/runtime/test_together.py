"""Processes that compute together: one voice, one end, and a cause that is named."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from typing import Any

import pytest

from foundation.kernel import ModelError, OperatorError, WorldError
from foundation.runtime.together import Member, together


def sum_at_home(member: Member, given: list[int]) -> int:
    mine = sum(given[member.rank :: member.size])
    if not member.first:
        return mine
    return mine + int(member.ask("double", mine)) + int(member.ask("process"))


def see_surroundings(member: Member, _: Any) -> tuple[str, ...]:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR")
    return tuple(os.environ[name] for name in names)


def die_or_complain(member: Member, how: str) -> None:
    if member.rank == 1:
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ModelError("Numbers are finite", value="nan", remedy="lower the rate")
    time.sleep(0.5)
    raise RuntimeError("connection closed by peer")


def ask_and_wait(member: Member, _: Any) -> None:
    if member.first:
        member.ask("fill the disk")
    time.sleep(60)


def test_members_compute_and_the_first_speaks_for_all() -> None:
    answers = {"double": lambda x: 2 * x, "process": os.getpid}
    assert together(sum_at_home, [1, 2, 3, 4], 2, answers) == 4 + 8 + os.getpid()


def test_members_are_told_where_to_find_one_another() -> None:
    assert together(see_surroundings, None, 1, {}) == ("0", "1", "0", "127.0.0.1")


def test_a_killed_member_ends_all_and_is_named_before_the_others_complaints() -> None:
    with pytest.raises(WorldError, match="process 2 of 2 was ended by SIGKILL"):
        together(die_or_complain, "killed", 2, {})


def test_an_error_in_words_is_raised_rather_than_what_it_caused() -> None:
    with pytest.raises(ModelError, match="lower the rate"):
        together(die_or_complain, "complaining", 2, {})


def test_an_error_at_home_ends_the_members_at_once() -> None:
    def full() -> None:
        raise OperatorError("There is room", value="none", remedy="make some")

    with pytest.raises(OperatorError, match="make some"):
        together(ask_and_wait, None, 2, {"fill the disk": full})
    assert not multiprocessing.active_children()
