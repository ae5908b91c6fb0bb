"""Noise that a model is trained with, so that it learns what holds beyond its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from index.errors import ModelError
from qa.reader import special_tokens
from qa.training.batches import Batch

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class WindowDropout(torch.nn.Module):
    """Dropout of features `(windows, length, features)`, each for a whole window at once.

    Variational dropout (Gal and Ghahramani 2016). It needs `length` times fewer random numbers
    than a choice for each word piece, which halves the speed of training on a CPU.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share  # of the features

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the features without those dropped, the others scaled to the same mean."""
        if not self.training:
            return features
        kept = 1.0 - self._share
        mask = torch.empty_like(features[:, :1]).bernoulli_(kept)
        return features * (mask / kept)


def add_dropout(model: Any, share: float) -> None:
    """Drop that share of the features wherever a BERT model has a dropout of hidden features."""
    bert = model.base_model
    bert.embeddings.dropout = WindowDropout(share)
    for layer in bert.encoder.layer:
        layer.attention.output.dropout = WindowDropout(share)
        layer.output.dropout = WindowDropout(share)


def mask_pieces(batch: Batch, share: float, tokenizer: Tokenizer, seed: Sequence[int]) -> Batch:
    """Return a batch with a share of its word pieces, special ones excepted, replaced by [MASK].

    Word dropout (Iyyer et al. 2015).

    Raises:
        ModelError: the tokenizer has no [MASK].

    """
    mask = tokenizer.token_to_id("[MASK]")
    if mask is None:
        raise ModelError("the reader's tokenizer lacks [MASK]; expected a BERT one")
    chosen = np.random.default_rng(seed).random(batch.ids.shape) < share
    chosen &= ~np.isin(batch.ids, special_tokens(tokenizer))
    return replace(batch, ids=np.where(chosen, mask, batch.ids))
