"""Dense search: FAISS over the passages' unit vectors, derived from the store.

Up to `EXACT` passages the index is exact: inner products with every vector. Beyond, it is an
inverted file (IVF): each vector lies, in 8 bits a dimension, in the list of its nearest of some
2·√n centroids, and a query looks into a share of the lists, the nearest. An instance never
changes; a change to the articles gives a new one, so that a question in flight keeps searching
what it began with.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.values import ScoredPassage

EXACT = 100_000  # passages; comparing with all of them takes as long as the lexical search
_PROBED = 1 / 8  # of the lists, but not fewer than `_FEWEST`; tests/benchmarks/growth.py has recall
_FEWEST = 128
_TRAINED = 50  # vectors a centroid is the mean of; more gain nothing that was measurable
_GROWTH = 2  # times the vectors it was made for are too many for an index's centroids
_FILE = "vectors.faiss"


class VectorIndex:
    """Passage ids and their vectors, searchable; use `build` or `load`."""

    def __init__(self, index: Any) -> None:  # IndexIDMap2 or IndexIVF; the stubs know the base
        self._index = index

    @classmethod
    def build(cls, ids: Sequence[int], vectors: FloatArray) -> VectorIndex:
        """Make an index of `ids` and their vectors, `(len(ids), dimension)` of norm 1."""
        import faiss

        dimension = vectors.shape[1]
        index: Any
        if len(ids) <= EXACT:
            index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        else:
            index = _inverted_file(vectors)
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

        (folder / _FILE).write_bytes(faiss.serialize_index(self._index).data)

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
    def approximate(self) -> bool:
        """Whether a search may miss a passage."""
        return not hasattr(self._index, "id_map")

    def suits(self, count: int) -> bool:
        """Say whether an index brought up to date to `count` passages is as good as a new one."""
        if not self.approximate:
            return count <= EXACT
        return bool(EXACT < count <= _GROWTH * (self._index.nlist / 2) ** 2)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The passage ids, increasing."""
        import faiss

        if not self.approximate:
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists = self._index.invlists
        sizes = (lists.list_size(number) for number in range(lists.nlist))
        found = [
            faiss.rev_swig_ptr(lists.get_ids(number), size).copy()
            for number, size in enumerate(sizes)
            if size
        ]
        return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *found]))

    def search(
        self, queries: FloatArray, limit: int, *, allowed: Sequence[int] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return for each query `(n, dimension)` its best passages, best first.

        The score is the inner product: the cosine, in -1..1; an approximate index is off by some
        thousandths. `allowed` restricts the search to these passage ids, and looks into all lists.
        """
        import faiss

        if queries.shape[1] != self._index.d:  # FAISS would raise an empty AssertionError
            raise ValueError(
                f"queries have {queries.shape[1]} dimensions, the index {self._index.d}"
            )
        parameters: Any = None  # the stubs know no keywords
        if allowed is not None:
            kind: Any = faiss.SearchParametersIVF if self.approximate else faiss.SearchParameters
            parameters = kind(sel=faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64)))
            if self.approximate:
                parameters.nprobe = self._index.nlist
        scores, ids = self._index.search(np.ascontiguousarray(queries), limit, params=parameters)
        return [
            [ScoredPassage(int(i), float(s)) for i, s in zip(*row, strict=True) if i >= 0]
            for row in zip(ids, scores, strict=True)
        ]


def _inverted_file(vectors: FloatArray) -> Any:
    """Return an empty inverted file for vectors like these, `(n, dimension)`, with n > 0.

    Sources: Sivic and Zisserman, ICCV 2003; the sizes follow FAISS's own guidelines.
    """
    import faiss

    n, dimension = vectors.shape
    lists = min(n, round(2 * math.sqrt(n)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.nprobe = min(lists, max(_FEWEST, round(lists * _PROBED)))
    index.cp.max_points_per_centroid = _TRAINED
    drawn = np.random.default_rng(0).permutation(n)[: lists * _TRAINED]
    index.train(np.ascontiguousarray(vectors[np.sort(drawn)]))
    return index
