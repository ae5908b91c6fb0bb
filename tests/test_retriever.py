"""Fusion of dense and lexical search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pytest

from index.embedder import FloatArray
from index.values import Article, Passage, ScoredPassage
from qa.retriever import fuse, retrieve


class FixedIndex:
    """A `PassageIndex` whose searches return what they are told."""

    generation = 1

    def __init__(self, dense: Sequence[int], lexical: Sequence[int]) -> None:
        self._dense = [ScoredPassage(i, 1.0 - 0.1 * n) for n, i in enumerate(dense)]
        self._lexical = [ScoredPassage(i, 9.0 - n) for n, i in enumerate(lexical)]

    def search_dense(
        self, queries: FloatArray, limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return the fixed list for each query."""
        return [self._dense for _ in queries]

    def search_lexical(
        self, questions: Sequence[str], limit: int, *, articles: Collection[str] | None = None
    ) -> list[list[ScoredPassage]]:
        """Return the fixed list for each question."""
        return [self._lexical for _ in questions]

    def words(self, text: str) -> list[str]:
        """Return the words."""
        return text.split()

    def passages(self, ids: Iterable[int]) -> list[Passage]:
        """Return made-up passages."""
        return [Passage(i, "a", 0, 1, "x") for i in ids]

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return nothing."""
        return {}

    def missing(self, ids: Iterable[str]) -> str | None:
        """Return the first."""
        return next(iter(ids), None)


class OneVector:
    """An encoder that gives every text the same vector."""

    name = fingerprint = "one"
    dimension = 2

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def encode_passages(self, texts: Sequence[str], *, progress: object = None) -> FloatArray:
        """Return rows of norm 1."""
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """Return rows of norm 1."""
        return self.encode_passages(texts)


def test_fuse_adds_reciprocal_ranks() -> None:
    """An id's score is the sum of 1 / (10 + rank) over the rankings that hold it."""
    scores = fuse([[7, 8], [8, 9]])
    assert scores == pytest.approx({8: 1 / 12 + 1 / 11, 7: 1 / 11, 9: 1 / 12})
    assert list(scores) == [8, 7, 9]


def test_fuse_keeps_the_order_of_equals() -> None:
    """Ids of equal score come in the order in which they were first seen."""
    assert list(fuse([[5], [3]])) == [5, 3]


def test_hits_carry_both_ranks_and_scores() -> None:
    """A hit tells its rank and score in each retriever, None where it was not found."""
    (hits,) = retrieve(FixedIndex([1, 2], [2]), OneVector(), ["q"], limit=10)
    assert [hit.passage.id for hit in hits] == [2, 1]
    assert (hits[0].dense_rank, hits[0].dense_score) == (2, 0.9)
    assert (hits[0].lexical_rank, hits[0].lexical_score) == (1, 9.0)
    assert (hits[1].lexical_rank, hits[1].lexical_score) == (None, None)


def test_limit_counts_fused_hits() -> None:
    """No more than `limit` hits come back, the best of the fused list."""
    (hits,) = retrieve(FixedIndex([1, 2, 3], [4, 5, 6]), OneVector(), ["q"], limit=2)
    assert [hit.passage.id for hit in hits] == [1, 4]
