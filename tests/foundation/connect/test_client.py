"""What a client does with good answers, bad ones and none."""

from __future__ import annotations

import time as wall
from dataclasses import replace

import pytest

from foundation.connect import RetryPolicy, TransientError
from foundation.kernel import UpstreamDataError
from foundation.testing.vendors import (
    ManualTime,
    Reply,
    cut_off,
    fault,
    half_closed,
    hung_up,
    not_json,
    rate_limited,
    server_error,
    silent,
)
from tests.foundation.connect.servers import Counter, client_of


@pytest.mark.parametrize(
    "disturbance",
    [rate_limited("2"), server_error(502), hung_up(), half_closed(), silent()],
    ids=["429", "502", "hung up", "half closed", "silent"],
)
def test_what_passes_is_got_over_and_told_by_its_waits(disturbance: object) -> None:
    time = ManualTime()
    with client_of(disturbance, time=time) as (server, client):  # type: ignore[arg-type]
        answer = client.get("x")
    assert answer.json() == {"asked": 2, "path": "/x"}
    assert len(server.requests) == 2
    assert len(time.waits) == 1
    assert (answer.age, answer.stale) == (0.0, False)


def test_an_error_says_vendor_address_cause_and_remedy() -> None:
    with client_of(server_error(503).always()) as (server, client):
        with pytest.raises(TransientError) as caught:
            client.get("bars", {"symbol": "AAA"})
        assert len(server.requests) == 3
    error = caught.value
    assert error.rule == f"Example answers {server_address(error.rule)}/bars?symbol=AAA"
    assert "status 503" in str(error.value)
    assert error.remedy


def server_address(rule: str) -> str:
    return rule.removeprefix("Example answers ").partition("/bars")[0]


def test_a_client_error_is_not_tried_again() -> None:
    with client_of() as (server, client):
        with pytest.raises(UpstreamDataError, match="404"):
            client.get("missing")
        assert len(server.requests) == 1
        assert client.get("missing", accept=(200, 404)).status == 404


@pytest.mark.parametrize("broken", [cut_off(), not_json()], ids=["cut off", "html"])
def test_a_whole_answer_that_is_no_json_says_where_it_breaks(broken: object) -> None:
    with client_of(broken) as (server, client):  # type: ignore[arg-type]
        with pytest.raises(UpstreamDataError, match=r"/x.*complete JSON.*char \d+") as caught:
            client.json("x")
        assert "bytes ending in" in str(caught.value.value)
        assert len(server.requests) == 1


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    flood = fault(lambda request, reply: Reply(b"x" * 5_000_000))
    with (
        client_of(flood, max_bytes=100_000) as (_, client),
        pytest.raises(UpstreamDataError, match="at most 100000 bytes"),
    ):
        client.get("x")


def test_an_answer_that_trickles_is_given_up_in_all() -> None:
    """Each byte comes within the read time-out; only the total one ends it."""

    class Trickle(ManualTime):
        def monotonic(self) -> float:
            self.sleep(3.0)  # Every look at the clock finds it three seconds later.
            return super().monotonic()

    with (
        client_of(
            fault(lambda request, reply: replace(reply, payload=b"x" * 500_000)),
            time=Trickle(),
            retry=RetryPolicy(attempts=1),
            total_timeout=2.0,
        ) as (_, client),
        pytest.raises(TransientError, match="trickles"),
    ):
        client.get("x")


def test_a_server_that_is_not_there_is_a_world_error() -> None:
    with client_of() as (server, client):
        server.__exit__()
        try:
            with pytest.raises(TransientError, match="ConnectError"):
                client.get("x")
        finally:
            server.__enter__()


def test_a_silent_server_costs_the_read_time_out_and_no_more() -> None:
    began = wall.monotonic()
    with (
        client_of(silent().always(), retry=RetryPolicy(attempts=1), read_timeout=0.1) as (
            _,
            client,
        ),
        pytest.raises(TransientError, match="ReadTimeout"),
    ):
        client.get("x")
    assert wall.monotonic() - began < 10


def test_a_base_address_with_a_path_stands_before_every_request() -> None:
    with client_of() as (server, client):
        client.policy = client.policy.model_copy(update={"base_url": f"{server.url}/v1/"})
        assert client.json("series/x")["path"] == "/v1/series/x"
        assert client.json("/series/x")["path"] == "/v1/series/x"


def test_an_emulator_that_does_not_run_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="with statement"):
        _ = Counter().url
