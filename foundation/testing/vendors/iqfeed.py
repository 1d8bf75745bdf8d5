"""DTN IQFeed, protocol 6.2, as far as the client uses it: lookup (TCP 9100) and level 1 (5009).

The formats follow the vendor's documentation (Historical Data via TCP/IP, Streaming Data via
TCP/IP) and the messages that public clients record. Answers end in ``!ENDMSG!`` and carry the
request's id; daily bars are adjusted for all splits of today and written with four decimals;
the fundamental message names a symbol's last two splits, as factors with two decimals.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction

import numpy as np

from foundation.testing.vendors.line_server import LineEmulator
from foundation.testing.vendors.market import Split, VendorMarket
from foundation.testing.vendors.server import Fault, Reply, Request

PROTOCOL = "6.2"
END = "!ENDMSG!"
FUNDAMENTALS = (
    "Symbol", "Exchange ID", "PE", "Average Volume", "52 Week High", "52 Week Low",
    "Dividend Yield", "Dividend Amount", "Pay Date", "Ex-dividend Date", "Company Name",
    "Common Shares Outstanding", "Split Factor 1", "Split Factor 2", "Precision",
    "Security Type", "Listed Market",
)  # fmt: skip
UPDATES = (
    "Symbol", "Most Recent Trade", "Most Recent Trade Size", "Most Recent Trade Time",
    "Most Recent Trade Market Center", "Total Volume", "Bid", "Bid Size", "Ask", "Ask Size",
    "Open", "High", "Low", "Close", "Message Contents", "Most Recent Trade Conditions",
)  # fmt: skip


def in_cents(values: np.ndarray) -> np.ndarray:
    """Return bars with prices in whole cents, as this exchange quotes them."""
    rounded = values.copy()
    rounded[:, :4] = np.round(values[:, :4], 2)
    return rounded


class IqfeedLookup(LineEmulator):
    """The lookup port: HDX, HDT (daily bars), HIX, HIT (interval bars).

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    packet : int
        Bytes a packet.
    """

    def __init__(self, market: VendorMarket, *faults: Fault, packet: int = 61) -> None:
        super().__init__(*faults, packet=packet)
        self.market = market

    def reply(self, request: Request) -> Reply:
        command, *fields = request.path.split(",")
        if request.path == f"S,SET PROTOCOL,{PROTOCOL}":
            return Reply(f"S,CURRENT PROTOCOL,{PROTOCOL}\r\n")
        known = {"HDX": 5, "HDT": 7, "HIX": 8, "HIT": 12}
        if command not in known:
            return Reply("E,!SYNTAX_ERROR!,\r\n")
        fields += [""] * (known[command] - len(fields))
        identity = fields[{"HDX": 3, "HDT": 5, "HIX": 4, "HIT": 8}[command]]
        prefix = f"{identity}," if identity else ""
        rows = self._rows(command, fields)
        if isinstance(rows, str):
            return Reply(f"{prefix}E,{rows}\r\n{prefix}{END},\r\n")
        told = [f"{prefix}LH,{row}," for row in rows]
        return Reply("\r\n".join([*told, f"{prefix}{END},", ""]))

    def _rows(self, command: str, fields: list[str]) -> list[str] | str:
        symbol = fields[0]
        if symbol not in self.market.bars:
            return "Invalid symbol.,"
        if command in ("HDX", "HDT"):
            rows = self._daily(symbol)
            limit = fields[1] if command == "HDX" else fields[3]
            if command == "HDT":
                rows = [r for r in rows if _inside(r[:10].replace("-", ""), fields[1], fields[2])]
            ascending = fields[2 if command == "HDX" else 4] == "1"
        else:
            seconds = int(fields[1])
            rows = self._interval(symbol, seconds, begins=fields[7 if command == "HIX" else 11])
            limit = fields[2] if command == "HIX" else fields[4]
            if command == "HIT":
                rows = [r for r in rows if _inside(_moment(r), fields[2], fields[3])]
            ascending = fields[3 if command == "HIX" else 7] == "1"
        newest = rows[::-1][: int(limit) if limit else None]
        if not newest:
            return "!NO_DATA!,,"
        return newest[::-1] if ascending else newest

    def _daily(self, symbol: str) -> list[str]:
        market = self.market
        values = in_cents(market.bars[symbol])
        rows = []
        for day, (opened, high, low, close, volume) in zip(
            market.sessions, values.tolist(), strict=True
        ):
            split = 1.0
            for later in market.splits:
                if later.symbol == symbol and later.day > day:
                    split *= later.after / later.before
            cells = [f"{price / split:.4f}" for price in (high, low, opened, close)]
            rows.append(f"{day.isoformat()},{','.join(cells)},{volume * split:.0f},0")
        return rows

    def _interval(self, symbol: str, seconds: int, begins: str) -> list[str]:
        """Return bars of the last two sessions, labelled by their end (or their begin)."""
        rows = []
        values = in_cents(self.market.bars[symbol])
        for day, (opened, high, low, close, volume) in list(
            zip(self.market.sessions, values.tolist(), strict=True)
        )[-2:]:
            count = 23_400 // seconds
            for at in range(count):
                begun = datetime.combine(day, time(9, 30)) + timedelta(seconds=seconds * at)
                label = begun if begins == "1" else begun + timedelta(seconds=seconds)
                first = opened + (close - opened) * at / count
                last = opened + (close - opened) * (at + 1) / count
                top = high if at == count // 2 else max(first, last)
                bottom = low if at == count // 3 else min(first, last)
                total = int(volume * (at + 1) / count)
                cells = [f"{price:.4f}" for price in (top, bottom, first, last)]
                rows.append(
                    f"{label:%Y-%m-%d %H:%M:%S},{','.join(cells)},{total},{int(volume / count)},7"
                )
        return rows


class IqfeedLevelOne(LineEmulator):
    """The level 1 port: watches, fundamental, summary and update messages.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    ticks : int
        Update messages that follow a watch.
    server_connected : bool
        Whether the feed behind the client program is there.
    """

    def __init__(
        self,
        market: VendorMarket,
        *faults: Fault,
        ticks: int = 0,
        server_connected: bool = True,
        packet: int = 61,
    ) -> None:
        super().__init__(*faults, packet=packet)
        self.market, self.ticks, self.server_connected = market, ticks, server_connected

    def welcome(self) -> str:
        state = "CONNECTED" if self.server_connected else "DISCONNECTED"
        return (
            "S,KEY,36162\r\n"
            f"S,SERVER {state}\r\n"
            "S,IP,66.112.148.112 60002\r\n"
            "S,CUST,real_time,66.112.148.112,60002,xxxxx,6.2.0.25,0, RT_TRADER ,,500,QT_API,,\r\n"
        )

    def reply(self, request: Request) -> Reply:
        line = request.path
        if line == f"S,SET PROTOCOL,{PROTOCOL}":
            return Reply(f"S,CURRENT PROTOCOL,{PROTOCOL}\r\n")
        if line == "S,REQUEST FUNDAMENTAL FIELDNAMES":
            return Reply(f"S,FUNDAMENTAL FIELDNAMES,{','.join(FUNDAMENTALS)},\r\n")
        if line.startswith("S,SELECT UPDATE FIELDS,"):
            names = ["Symbol", *[n for n in line.split(",")[2:] if n and n != "Symbol"]]
            if set(names) - set(UPDATES):
                return Reply("E,!SYNTAX_ERROR!,\r\n")
            self.selected = names
            return Reply(f"S,CURRENT UPDATE FIELDNAMES,{','.join(names)},\r\n")
        if line == "S,TIMESTAMPSON":
            return Reply("T,20190102 09:31:00\r\n")
        if line[:1] in ("w", "t"):
            return Reply(self._watched(line[1:]))
        if line[:1] == "r":
            return Reply("")
        return Reply("E,!SYNTAX_ERROR!,\r\n")

    selected: list[str] = list(UPDATES)  # noqa: RUF012  (replaced, never changed)

    def _watched(self, symbol: str) -> str:
        if symbol not in self.market.bars:
            return f"n,{symbol}\r\n"
        lines = [f"F,{self._fundamental(symbol)}", f"P,{self._update(symbol, 0)}"]
        lines += [f"Q,{self._update(symbol, tick)}" for tick in range(1, self.ticks + 1)]
        return "\r\n".join([*lines, ""])

    def _fundamental(self, symbol: str) -> str:
        splits = sorted((s for s in self.market.splits if s.symbol == symbol), key=_day)[::-1]
        told = {
            "Symbol": symbol,
            "Exchange ID": "5",
            "Company Name": f"EXAMPLE {symbol} INC",
            "Precision": "4",
            "Security Type": "1",
        }
        for at, split in enumerate(splits[:2], start=1):
            factor = float(Fraction(split.before) / Fraction(split.after))
            told[f"Split Factor {at}"] = f"{factor:.2f} {split.day:%m/%d/%Y}"
        return ",".join(told.get(name, "") for name in FUNDAMENTALS) + ","

    def _update(self, symbol: str, tick: int) -> str:
        opened, high, low, close, volume = in_cents(self.market.bars[symbol])[-1].tolist()
        last = round(close + 0.01 * tick, 2)
        told = {
            "Symbol": symbol,
            "Most Recent Trade": f"{last:.4f}",
            "Most Recent Trade Size": "100",
            "Most Recent Trade Time": f"09:31:{tick:02d}.000250",
            "Most Recent Trade Market Center": "26",
            "Total Volume": f"{volume + 100 * tick:.0f}",
            "Bid": f"{last - 0.01:.4f}",
            "Bid Size": "300",
            "Ask": f"{last + 0.01:.4f}",
            "Ask Size": "200",
            "Open": f"{opened:.4f}",
            "High": f"{high:.4f}",
            "Low": f"{low:.4f}",
            "Close": f"{close:.4f}",
            "Message Contents": "Cba",
            "Most Recent Trade Conditions": "01",
        }
        return ",".join(told[name] for name in self.selected) + ","


def _day(split: Split) -> date:
    return split.day


def _inside(stamp: str, begin: str, end: str) -> bool:
    return (not begin or stamp >= begin) and (not end or stamp <= end)


def _moment(row: str) -> str:
    """Return the label of an interval bar as requests write it."""
    return row[:19].replace("-", "").replace(":", "")
