"""Dense search: FAISS over the passages' unit vectors, derived from the store.

Up to `EXACT_UP_TO` passages the index is exact: inner products with every vector. Beyond, it is
approximate: the vectors lie in lists around centres that were learnt from a sample (IVF), each
number in eight bits (SQ8), and a search reads the `_PROBES` lists nearest to the query. A search
restricted to some passages reads every list, so it misses none of them.

An instance never changes; a change to the articles gives a new one, so that a question in
flight keeps searching what it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.values import ScoredPassage

EXACT_UP_TO = 100_000  # PLACEHOLDER
_PROBES = 128  # PLACEHOLDER
_SAMPLE = 65_536  # vectors that the centres are learnt from
_BATCH = 16_384  # vectors read at once
_FILE = "vectors.faiss"

ReadVectors = Callable[[Sequence[int]], FloatArray]  # passage ids → (n, dimension) of norm 1


class VectorIndex:
    """Passage ids and their vectors, searchable; use `build` or `load`."""

    def __init__(self, index: Any) -> None:
        """Take a faiss.IndexIDMap2 or IndexIVFScalarQuantizer; its stubs know only the base."""
        self._index = index

    @classmethod
    def build(cls, ids: Sequence[int], read: ReadVectors) -> VectorIndex:
        """Make an index of `ids`, whose vectors are read in batches."""
        exact = len(ids) <= EXACT_UP_TO
        return cls(_filled(_exact(read) if exact else _trained(ids, read), ids, read))

    @classmethod
    def load(cls, folder: Path) -> VectorIndex:
        """Read what `save` wrote.

        Raises:
            IndexDamaged: the file is not a FAISS index.

        """
        import faiss

        try:
            with (folder / _FILE).open("rb") as file:
                return cls(faiss.read_index(faiss.PyCallbackIOReader(file.read)))
        except RuntimeError as error:
            raise IndexDamaged(f"{folder / _FILE} is not a FAISS index: {error}") from error

    def save(self, folder: Path) -> None:
        """Write the index into a folder.

        The bytes are written from Python: `faiss.write_index` by itself raises nothing on a full
        disk.
        """
        import faiss

        with (folder / _FILE).open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))

    def updated(
        self, removed: Collection[int], ids: Sequence[int], read: ReadVectors
    ) -> VectorIndex:
        """Return a new index without `removed` and with further ids and their vectors."""
        import faiss

        index: Any = faiss.clone_index(self._index)
        if len(removed):
            index.remove_ids(np.asarray(sorted(removed), dtype=np.int64))
        return VectorIndex(_filled(index, ids, read))

    @property
    def approximate(self) -> bool:
        """Whether a search may miss passages."""
        return hasattr(self._index, "invlists")

    def suits(self, count: int) -> bool:
        """Say whether `updated` may make this an index of so many passages, or `build` should.

        An approximate index stays one down to half of where it begins, so that a collection
        about that size does not change its kind again and again, and until it holds four times
        or a quarter of the passages that its number of lists was made for.
        """
        if not self.approximate:
            return count <= EXACT_UP_TO
        return count > EXACT_UP_TO / 2 and 0.5 < _lists(count) / self._index.nlist < 2

    @property
    def ids(self) -> NDArray[np.int64]:
        """The passage ids, increasing."""
        import faiss

        if not self.approximate:
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists = self._index.invlists
        parts = [  # views of FAISS's memory, copied together by `concatenate`
            faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number))
            for number in range(lists.nlist)
            if lists.list_size(number)
        ]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))

    def search(
        self, queries: FloatArray, limit: int, *, allowed: Sequence[int] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return for each query `(n, dimension)` its best passages, best first.

        The score is the inner product: the cosine, in -1..1; of an approximate index it is off
        by some ten thousandths. `allowed` restricts the search to these passage ids.
        """
        if queries.shape[1] != self._index.d:  # FAISS would raise an empty AssertionError
            raise ValueError(
                f"queries have {queries.shape[1]} dimensions, the index {self._index.d}"
            )
        rows = np.ascontiguousarray(queries)
        everywhere = allowed is not None
        scores, ids = self._index.search(rows, limit, params=self._how(allowed, everywhere))
        if self.approximate and not everywhere and (ids < 0).any():  # near lists held too few
            scores, ids = self._index.search(rows, limit, params=self._how(None, True))
        return [
            [ScoredPassage(int(i), float(s)) for i, s in zip(*row, strict=True) if i >= 0]
            for row in zip(ids, scores, strict=True)
        ]

    def _how(self, allowed: Sequence[int] | None, everywhere: bool) -> Any:
        """Return FAISS's parameters of a search, in every list or in those near the query."""
        import faiss

        parameters: Any = faiss.SearchParameters()
        if self.approximate:
            lists = self._index.nlist
            parameters = faiss.SearchParametersIVF(nprobe=lists if everywhere else _PROBES)
        if allowed is not None:
            parameters.sel = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
        return parameters


def _exact(read: ReadVectors) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(read([]).shape[1]))


def _trained(ids: Sequence[int], read: ReadVectors) -> Any:
    """Return an empty approximate index, its centres learnt from vectors all over `ids`."""
    import faiss

    sample = ids[:: -(-len(ids) // _SAMPLE)]
    rows = np.concatenate([read(batch) for batch in _batches(sample)])  # (len(sample), dimension)
    inner = faiss.METRIC_INNER_PRODUCT
    centres = faiss.IndexFlatIP(rows.shape[1])
    eight = faiss.ScalarQuantizer.QT_8bit
    index: Any = faiss.IndexIVFScalarQuantizer(
        centres, rows.shape[1], _lists(len(ids)), eight, inner
    )
    index.cp.spherical = True  # centres of norm 1, as the vectors
    index.cp.min_points_per_centroid = 1  # FAISS would warn on stderr
    index.train(np.ascontiguousarray(rows))
    return index


def _filled(index: Any, ids: Sequence[int], read: ReadVectors) -> Any:
    """Add vectors to an index, a batch at a time; return it."""
    for batch in _batches(ids):
        index.add_with_ids(np.ascontiguousarray(read(batch)), np.asarray(batch, dtype=np.int64))
    return index


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[begin : begin + _BATCH] for begin in range(0, len(ids), _BATCH))


def _lists(count: int) -> int:
    """Return how many lists so many passages are kept in: reading the centres costs time, too."""
    return max(1, round(sqrt(count)))
