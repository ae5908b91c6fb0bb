"""One published state of an index, held still for the length of a question.

This is all that the answer side needs of an index (`PassageIndex`), so that another engine can
stand behind the same questions.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from index import derived
from index.derived import Derived
from index.embedder import FloatArray
from index.errors import FootnoteError, IndexDamaged
from index.home import Home
from index.rows import StoreMeta
from index.seals import REPAIR
from index.store import Store
from index.values import Article, Passage, ScoredPassage


class PassageIndex(Protocol):
    """What the answer side needs of an index: two searches and what they found."""

    @property
    def generation(self) -> int:
        """The number of the published state; one more with every change."""

    def search_dense(
        self, queries: FloatArray, limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return for each query `(n, dimension)` of norm 1 the passages of highest cosine."""

    def search_lexical(
        self, questions: Sequence[str], limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return for each question the passages of highest BM25 score."""

    def passages(self, ids: Iterable[int]) -> list[Passage]:
        """Return the passages of these ids, in their order."""

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the articles of these ids."""

    def missing(self, ids: Iterable[str]) -> str | None:
        """Return one of these ids that no article has; None when there are articles of all."""


class Snapshot:
    """A `PassageIndex` over one generation of the embedded index."""

    def __init__(self, store: Store, meta: StoreMeta, indexes: Derived) -> None:
        self.meta = meta
        self._store = store
        self._indexes = indexes

    @property
    def generation(self) -> int:
        """See `PassageIndex.generation`."""
        return self.meta.generation

    def search_dense(
        self, queries: FloatArray, limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """See `PassageIndex.search_dense`; what an approximate index finds is compared exactly."""
        allowed = None if articles is None else self._store.passage_ids(articles)
        found = self._indexes.vectors.search(queries, limit, allowed=allowed)
        if not self._indexes.vectors.approximate:
            return found
        return [self._compared(query, hits) for query, hits in zip(queries, found, strict=True)]

    def _compared(self, query: FloatArray, hits: Sequence[ScoredPassage]) -> list[ScoredPassage]:
        """Return hits with their true inner products with a query `(dimension,)`, best first."""
        ids = [hit.passage_id for hit in hits]
        scores = (self._store.vectors(ids) @ query).tolist()
        exact = (ScoredPassage(i, score) for i, score in zip(ids, scores, strict=True))
        return sorted(exact, key=lambda hit: -hit.score)

    def search_lexical(
        self, questions: Sequence[str], limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """See `PassageIndex.search_lexical`."""
        search = self._indexes.lexical.search
        return [search(question, limit, articles=articles) for question in questions]

    def passages(self, ids: Iterable[int]) -> list[Passage]:
        """See `PassageIndex.passages`; a search finds only passages that the store holds.

        Raises:
            IndexDamaged: one of them is not there.

        """
        wanted = list(ids)
        found = self._store.passages(wanted)
        if len(found) != len(wanted):
            lost = set(wanted).difference(passage.id for passage in found)
            raise IndexDamaged(f"the store lacks the passage {min(lost)}; {REPAIR}")
        return found

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """See `PassageIndex.articles`."""
        return self._store.articles(ids)

    def missing(self, ids: Iterable[str]) -> str | None:
        """See `PassageIndex.missing`."""
        return self._store.missing(ids)


class Snapshots:
    """Hands out snapshots of the store in force, to any number of threads.

    Idle connections are kept for the next question. The derived indexes of the last two
    changes stay in memory: the newest, and the one that questions in flight may still use.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._idle: list[Store] = []
        self._derived: dict[str, Derived] = {}
        self._lock = threading.Lock()
        self._deriving = threading.Lock()

    @contextmanager
    def pin(self) -> Iterator[Snapshot]:
        """Yield the newest published state; it does not change inside the block."""
        store = self._acquire()
        try:
            meta = store.pin()
            try:
                indexes = self._indexes(store, meta.change)
            except FootnoteError:  # a change published just now may have removed them
                store.unpin()
                before, meta = meta, store.pin()
                if meta.change == before.change:
                    raise
                indexes = self._indexes(store, meta.change)
            yield Snapshot(store, meta, indexes)
        finally:
            store.unpin()
            with self._lock:
                self._idle.append(store)

    def put(self, indexes: Derived) -> None:
        """Take the derived indexes of a change that is about to be published."""
        with self._lock:
            self._derived[indexes.change] = indexes
            for change in list(self._derived)[:-2]:
                del self._derived[change]

    def newest(self, change: str) -> Derived | None:
        """Return the derived indexes of a change, when they are in memory."""
        return self._derived.get(change)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _acquire(self) -> Store:
        current = self._home.current()
        with self._lock:
            fresh = [store for store in self._idle if store.path == current and store.in_place()]
            stale = [store for store in self._idle if store not in fresh]
            self._idle = fresh[:-1]
        for store in stale:
            store.close()
        return fresh[-1] if fresh else self._home.open_store()

    def _indexes(self, store: Store, change: str) -> Derived:
        found = self._derived.get(change)
        if found is None:
            with self._deriving:
                found = self._derived.get(change)
                if found is None:
                    found = derived.load(self._home.derived, store)
                    self.put(found)
        return found
