"""A comparison model: an LSTM of the whole market, and one small layer of each stock's own.

``parent`` learns the market's mean series, ``children`` are the stocks' layers behind the frozen
parent, ``transfer`` refits both along history and answers.
"""
