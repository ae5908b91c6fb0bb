"""Text → unit vectors without sentence_transformers, for encoders laid out as all-MiniLM-L6-v2.

That is: a BERT, the mean of its tokens' vectors, and no prompts. OpenVINO runs the BERT; what
comes out is compared with sentence_transformers, from the text to the vector, when its graph is
made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.embedder import BATCH, FloatArray, SentenceTransformerEmbedder, model_fingerprint
from index.inference.forward import Forward, Inputs
from index.inference.graphs import Source, load_graph

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LAYOUT = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
_ALIKE = 0.999  # cosine from which two vectors of a text are the same
_COMPARED = (  # texts of all kinds and lengths
    "When did it open?",
    "The Suez Canal reopened in June 1975, eight years after the war had closed it.",
    "Ünïcode — naïve café, 東京, 3,5 % \u0301 😀 and\ttabs",
    "",
    "A sentence that is repeated until no encoder reads it to its end. " * 60,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a folder says of its encoder."""

    longest: int  # word pieces of a text that are read, with the two special ones
    dimension: int  # of a vector


class MeanPoolingEmbedder:
    """An `Embedder` over a forward pass and a tokenizer; use `load`."""

    def __init__(
        self, name: str, fingerprint: str, layout: Layout, tokenizer: Tokenizer, forward: Forward
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = layout.dimension
        self.runtime = forward.runtime
        self._longest = layout.longest
        self._tokenizer = tokenizer
        self._first, self._last = tokenizer.encode("").ids  # [CLS] [SEP]
        self._forward = forward

    @classmethod
    def load(cls, name: str, folder: Path) -> MeanPoolingEmbedder | None:
        """Load the model of a folder; None if it is laid out otherwise or OpenVINO cannot run it.

        Raises:
            ModelError: the folder holds no sentence-transformers model in safetensors.

        """
        layout = read_layout(folder)
        tokenizer = _tokenizer(folder)
        if layout is None or tokenizer is None:
            return None
        fingerprint = model_fingerprint(folder)

        def source() -> Source:
            torch = SentenceTransformerEmbedder.load(name)
            expected = torch.encode_passages(_COMPARED)

            def differs(forward: Forward) -> str:
                found = cls(name, fingerprint, layout, tokenizer, forward)
                cosines = (found.encode_passages(_COMPARED) * expected).sum(axis=1)
                if float(cosines.min()) >= _ALIKE:
                    return ""
                return f"openvino's vectors have a cosine of {cosines.min():.4f} with torch's"

            return Source(torch.module, differs)

        forward = load_graph("encoder", fingerprint, source)
        return None if forward is None else cls(name, fingerprint, layout, tokenizer, forward)

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """See `Embedder.encode_passages`."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)  # (n, dimension)
        ids = [self._tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]), reverse=True)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            rows[batch] = self._vectors([ids[i] for i in batch])
            if progress is not None:
                progress(first + len(batch))
        return rows

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """See `Embedder.encode_questions`."""
        return self.encode_passages(texts)

    def _vectors(self, batch: Sequence[Sequence[int]]) -> FloatArray:
        """Return the unit vectors `(len(batch), dimension)` of word pieces."""
        rows = [[self._first, *ids[: self._longest - 2], self._last] for ids in batch]
        inputs = Inputs.padded(rows, pad=0)
        hidden = self._forward(inputs)["last_hidden_state"]  # (n, length, dimension)
        weights = inputs.attention_mask[:, None, :].astype(np.float32)  # (n, 1, length)
        sums: FloatArray = (weights @ hidden)[:, 0]  # they point where the means do
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        unit: FloatArray = sums / np.maximum(norms, np.finfo(np.float32).tiny)
        return unit


def read_layout(folder: Path) -> Layout | None:
    """Return what the folder says of its encoder; None if it is laid out otherwise."""
    try:
        modules = _json(folder / "modules.json")
        settings = _json(folder / "sentence_bert_config.json")
        config = _json(folder / "config.json")
        ours = (
            [module["type"].rpartition(".")[2] for module in modules] in _LAYOUT
            and all(module["type"].startswith("sentence_transformers.") for module in modules)
            and modules[0]["path"] == ""
            and _is_mean(_json(folder / modules[1]["path"] / "config.json"))
            and not any(
                _json(folder / "config_sentence_transformers.json").get("prompts", {}).values()
            )
            and not settings.get("do_lower_case")
            and config["model_type"] == "bert"
        )
        longest = settings.get("max_seq_length")
        if longest is None:
            longest = _json(folder / "tokenizer_config.json")["model_max_length"]
        if ours:
            longest = min(int(longest), int(config["max_position_embeddings"]))
            return Layout(longest, int(config["hidden_size"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass  # sentence_transformers says what is wrong
    return None


def _is_mean(pooling: dict[str, Any]) -> bool:
    """Say whether a pooling configuration, of an old or a new form, asks for the mean."""
    if "pooling_mode" in pooling:
        return bool(pooling["pooling_mode"] == "mean")
    modes = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on}
    return modes == {"pooling_mode_mean_tokens"}


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _tokenizer(folder: Path) -> Tokenizer | None:
    """Return the tokenizer, which neither cuts nor pads; None unless it adds [CLS] and [SEP]."""
    from tokenizers import Tokenizer

    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # the library raises nothing narrower; sentence_transformers says what it is
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer if len(tokenizer.encode("").ids) == 2 else None
