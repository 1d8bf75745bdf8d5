"""A bank of twins as one frozen value: everything that decides its weights, and nothing else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class TwinSizes(Part):
    """Widths of the parts of a twin.

    Attributes
    ----------
    embedding : int
        Of the market model's embedding.
    inputs : int
        The market model's observed inputs of the last session: what the embedding has dropped is
        still seen here.
    adapter : int
        Rank of the low-rank adapter.
    stock, regime : int
        Widths of the stock's own embedding and of a regime's.
    detector : tuple of int
        Hidden widths of the regime detector.
    correction : tuple of int
        Widths of the correction layers; heads stand on the last.
    head : int
        Hidden width of the heads of return, hit and volatility.
    options : int, optional
        Option features (40); None where no options are looked at.
    options_hidden : tuple of int
        Widths of the options encoder.
    """

    embedding: int = Field(default=128, ge=1)
    inputs: int = Field(default=27, ge=0)
    adapter: int = Field(default=16, ge=1)
    stock: int = Field(default=64, ge=1)
    regime: int = Field(default=32, ge=1)
    detector: tuple[int, int] = (64, 32)
    correction: tuple[int, int] = (128, 64)
    head: int = Field(default=32, ge=1)
    options: int | None = Field(default=None, ge=1)
    options_hidden: tuple[int, int] = (64, 32)


class TwinWeights(Part):
    """Weights of the losses: squared return, hit or miss, squared volatility, pinball; regime."""

    returns: float = Field(default=0.3, ge=0)
    hit: float = Field(default=0.4, ge=0)
    volatility: float = Field(default=0.2, ge=0)
    quantiles: float = Field(default=0.1, ge=0)
    regime: float = Field(default=0.1, ge=0)


class TwinRecipe(Part):
    """Everything that decides the training of a bank.

    Attributes
    ----------
    sessions : int
        Sessions of a stock's past that it learns from: six months.
    held_back : int
        The last of them, on which training is stopped and nothing is learnt: one month.
    horizon : int
        Sessions between the last learnt and the first held back, so that no label reaches over.
    batch : int
        Sessions per step, about: an epoch is cut into batches of one size.
    epochs, patience : int
        Passes at most, and without a better loss on what is held back.
    learning_rate, stock_rate : float
        Adam's, for the weights and for the stock's own embedding.
    decay : float
        Weight decay, decoupled (AdamW), towards the untrained twin's zero correction.
    clip : float
        Largest gradient norm of a twin.
    dropout : tuple of float
        Detector; after the first and the second correction layer; heads.
    threads : int
        Groups of twins that learn side by side. It changes no number.
    """

    name: str = "twins"
    sizes: TwinSizes = TwinSizes()
    weights: TwinWeights = TwinWeights()
    sessions: int = Field(default=126, ge=10)
    held_back: int = Field(default=21, ge=1)
    horizon: int = Field(default=5, ge=1)
    batch: int = Field(default=32, ge=1)
    epochs: int = Field(default=20, ge=1)
    patience: int = Field(default=5, ge=1)
    learning_rate: float = Field(default=5e-3, gt=0)
    stock_rate: float = Field(default=1e-2, gt=0)
    decay: float = Field(default=1e-4, ge=0)
    clip: float = Field(default=1.0, gt=0)
    dropout: tuple[float, float, float, float] = (0.2, 0.2, 0.1, 0.1)
    threads: int = Field(default=2, ge=1)
    seed: int = 20181228
