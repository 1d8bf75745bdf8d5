"""Sources of market data: each turns one outside place into a `RawMarket`."""
