"""What the rules for chains find: planted defects one by one, then those of real chains."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.kernel import UpstreamDataError
from foundation.quant.options import (
    CBOE_SPX,
    LEAN,
    YAHOO,
    JudgedChain,
    OptionSettings,
    judge,
    surface,
)
from tests.foundation.quant.options.chains import made_up, real

SETTINGS = OptionSettings()


def rules(judged: JudgedChain) -> dict[str, int]:
    assert judged.counts.received == judged.counts.kept + judged.counts.quarantined
    assert judged.counts.kept == len(judged.chain)
    left = sum(f.rows for f in judged.findings if f.action == "quarantined")
    assert left == judged.counts.quarantined
    return {f.rule: f.rows for f in judged.findings}


def test_a_clean_chain_has_no_finding() -> None:
    judged = judge(made_up(), SETTINGS)
    assert rules(judged) == {}
    assert judged.counts.quarantined == 0


@pytest.mark.parametrize(
    ("field", "value", "rule", "kept"),
    [
        (
            "strike",
            -5.0,
            "A contract has an expiry, a strike above zero and no negative number",
            False,
        ),
        (
            "bid",
            -0.1,
            "A contract has an expiry, a strike above zero and no negative number",
            False,
        ),
        (
            "volume",
            -1.0,
            "A contract has an expiry, a strike above zero and no negative number",
            False,
        ),
        ("ask", 0.0, "A quote has an ask", True),
        ("bid", 99.0, "A bid is not above its ask", True),
        ("price", 250.0, "A price lies within its no-arbitrage bounds", True),
    ],
)
def test_one_planted_defect_is_the_one_finding(
    field: str, value: float, rule: str, kept: bool
) -> None:
    chain = made_up()
    values = getattr(chain, field).copy()
    values[[10, 40]] = value
    judged = judge(replace(chain, **{field: values}), SETTINGS)
    assert rules(judged) == {rule: 2}
    assert len(judged.chain) == len(chain) - (0 if kept else 2)
    if kept:
        assert np.isnan(judged.chain.price[[10, 40]]).all()
        assert np.isfinite(np.delete(judged.chain.price, [10, 40])).all()


def test_a_price_below_intrinsic_value_is_set_aside() -> None:
    chain = made_up()
    deep = np.flatnonzero((chain.strike == 70) & chain.call)
    values = chain.price.copy()
    values[deep] = 20.0
    judged = judge(replace(chain, price=values), SETTINGS)
    assert rules(judged) == {"A price lies within its no-arbitrage bounds": len(deep)}


def test_expired_contracts_are_left_out() -> None:
    chain = made_up((0, 7, 28))
    late = replace(chain, moment=chain.moment.replace(hour=16))
    assert rules(judge(late, SETTINGS)) == {"A contract has not expired": len(chain) // 3}
    assert "A contract has not expired" not in rules(judge(chain, SETTINGS)), "alive at noon"


def test_a_repeated_row_counts_once_and_a_conflicting_one_not_at_all() -> None:
    chain = made_up()
    twice = chain.only(np.r_[np.arange(len(chain)), [5, 9]])
    assert rules(judge(twice, SETTINGS)) == {"A contract stands once in a chain": 2}
    volume = twice.volume.copy()
    volume[-1] += 1
    assert rules(judge(replace(twice, volume=volume), SETTINGS)) == {
        "A contract stands once in a chain, not several times in disagreement": 2,
        "A contract stands once in a chain": 1,
    }


def test_contracts_that_a_split_replaced_are_told_from_those_that_live() -> None:
    live, dead = made_up(), made_up(scale=7.0)
    both = {
        name: np.concatenate([getattr(live, name), getattr(dead, name)])
        for name, value in vars(live).items()
        if isinstance(value, np.ndarray)
    }
    judged = judge(replace(live, **both), SETTINGS)
    assert rules(judged) == {"A contract is on the scale of its underlying": len(dead)}
    assert set(judged.chain.contract) == set(live.contract)
    assert "about 7.0" in judged.findings[0].remedy


def test_a_wrong_spot_is_noticed_by_put_call_parity() -> None:
    chain = replace(made_up(), spot=104.0)
    judged = judge(chain, OptionSettings(bound_tolerance=0.1))
    assert rules(judged) == {"The underlying's price agrees with its options": len(chain)}
    assert "99." in judged.findings[0].value or "100." in judged.findings[0].value


def test_a_repeated_snapshot_is_noticed_and_a_new_one_is_not() -> None:
    first = made_up()
    copied = replace(first, moment=first.moment + timedelta(days=1))
    assert "A chain is no copy of the chain before it" in rules(judge(copied, SETTINGS, first))
    fresh = made_up(seed=1)
    assert rules(judge(fresh, SETTINGS, first)) == {}


def test_a_chain_of_nothing_says_nothing_and_breaks_nothing() -> None:
    judged = judge(made_up().only(np.zeros(0, dtype=int)), SETTINGS)
    assert rules(judged) == {}
    assert surface(judged.chain).expiries == ()


def test_layouts_refuse_what_is_not_one_chain() -> None:
    rows = pd.DataFrame({"quote_date": ["2014-06-02"], "strike": [5.0]})
    with pytest.raises(UpstreamDataError, match="columns of its layout"):
        LEAN.chain(rows, spot=1.0, rate=0.0)
    table = real("options_lean_aapl_2014")
    with pytest.raises(UpstreamDataError, match="one underlying on one day"):
        LEAN.chain(table, spot=640.0, rate=0.0)
    day = table[table.quote_date == "2014-06-02"]
    with pytest.raises(UpstreamDataError, match="price of its underlying"):
        LEAN.chain(day, spot=float("nan"), rate=0.0)


def test_cboe_volatilities_and_deltas_agree_with_ours() -> None:
    """Seven days on which spot and quotes were taken together: a hundredth of a point apart."""
    table = real("options_spx_2019")
    for day in ("20190430", "20190503", "20190507"):
        rows = table[table.file_date == day]
        chain = judge(
            CBOE_SPX.chain(rows, spot=rows.underlying_last.iloc[0], rate=0.0235), SETTINGS
        ).chain
        made = surface(chain)
        outside = (chain.strike >= made.forward) == chain.call
        delta = np.abs(chain.source_delta)
        liquid = outside & (delta > 0.1) & (delta < 0.9) & (chain.years > 7 / 365)
        liquid &= chain.source_volatility > 0.01
        apart = np.abs(made.volatility - chain.source_volatility)[liquid]
        assert liquid.sum() > 1_500
        assert np.median(apart) < 0.0005
        assert np.percentile(apart, 99) < 0.005


def test_expired_and_bad_contracts_of_spx_are_found() -> None:
    table = real("options_spx_2019")
    rows = table[table.file_date == "20190426"]
    judged = judge(CBOE_SPX.chain(rows, spot=rows.underlying_last.iloc[0], rate=0.0235), SETTINGS)
    expiring = (rows.expiration == "04/26/2019").sum()
    assert rules(judged)["A contract has not expired"] == expiring > 0
    assert rules(judged)["A source's implied volatility is there"] > 500
    assert "A contract is on the scale of its underlying" not in rules(judged)


def lean(day: str) -> JudgedChain:
    """AAPL's chain with the underlying's official close, raw, of that day."""
    closes = {"2014-06-04": 644.82, "2014-06-06": 645.57, "2014-06-09": 93.70}
    table = real("options_lean_aapl_2014")
    rows = table[table.quote_date == day]
    return judge(LEAN.chain(rows, spot=closes[day], rate=0.001), SETTINGS)


def test_lean_contracts_not_yet_listed_and_no_longer_listed_are_left_out() -> None:
    """The vendor's file holds both scales on every day: zeros before the split, frozen after."""
    before, on, after = (lean(day) for day in ("2014-06-04", "2014-06-06", "2014-06-09"))
    assert before.chain.strike.min() > 160
    assert rules(before)["A contract has a price, volume or open interest"] >= 2180
    assert len(on.chain) == 0, "on the eve of the split the vendor has no live contract"
    assert rules(after)["A contract is on the scale of its underlying"] == 2180
    assert after.chain.strike.max() <= 160
    assert np.nansum(after.chain.open_interest) > 6 * np.nansum(before.chain.open_interest)


def test_lean_volatilities_of_the_source_are_not_to_be_trusted() -> None:
    found = rules(lean("2014-06-04"))
    assert found["A source's implied volatility agrees with the price"] > 1_000


def test_yahoo_zero_asks_crossed_quotes_stale_trades_and_wrong_days_are_found() -> None:
    table = real("options_yahoo_2026_02")
    rows = table[(table.ticker == "AAPL") & (table.snapshot == 1)]
    spot = rows.underlyingPrice.iloc[0]
    judged = judge(YAHOO.chain(rows, spot=spot, rate=0.036, at=time(12)), SETTINGS)
    found = rules(judged)
    assert found["A quote has an ask"] == (rows.ask == 0).sum() == 3
    crossed = ((rows.bid > rows.ask) & (rows.ask > 0)).sum()
    assert found["A bid is not above its ask"] == crossed
    assert found["A last trade is recent"] / len(rows) == pytest.approx(0.22, abs=0.02)
    assert found["Days to expiry agree with the dates"] == len(rows), "each is off by one"
    assert judged.counts.quarantined == 0


def test_yahoo_still_lists_contracts_of_before_nvidias_split() -> None:
    table = real("options_yahoo_2026_02")
    rows = table[(table.ticker == "NVDA") & (table.snapshot == 2)]
    spot = rows.underlyingPrice.iloc[0]
    judged = judge(YAHOO.chain(rows, spot=spot, rate=0.036, at=time(10, 10)), SETTINGS)
    dead = rules(judged)["A contract is on the scale of its underlying"]
    assert dead > 400
    last = pd.to_datetime(rows.set_index("contractSymbol").lastTradeDate)
    gone = last[~last.index.isin(judged.chain.contract)]
    assert (gone < "2024-06-10").mean() > 0.97, "last traded before the split of 2024-06-10"


def test_the_shared_folder_is_where_it_is_said_to_be() -> None:
    from tests.foundation.quant.options import chains

    assert chains.SHARED.parts[-2:] == ("shared", "data")
    assert (Path(chains.__file__).parents[4] / "pyproject.toml").is_file()
