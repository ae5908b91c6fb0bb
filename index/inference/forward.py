"""A forward pass: a padded batch of token ids → named arrays; and how torch does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.arithmetic import forward_pass
from index.inference.runtime import Runtime

if TYPE_CHECKING:
    import torch

FloatArray = NDArray[np.float32]
IdArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Inputs:
    """A batch as BERT takes it; each array is `(n, length)`."""

    input_ids: IdArray
    attention_mask: IdArray  # 1 for a token, 0 for padding
    token_type_ids: IdArray  # 1 for a token of the second text

    @classmethod
    def padded(
        cls, rows: Sequence[Sequence[int]], *, pad: int, second: Sequence[int] | None = None
    ) -> Inputs:
        """Return token ids as a batch as long as the longest row.

        Args:
            rows: the ids of each row, special ones included.
            pad: the id to fill up with.
            second: where in each row the second text begins, if there is one.

        """
        shape = len(rows), max(map(len, rows))
        ids = np.full(shape, pad, dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
            if second is not None:
                types[number, second[number] : len(row)] = 1
        return cls(ids, mask, types)

    def named(self) -> dict[str, IdArray]:
        """Return the arrays by the names that models know them by."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Forward(Protocol):
    """What runs a model; may be called from several threads, which wait for each other."""

    @property
    def runtime(self) -> Runtime:
        """What it runs on."""

    def __call__(self, inputs: Inputs) -> Mapping[str, FloatArray]:
        """Return the model's outputs by name, the first axis of each the rows of the batch."""


class TorchForward:
    """The forward pass of a Hugging Face model, on the device that the model is on."""

    runtime = Runtime.TORCH

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    def __call__(self, inputs: Inputs) -> dict[str, FloatArray]:
        """See `Forward`."""
        import torch

        device = next(self._module.parameters()).device
        batch = {name: torch.from_numpy(array).to(device) for name, array in inputs.named().items()}
        with forward_pass():
            outputs = self._module(**batch)
        return {name: tensor.float().cpu().numpy() for name, tensor in outputs.items()}
