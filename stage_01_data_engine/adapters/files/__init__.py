"""Sources that are files of the user's own: bars by symbol, tables by layout, events."""
