"""Option chains and a source's own series under the blindness law, and a leak that it catches."""

from __future__ import annotations

from datetime import date, datetime, time

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import ContinuousSeries, MarketWindow
from foundation.kernel import NEW_YORK, Contract
from foundation.market import close_of
from stage_01_data_engine import MarketRequest, RawMarket, raw_market
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import SourceReading, open_source
from stage_10_integration.verification import verify_no_lookahead
from tests.foundation.quant.options.chains import made_up
from tests.laws.small_house import small_house
from tests.laws.test_blindness import found, spoiled
from tests.stage_01_data_engine.test_option_panel import quotes_of

BEGIN = date(2018, 11, 1)
MOOD = ContinuousSeries(name="mood", unit="points", panel="features", stale_after_sessions=2)


class Richer:
    """A source with option chains and a series by symbol added to another one's rows."""

    def __init__(self, plain: SourceReading) -> None:
        self._plain = plain
        self.name = "richer"

    def load(self, request: MarketRequest) -> RawMarket:
        rows = self._plain.load()
        symbol = rows.instruments[0].symbol
        days = [d for d in request.sessions if d >= BEGIN and d.toordinal() % 3 == 0]
        chains = []
        for n, day in enumerate(days):
            moment = datetime.combine(day, time(12), tzinfo=NEW_YORK)
            chain = made_up(moment=moment, seed=day.toordinal(), spot=100.0 + n)
            chains.append(quotes_of(chain, moment, name=symbol))
        seen = pd.to_datetime([close_of(day) for day in days], utc=True)
        own = pd.DataFrame(
            {
                "series": "mood", "symbol": symbol, "event_time": seen, "known_at": seen,
                "value": np.arange(len(days), dtype=float), "location": "mood",
            }
        )  # fmt: skip
        for column in ("event_time", "known_at"):
            own[column] = own[column].astype("datetime64[ns, UTC]")
        return raw_market(
            request,
            name=self.name,
            bars=rows.bars,
            observations=pd.concat([rows.observations, own], ignore_index=True),
            events=rows.events,
            instruments=rows.instruments,
            findings=rows.findings,
            unread=rows.unread,
            series=(MOOD,),
            option_quotes=pd.concat(chains, ignore_index=True),
        )


def richer(settings: HouseSettings) -> SourceReading:
    plain = open_source(settings)
    return SourceReading(Richer(plain), plain.load().request)


def told_of_the_whole(made: Contract) -> Contract:
    """Let every chain tell of the mean of all chains of the window."""
    assert isinstance(made, MarketWindow)
    assert made.options is not None
    mean = np.nanmean(made.options.values, axis=0, keepdims=True)
    options = made.options.model_copy(update={"values": made.options.values - mean})
    return made.model_copy(update={"options": options})


def test_option_features_and_series_of_ones_own_are_blind_to_the_future() -> None:
    verdict = verify_no_lookahead(small_house(), until=wiring.DATA, opened=richer, sessions_back=8)
    assert verdict.held, verdict.first_broken


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_option_features_that_rest_on_later_chains_are_caught() -> None:
    verdict = verify_no_lookahead(
        small_house(),
        until=wiring.DATA,
        opened=richer,
        rewire=spoiled(wiring.DATA, told_of_the_whole),
        sessions_back=8,
    )
    step, where = found(verdict)
    assert step == wiring.DATA
    assert "options of" in where
