"""Dense search: FAISS over the passages' unit vectors, derived from the store.

The index is exact: inner products with every vector. An instance never changes; a change to
the articles gives a new one, so that a question in flight keeps searching what it began with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.values import ScoredPassage

_FILE = "vectors.faiss"


class VectorIndex:
    """Passage ids and their vectors, searchable; use `build` or `load`."""

    def __init__(self, index: Any) -> None:  # faiss.IndexIDMap2; its stubs know only the base
        self._index = index

    @classmethod
    def build(cls, ids: Sequence[int], vectors: FloatArray) -> VectorIndex:
        """Make an index of `ids` and their vectors, `(len(ids), dimension)` of norm 1."""
        import faiss

        index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        if len(ids):
            index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> VectorIndex:
        """Read what `save` wrote.

        Raises:
            IndexDamaged: the file is not a FAISS index.

        """
        import faiss

        content = np.frombuffer((folder / _FILE).read_bytes(), dtype=np.uint8)
        try:
            return cls(faiss.deserialize_index(content))
        except RuntimeError as error:
            raise IndexDamaged(f"{folder / _FILE} is not a FAISS index: {error}") from error

    def save(self, folder: Path) -> None:
        """Write the index into a folder.

        The bytes are written from Python: `faiss.write_index` raises nothing on a full disk.
        """
        import faiss

        (folder / _FILE).write_bytes(faiss.serialize_index(self._index).tobytes())

    def updated(
        self, removed: Collection[int], ids: Sequence[int], vectors: FloatArray
    ) -> VectorIndex:
        """Return a new index without `removed` and with further ids and vectors."""
        import faiss

        index: Any = faiss.clone_index(self._index)
        if removed:
            index.remove_ids(np.asarray(sorted(removed), dtype=np.int64))
        if len(ids):
            index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
        return VectorIndex(index)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The passage ids, in the order of their rows."""
        import faiss

        ids: NDArray[np.int64] = faiss.vector_to_array(self._index.id_map)
        return ids

    def search(
        self, queries: FloatArray, limit: int, *, allowed: Sequence[int] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return for each query `(n, dimension)` its best passages, best first.

        The score is the inner product: the cosine, in -1..1. `allowed` restricts the search to
        these passage ids.
        """
        import faiss

        if queries.shape[1] != self._index.d:  # FAISS would raise an empty AssertionError
            raise ValueError(
                f"queries have {queries.shape[1]} dimensions, the index {self._index.d}"
            )
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        scores, ids = self._index.search(np.ascontiguousarray(queries), limit, params=parameters)
        return [
            [ScoredPassage(int(i), float(s)) for i, s in zip(*row, strict=True) if i >= 0]
            for row in zip(ids, scores, strict=True)
        ]
