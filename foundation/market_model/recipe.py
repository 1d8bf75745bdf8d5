"""A market model as one frozen value: everything that decides its weights, and nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from foundation.kernel import Part


class EncoderSizes(Part):
    """The temporal fusion encoder (Lim et al. 2021, Int. J. of Forecasting 37).

    Attributes
    ----------
    hidden : int
        Width of every vector between its blocks.
    heads : int
        Attention heads; they divide ``hidden``.
    lstm_layers : int
        With 0 of them and a ``context`` of 1 each session is read by itself: no memory.
    dropout : float
    """

    hidden: int = Field(default=256, ge=4)
    heads: int = Field(default=8, ge=1)
    lstm_layers: int = Field(default=2, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> EncoderSizes:
        if self.hidden % self.heads:
            raise ValueError(f"heads must divide hidden, received {self.heads} and {self.hidden}")
        return self


class GraphSizes(Part):
    """Graph attention over correlations (Velickovic et al. 2018, ICLR).

    Attributes
    ----------
    layers, heads, width : int
        ``heads`` of ``width`` each, concatenated.
    projected : int
        Width that the last layer is reduced to.
    threshold : float
        Smallest absolute correlation that makes an edge.
    window : int
        Sessions of past returns that a correlation is taken over, the present one included.
    dropout : float
        Of attention and of nodes.
    """

    layers: int = Field(default=2, ge=1)
    heads: int = Field(default=8, ge=1)
    width: int = Field(default=64, ge=1)
    projected: int = Field(default=128, ge=1)
    threshold: float = Field(default=0.3, ge=0, lt=1)
    window: int = Field(default=60, ge=20)
    dropout: float = Field(default=0.1, ge=0, lt=1)


class BackboneSizes(Part):
    """What joins series, graph and embeddings: ``joined -> middle -> embedding``."""

    sector: int = Field(default=32, ge=1)
    liquidity: int = Field(default=16, ge=1)
    market_regime: int = Field(default=16, ge=1)
    middle: int = Field(default=256, ge=1)
    embedding: int = Field(default=128, ge=1)
    dropout: tuple[float, float] = (0.15, 0.1)


class Weights(Part):
    """Weights of the losses in pre-training: squared return, hit or miss, pinball."""

    returns: float = Field(default=0.4, ge=0)
    hit: float = Field(default=0.4, ge=0)
    quantiles: float = Field(default=0.2, ge=0)


class MarketModelRecipe(Part):
    """Everything that decides a market model.

    Attributes
    ----------
    context : int
        Sessions that a forecast looks back on, its own included.
    block : int
        Sessions of one training pass that are all forecast from. The pass begins ``context``
        sessions earlier, so that the first of them has its full past.
    symbols_per_step : int, optional
        Symbols drawn for a training pass, with the graph between them; None takes all.
    passes_per_step : int
        Passes whose gradients are averaged before a step is taken. Processes share them.
    horizon : int
        Sessions ahead of labels and forecasts.
    entry : "next open" or "close"
        From where the forecast return runs.
    features, market_series : tuple of str
        Observed inputs: fields of a window's features and of its market-wide series. Those in
        ``price_units`` are divided by the close.
    epochs, patience : int
        Passes over the training sessions at most, and without a better validation loss.
    learning_rate, final_rate, weight_decay, clip : float
        AdamW's rate falls along a cosine from first to final; gradients are clipped by norm.
    precision : "float32" or "bfloat16"
    compile : bool
        Compile the encoder. Without dropout the losses are the same; with it, the compiled form
        draws other random numbers, so that a run is another draw. Compiling takes a minute or
        two on a CPU: it pays on long runs.
    checkpoint_minutes : float
        Minutes between two checkpoints that training can be resumed from.
    threads : int
        Threads of a product on a CPU. Sums are ordered by it: it belongs to the recipe.
    """

    name: str
    encoder: EncoderSizes = EncoderSizes()
    graph: GraphSizes | None = GraphSizes()
    backbone: BackboneSizes = BackboneSizes()
    weights: Weights = Weights()
    context: int = Field(default=60, ge=1)
    block: int = Field(default=64, ge=1)
    symbols_per_step: int | None = Field(default=None, ge=2)
    passes_per_step: int = Field(default=1, ge=1)
    horizon: int = Field(default=5, ge=1)
    entry: Literal["next open", "close"] = "next open"
    features: tuple[str, ...] = (
        "log_return_1",
        "log_return_5",
        "log_return_20",
        "sma_20_gap",
        "sma_50_gap",
        "sma_200_gap",
        "rsi_14",
        "macd_histogram",
        "bollinger_b",
        "bollinger_width",
        "atr_20",
        "stochastic_k",
        "adx_14",
        "mfi_14",
        "realised_volatility_20",
        "volume_ratio_20",
        "gap_open",
        "high_252_gap",
    )
    price_units: tuple[str, ...] = ("atr_20", "macd_histogram")
    market_series: tuple[str, ...] = ("vix", "wti", "credit_spread", "breadth")
    market_window: int = Field(default=252, ge=20)
    epochs: int = Field(default=100, ge=1)
    patience: int = Field(default=15, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    final_rate: float = Field(default=1e-6, ge=0)
    weight_decay: float = Field(default=1e-5, ge=0)
    clip: float = Field(default=1.0, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    checkpoint_minutes: float = Field(default=10.0, ge=0)
    threads: int = Field(default=2, ge=1)
    seed: int = 20181228

    @model_validator(mode="after")
    def _known_units(self) -> MarketModelRecipe:
        strange = set(self.price_units) - set(self.features)
        if strange:
            raise ValueError(f"price_units must be among features, received {sorted(strange)}")
        return self
