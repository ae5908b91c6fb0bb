"""Question → ranked hits: dense and lexical search, fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from index.embedder import Embedder
from index.snapshot import PassageIndex
from index.values import ScoredPassage
from qa.values import Hit

DEPTH = 50  # passages asked of each retriever
RANK_CONSTANT = 10.0  # measured on SQuAD 1.1 dev beside 60, the constant of Cormack et al.


def retrieve(
    index: PassageIndex,
    embedder: Embedder,
    questions: Sequence[str],
    limit: int,
    *,
    articles: Collection[str] | None = None,
) -> list[list[Hit]]:
    """Return for each question its best passages, best first, at most `limit`.

    `articles` restricts the search to these article ids.
    """
    depth = max(DEPTH, limit)
    dense = index.search_dense(embedder.encode_questions(questions), depth, articles=articles)
    lexical = index.search_lexical(questions, depth, articles=articles)
    return [_hits(index, *pair, limit) for pair in zip(dense, lexical, strict=True)]


def retrieve_near(
    index: PassageIndex,
    embedder: Embedder,
    questions: Sequence[str],
    limits: Sequence[int],
    *,
    near: Collection[str],
    share: float,
    articles: Collection[str] | None = None,
) -> list[list[Hit]]:
    """Return each question's best passages, a share of them, 0..1, from the articles `near`.

    Like `retrieve` with a limit for each question, over one encoding of the questions.
    """
    vectors = embedder.encode_questions(questions)
    depth = max(DEPTH, *limits)
    found = []
    for scope in (articles, near):
        dense = index.search_dense(vectors, depth, articles=scope)
        lexical = index.search_lexical(questions, depth, articles=scope)
        rows = zip(dense, lexical, limits, strict=True)
        found.append([_hits(index, one, other, limit) for one, other, limit in rows])
    return [
        _joined(wide, close, limit, int(limit * share))
        for wide, close, limit in zip(*found, limits, strict=True)
    ]


def _joined(wide: Sequence[Hit], near: Sequence[Hit], limit: int, share: int) -> list[Hit]:
    """Return the best `limit - share` of `wide` with the best `share` others of `near`.

    A hit found in both has the higher score, so the articles `near` count as a collection of
    their own: there the answer is likeliest to be.
    """
    scores = {hit.passage.id: hit.score for hit in near}
    kept = [
        replace(hit, score=max(hit.score, scores.get(hit.passage.id, 0.0)))
        for hit in wide[: limit - share]
    ]
    ids = {hit.passage.id for hit in kept}
    others = [hit for hit in near if hit.passage.id not in ids][:share]
    return sorted([*kept, *others], key=lambda hit: -hit.score)


def fuse(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Return the reciprocal-rank score of every id in some rankings, best first.

    An id's score is the sum over the rankings that hold it of 1 / (constant + rank), in
    0..len(rankings) / (constant + 1). Source: Cormack, Clarke and Buettcher, SIGIR 2009.
    Equal scores keep the order in which the ids come up.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (RANK_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


def _hits(
    index: PassageIndex,
    dense: Sequence[ScoredPassage],
    lexical: Sequence[ScoredPassage],
    limit: int,
) -> list[Hit]:
    fused = fuse([[found.passage_id for found in side] for side in (dense, lexical)])
    by_dense = {found.passage_id: (rank, found.score) for rank, found in enumerate(dense, 1)}
    by_lexical = {found.passage_id: (rank, found.score) for rank, found in enumerate(lexical, 1)}
    return [
        Hit(
            passage,
            fused[passage.id],
            *by_dense.get(passage.id, (None, None)),
            *by_lexical.get(passage.id, (None, None)),
        )
        for passage in index.passages(list(fused)[:limit])
    ]
