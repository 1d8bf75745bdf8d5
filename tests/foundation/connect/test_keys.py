"""Keys are found by name, said by name only, and never shown."""

from __future__ import annotations

import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.connect import Credentials, Secret, TransientError
from foundation.kernel import DependencyError, UpstreamDataError
from foundation.testing.vendors import hung_up, server_error
from tests.foundation.connect.servers import CREDENTIAL, KEY, client_of


def test_an_absent_key_names_every_variable_and_where_to_get_one() -> None:
    with pytest.raises(DependencyError) as caught:
        Credentials({"EXAMPLE_KEY": "  "}).secret(CREDENTIAL)
    assert "EXAMPLE_KEY (or OLD_EXAMPLE_KEY)" in str(caught.value)
    assert "https://example.com/keys" in caught.value.remedy


def test_the_first_variable_that_is_set_is_used() -> None:
    both = Credentials({"EXAMPLE_KEY": "new", "OLD_EXAMPLE_KEY": "old"})
    assert both.secret(CREDENTIAL).reveal() == "new"
    old = Credentials({"EXAMPLE_KEY": "", "OLD_EXAMPLE_KEY": " old\n"}).secret(CREDENTIAL)
    assert (old.reveal(), old.variable) == ("old", "OLD_EXAMPLE_KEY")


def test_a_secret_shows_its_variable_only_and_cannot_be_stored() -> None:
    secret = Secret("EXAMPLE_KEY", "sesame")
    assert repr(secret) == str(secret) == f"{secret}" == "Secret('EXAMPLE_KEY')"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_key_is_taken_out_of_any_text_plain_and_quoted(before: str, after: str) -> None:
    secret = Secret("K", KEY)
    for form in (KEY, "sesame%2Fopen%2B1"):
        text = secret.redact(before + form + after)
        assert KEY not in text
        assert "sesame%2Fopen%2B1" not in text
        assert text.startswith(before)


@pytest.mark.parametrize("key_in", ["query", "bearer", "header"])
def test_the_key_goes_where_the_vendor_wants_it(key_in: str) -> None:
    with client_of(key_in=key_in) as (server, client):  # type: ignore[arg-type]
        client.json("x", {"a": 1})
        asked = server.requests[0]
    places = {
        "query": asked.query.get("key"),
        "bearer": asked.headers.get("Authorization", "").removeprefix("Bearer ") or None,
        "header": asked.headers.get("key"),
    }
    assert places.pop(key_in) == KEY
    assert set(places.values()) == {None}
    assert asked.query["a"] == "1"


@pytest.mark.parametrize("path", ["/x", "/missing", "/refused"])
def test_no_error_and_no_log_shows_the_key(path: str, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("httpx", "httpcore.http11", "httpcore.connection", "foundation.connect"):
        caplog.set_level(logging.DEBUG, logger=name)
    fault = server_error().always() if path == "/x" else hung_up()
    with client_of(fault) as (_, client):
        with pytest.raises((TransientError, UpstreamDataError, DependencyError)) as caught:
            client.get(path)
        client_shown = repr(client) + str(vars(client))
    shown = [str(caught.value), repr(caught.value), repr(caught.value.__context__), client_shown]
    shown += [record.getMessage() for record in caplog.records]
    assert len(caplog.records) > 3
    for text in shown:
        assert KEY not in text
        assert "sesame%2Fopen" not in text


def test_a_refused_key_names_its_variable() -> None:
    with client_of() as (_, client), pytest.raises(DependencyError, match="EXAMPLE_KEY"):
        client.get("/refused")


def test_the_key_is_never_sent_to_another_host() -> None:
    with client_of() as (server, client):
        port = server.url.rpartition(":")[2]
        for address in ("https://example.com/x", f"http://localhost:{port}/x",
                        f"https://127.0.0.1:{port}/x"):  # fmt: skip
            with pytest.raises(UpstreamDataError, match="own host"):
                client.get(address)
        assert not server.requests
        assert client.json(f"{server.url}/x?cursor=abc")["asked"] == 1
        assert server.requests[0].query == {"cursor": "abc", "key": KEY}
