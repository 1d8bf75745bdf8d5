"""What a line client does with packets, broken connections and silence."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.connect import (
    BreakerPolicy,
    CircuitOpenError,
    Connection,
    LineClient,
    LinePolicy,
    RetryPolicy,
    TransientError,
)
from foundation.kernel import OperatorError, UpstreamDataError, WorldError
from foundation.testing.vendors import (
    Fault,
    LineEmulator,
    ManualTime,
    Reply,
    Request,
    half_closed,
    hung_up,
    silent,
)


class Echo(LineEmulator):
    """Answers a line with its letters, one a line, and ``end``."""

    def welcome(self) -> str:
        return "hello\r\n"

    def reply(self, request: Request) -> Reply:
        if request.path == "version,2":
            return Reply("version is,2\r\n")
        if request.path.startswith("version"):
            return Reply("version is,1\r\n")
        return Reply("\r\n".join([*request.path, "end", ""]))


@contextmanager
def client_of(
    *faults: Fault, packet: int = 3, time: ManualTime | None = None, **policy: object
) -> Iterator[tuple[Echo, LineClient]]:
    with Echo(*faults, packet=packet) as server:
        assert isinstance(server, Echo)
        connection = Connection(timekeeper=time or ManualTime(), jitter=lambda: 0.5)
        told = {
            "vendor": "Echo",
            "port": server.port,
            "read_timeout": 0.2,
            "retry": RetryPolicy(attempts=3, first_wait=1.0),
            "breaker": BreakerPolicy(failures=100),
        }
        with connection.lines(LinePolicy.model_validate(told | policy)) as client:
            yield server, client


def ends(line: str) -> bool:
    return line == "end"


@settings(max_examples=20, deadline=None)
@given(packet=st.integers(1, 12), text=st.text("abcde", min_size=1, max_size=9))
def test_an_answer_is_the_same_however_it_is_cut_into_packets(packet: int, text: str) -> None:
    with client_of(packet=packet) as (_, client):
        assert client.ask(text, ends)[-len(text) - 1 :] == [*text, "end"]


@pytest.mark.parametrize("fault", [hung_up(), half_closed(), silent()])
def test_a_question_whose_answer_broke_off_is_asked_again_and_no_half_is_used(
    fault: Fault,
) -> None:
    time = ManualTime()
    with client_of(fault, time=time) as (server, client):
        assert [line for line in client.ask("abc", ends) if line != "hello"] == [*"abc", "end"]
        assert len(server.requests) == 2
        assert len(time.waits) == 1


def test_a_failure_that_lasts_names_service_place_and_remedy() -> None:
    with client_of(hung_up().always()) as (server, client):
        with pytest.raises(TransientError, match=f"Echo answers at 127.0.0.1:{server.port}"):
            client.ask("abc", ends)
        assert len(server.requests) == 3


def test_a_port_nobody_listens_on_says_how_to_start_the_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    connection = Connection(timekeeper=ManualTime(), jitter=lambda: 0.5)
    policy = LinePolicy(vendor="Echo", port=port, start="start Echo first")
    with connection.lines(policy) as client, pytest.raises(WorldError) as caught:
        client.ask("abc", ends)
    assert caught.value.remedy == "start Echo first"


def test_failures_in_a_row_open_the_circuit() -> None:
    with (
        client_of(hung_up().always(), breaker=BreakerPolicy(failures=2)) as (_, client),
        pytest.raises(CircuitOpenError),
    ):
        client.ask("abc", ends)


def test_an_answer_that_never_ends_is_refused() -> None:
    with (
        client_of(max_bytes=1_000) as (_, client),
        pytest.raises(UpstreamDataError, match="at most 1000 bytes"),
    ):
        client.ask("a" * 2_000, lambda line: False)


def test_a_question_of_two_lines_is_refused_before_it_is_sent() -> None:
    with client_of() as (server, client):
        with pytest.raises(OperatorError, match="one line"):
            client.ask("abc\r\nrm", ends)
        assert server.requests == []


def test_a_service_that_speaks_another_version_is_refused() -> None:
    with client_of(greeting=(("version,2", "version is,2"),)) as (_, client):
        assert client.ask("ab", ends)[-3:] == ["a", "b", "end"]
        assert client.greeted == ["hello"]
    with (
        client_of(greeting=(("version,3", "version is,3"),)) as (_, client),
        pytest.raises(UpstreamDataError, match="version is,3"),
    ):
        client.ask("ab", ends)


def test_a_stream_yields_lines_as_they_come_and_says_when_it_stands_still() -> None:
    with client_of() as (_, client):
        stream = client.stream("ab")
        assert [next(stream) for _ in range(4)] == ["hello", "a", "b", "end"]
        client.tell("c")
        assert [next(stream) for _ in range(2)] == ["c", "end"]
        with pytest.raises(TransientError, match="not a byte"):
            next(stream)
