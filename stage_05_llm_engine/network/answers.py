"""How answers on the tape begin: as a series and a level, not as strangers to one another.

An answer is a token of its own per series ("momentum: high" and "volume: high" are two tokens), so
that a model need not bind words to series. The price: what is learnt of one series tells nothing
of another, and a series that few symbols report is learnt from few answers. But "high" stands to
"very high" in one series as it does in the next. So an answer's embedding begins as the sum of its
series' question, of a level that all series share, and of a little of its own; the same in the
output layer. From there on training moves each as it likes.
"""

from __future__ import annotations

from typing import Any

from foundation.contracts import TapeCodes

OWN = 0.3
"""What an answer has of its own, beside a series and a level of size one each."""


def begin_as_series_and_level(model: Any, codes: TapeCodes) -> None:
    """Set the answers' rows of a new model's embeddings and output layer.

    Rows keep the size they were drawn with.

    Parameters
    ----------
    model : GptOssForCausalLM
    codes : TapeCodes
        Of a vocabulary with one token for each mark.
    """
    import torch

    size = (2 + OWN**2) ** 0.5
    with torch.no_grad():
        for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
            rows = layer.weight
            levels = torch.stack([rows[one[0]] for one in codes.outcomes[0]]).clone()
            for question, outcomes in zip(codes.series, codes.outcomes, strict=True):
                for level, one in zip(levels, outcomes, strict=True):
                    own = OWN * torch.randn_like(level) * model.config.initializer_range
                    rows[one[0]] = (rows[question[0]] + level + own) / size
