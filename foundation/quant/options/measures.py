"""What one chain says: activity, positioning, volatilities and the Greeks of all that is held."""

from __future__ import annotations

import numpy as np

from foundation.quant.options.black_scholes import greeks
from foundation.quant.options.chain import CONTRACT_SIZE, OptionChain
from foundation.quant.options.positioning import MILLION, GammaProfile, max_pain
from foundation.quant.options.settings import OptionSettings
from foundation.quant.options.surface import Surface


def activity(chain: OptionChain, settings: OptionSettings) -> dict[str, float]:
    """Return what was traded and what is held.

    ==================== ======================================================================
    option_volume        contracts traded
    open_interest        contracts open, as published before the session
    volume_oi_ratio      the first over the second
    unusual_volume_share share of the volume in contracts that traded at least 100 times and twice
                         their open interest
    near_volume_share    share of the volume in contracts within 30 days of expiry
    strike_concentration sum of squared shares of the open interest by strike (Herfindahl), 0 to 1
    pcr_volume           volume of puts over that of calls (put-call ratio)
    pcr_open_interest    the same of open interest
    pcr_dollar           the same of volume times price
    pcr_near_volume      the same of volume within 30 days of expiry
    ==================== ======================================================================

    NaN where the denominator is zero or the chain is empty. A contract without volume or open
    interest counts nothing.
    """
    volume, held = np.nan_to_num(chain.volume), np.nan_to_num(chain.open_interest)
    near = chain.years <= settings.near_days / 365
    unusual = (volume >= settings.unusual_volume) & (volume >= settings.unusual_ratio * held)
    money = volume * np.nan_to_num(chain.price)
    _, at = np.unique(chain.strike, return_inverse=True)
    shares = np.bincount(at, held) if len(at) else np.zeros(0)
    return {
        "option_volume": float(volume.sum()) if len(chain) else float("nan"),
        "open_interest": float(held.sum()) if held.any() else float("nan"),
        "volume_oi_ratio": quotient(volume.sum(), held.sum()),
        "unusual_volume_share": quotient(volume[unusual].sum(), volume.sum()),
        "near_volume_share": quotient(volume[near].sum(), volume.sum()),
        "strike_concentration": quotient(float(shares @ shares), held.sum() ** 2),
        "pcr_volume": _put_call(volume, chain.call),
        "pcr_open_interest": _put_call(held, chain.call),
        "pcr_dollar": _put_call(money, chain.call),
        "pcr_near_volume": _put_call(volume * near, chain.call),
    }


def positioning(
    chain: OptionChain, made: Surface, profile: GammaProfile, settings: OptionSettings
) -> dict[str, float]:
    """Return where open interest sits against the spot.

    ================ ==========================================================================
    max_pain_gap     max pain / spot - 1 of the main expiry: that with the most open interest within
                     30 days
    max_pain_gap_all the same over all expiries
    gamma_exposure   millions of dollars a 1% move makes hedgers trade, calls less puts
    gamma_balance    that over calls plus puts, -1 to 1
    gamma_flip_gap   spot at which it changes sign / spot - 1; NaN where it does not within 20%
    call_wall_gap    strike of the largest call gamma exposure / spot - 1
    put_wall_gap     strike of the largest put gamma exposure / spot - 1
    pin_pressure     ``w exp(-(g / s)^2 / 2)``: w the main expiry's share of open interest, g the
                     log of max pain over spot, s its at-the-money standard deviation to expiry;
                     0 to 1
    ================ ==========================================================================
    """
    main = _main_expiry(chain, made, settings)
    pain = share = deviation = float("nan")
    if main >= 0:
        expiry = made.expiries[main]
        rows = expiry.rows
        pain = max_pain(chain.strike[rows], chain.call[rows], chain.open_interest[rows])
        share = quotient(np.nansum(chain.open_interest[rows]), np.nansum(chain.open_interest))
        deviation = expiry.atm * np.sqrt(expiry.years)
    whole = max_pain(chain.strike, chain.call, chain.open_interest)
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = share * np.exp(-((np.log(pain / chain.spot) / deviation) ** 2) / 2)
    return {
        "max_pain_gap": pain / chain.spot - 1,
        "max_pain_gap_all": whole / chain.spot - 1,
        "gamma_exposure": profile.net if len(profile.strikes) else float("nan"),
        "gamma_balance": quotient(profile.net, profile.gross),
        "gamma_flip_gap": profile.flip / chain.spot - 1,
        "call_wall_gap": profile.call_wall / chain.spot - 1,
        "put_wall_gap": profile.put_wall / chain.spot - 1,
        "pin_pressure": float(pull),
    }


def volatilities(made: Surface, realised: float) -> dict[str, float]:
    """Return levels, skew and term structure of implied volatility.

    ======================== ==================================================================
    atm_volatility_30, _90   at the money at 30 and 90 days, total variance interpolated in time
    volatility_premium       the first less realised volatility of 20 sessions
    skew_25_delta_30         volatility of the 25-delta put less that of the 25-delta call, 30 days
    butterfly_25_delta_30    mean of those two less that at the money
    put_skew_10_30           volatility at a strike 10% below the forward less that at the money
    term_slope_30_90         90 days less 30 days
    forward_volatility_30_90 root of the variance between 30 and 90 days per year; NaN where it is
                             negative (calendar arbitrage in the quotes)
    front_ratio              first expiry of at least one day over 30 days
    implied_move             0.798 sigma root T of that first expiry: the at-the-money straddle as a
                             share of the forward (Brenner & Subrahmanyam, 1988)
    ======================== ==================================================================
    """
    month, quarter = made.atm(30), made.atm(90)
    put, call = made.of_delta(-0.25, 30), made.of_delta(0.25, 30)
    between = (quarter**2 * 90 - month**2 * 30) / 60
    front = next((e for e in made.expiries if e.years >= 1 / 365 and np.isfinite(e.atm)), None)
    return {
        "atm_volatility_30": month,
        "atm_volatility_90": quarter,
        "volatility_premium": month - realised,
        "skew_25_delta_30": put - call,
        "butterfly_25_delta_30": (put + call) / 2 - month,
        "put_skew_10_30": made.of_money(float(np.log(0.9)), 30) - month,
        "term_slope_30_90": quarter - month,
        "forward_volatility_30_90": float(np.sqrt(between)) if between >= 0 else float("nan"),
        "front_ratio": front.atm / month if front else float("nan"),
        "implied_move": (
            float(np.sqrt(2 / np.pi)) * front.atm * float(np.sqrt(front.years))
            if front
            else float("nan")
        ),
    }


def exposures(chain: OptionChain, made: Surface) -> dict[str, float]:
    """Return the Greeks of all that is held.

    =============== ===========================================================================
    delta_balance   sum of delta x open interest over sum of |delta| x open interest, -1 to 1
    vega_exposure   millions of dollars per point of volatility, all contracts held long
    theta_exposure  millions of dollars a day, all contracts held long
    vanna_exposure  millions of dollars of delta per point of volatility, calls less puts, as in the
                    sign convention of gamma exposure
    =============== ===========================================================================

    NaN where no contract with open interest has a volatility.
    """
    held = (chain.open_interest > 0) & np.isfinite(made.volatility) & (chain.years > 0)
    if not held.any():
        return dict.fromkeys(
            ("delta_balance", "vega_exposure", "theta_exposure", "vanna_exposure"), float("nan")
        )
    one = chain.only(held)
    of = greeks(
        chain.spot,
        made.forward[held],
        one.strike,
        one.years,
        one.rate,
        made.volatility[held],
        one.call,
    )
    shares = one.open_interest * CONTRACT_SIZE
    sign = np.where(one.call, 1.0, -1.0)
    return {
        "delta_balance": quotient(float(of.delta @ shares), float(np.abs(of.delta) @ shares)),
        "vega_exposure": float(of.vega @ shares) * 0.01 / MILLION,
        "theta_exposure": float(of.theta @ shares) / 365 / MILLION,
        "vanna_exposure": float((sign * of.vanna) @ shares) * chain.spot * 0.01 / MILLION,
    }


def _main_expiry(chain: OptionChain, made: Surface, settings: OptionSettings) -> int:
    """Return the position of the near expiry with the most open interest, -1 for none."""
    held = [
        float(np.nansum(chain.open_interest[e.rows]))
        if e.years <= settings.near_days / 365
        else 0.0
        for e in made.expiries
    ]
    return int(np.argmax(held)) if held and max(held) > 0 else -1


def _put_call(amount: np.ndarray, call: np.ndarray) -> float:
    return quotient(float(amount[~call].sum()), float(amount[call].sum()))


def quotient(top: float, bottom: float) -> float:
    """Return ``top / bottom``; NaN where the bottom is not positive."""
    return float(top / bottom) if bottom > 0 else float("nan")
