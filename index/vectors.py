"""Dense search: FAISS over the passages' unit vectors, derived from the store.

Up to `EXACT` passages the index is exact: inner products with every vector. Beyond, it is an
inverted file (IVF): each vector lies, in 8 bits a dimension, in the list of its nearest of some
2·√n centroids, and a query looks into a share of the lists, the nearest, or into all of them
where the search is restricted to some passages, so that it misses none of these.

An instance never changes; a change to the articles gives a new one, so that a question in
flight keeps searching what it began with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
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
        exact = len(ids) <= EXACT
        return cls(_filled(_exact(read) if exact else _trained(ids, read), ids, read))

    @classmethod
    def load(cls, folder: Path) -> VectorIndex:
        """Read what `save` wrote.

        Raises:
            IndexDamaged: the file is not a FAISS index.

        """
        import faiss

        reader: Any = faiss.PyCallbackIOReader  # type: ignore[attr-defined]  # the stubs lack it
        try:
            with (folder / _FILE).open("rb") as file:
                return cls(faiss.read_index(reader(file.read)))
        except RuntimeError as error:
            raise IndexDamaged(f"{folder / _FILE} is not a FAISS index: {error}") from error

    def save(self, folder: Path) -> None:
        """Write the index into a folder.

        The bytes are written from Python: `faiss.write_index` by itself raises nothing on a full
        disk.
        """
        import faiss

        writer: Any = faiss.PyCallbackIOWriter  # type: ignore[attr-defined]  # the stubs lack it
        with (folder / _FILE).open("wb") as file:
            faiss.write_index(self._index, writer(file.write))

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
            return count <= EXACT
        return count > EXACT / 2 and 0.5 < _lists(count) / self._index.nlist < 2

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
        by some thousandths. `allowed` restricts the search to these passage ids.
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

        kind: Any = faiss.SearchParametersIVF if self.approximate else faiss.SearchParameters
        parameters = kind()
        if self.approximate:
            lists = self._index.nlist
            parameters.nprobe = lists if everywhere else _probes(lists)
        if allowed is not None:
            parameters.sel = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
        return parameters


def _exact(read: ReadVectors) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(read([]).shape[1]))


def _trained(ids: Sequence[int], read: ReadVectors) -> Any:
    """Return an empty inverted file for these vectors, learnt from a sample all over `ids`.

    Sources: Sivic and Zisserman, ICCV 2003; the sizes follow FAISS's own guidelines.
    """
    import faiss

    lists = _lists(len(ids))
    drawn = np.random.default_rng(0).permutation(len(ids))[: lists * _TRAINED]
    sample = [ids[place] for place in np.sort(drawn).tolist()]
    rows = np.concatenate([read(batch) for batch in _batches(sample)])  # (len(sample), dimension)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(rows.shape[1]),
        rows.shape[1],
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.cp.max_points_per_centroid = _TRAINED
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
    """Return how many lists so many passages are kept in."""
    return min(count, round(2 * math.sqrt(count)))


def _probes(lists: int) -> int:
    """Return how many of the lists a search looks into."""
    return min(lists, max(_FEWEST, round(lists * _PROBED)))
