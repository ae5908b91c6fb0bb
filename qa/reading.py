"""Hits → candidate spans: which passages are read, and with what around them.

The best passages are read first; the others only while a span there may rank higher. Each is read
with some of its article's text on both sides, as what is cut off often says what "he" or "the
bridge" is; spans are taken from the passage alone, as those outside have too little around them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from index.values import Article
from qa.reader import Candidate, Reader
from qa.scoring import Confidence
from qa.spans import several
from qa.values import Hit, Span

STEP = 2  # passages read before it is asked whether that is enough: each retriever's first
AROUND = 250  # code points read on each side of a passage: most then still fit one window


def read_hits(
    reader: Reader,
    questions: Sequence[str],
    hits: Sequence[Sequence[Hit]],
    articles: Mapping[str, Article],
    confidence: Confidence,
) -> list[list[Span]]:
    """Return each question's spans over its hits, in article coordinates.

    `articles` holds those of the hits by id.
    """
    spans: list[list[Span]] = [[] for _ in hits]
    rows: Sequence[int] = range(len(hits))
    for first in range(0, max(map(len, hits), default=0), STEP):
        rest = first + STEP
        pairs = [(i, hit) for i in rows for hit in hits[i][first:rest]]
        texts = [(questions[i], _text(hit, articles)) for i, hit in pairs]
        for (i, hit), found in zip(pairs, reader.read(texts), strict=True):
            spans[i] += _spans(hit, found, articles)
        rows = [i for i in rows if not settled(questions[i], spans[i], hits[i][rest:], confidence)]
    return spans


def settled(
    question: str, spans: Sequence[Span], unread: Sequence[Hit], confidence: Confidence
) -> bool:
    """Say whether the passages not read yet need not be: no span of them is likely to rank first.

    A question that asks for several things is never settled before all is read.
    """
    best = max(map(confidence.rank, spans), default=-math.inf)
    rest = max((confidence.retrieval * hit.score for hit in unread), default=0.0)
    return best - rest >= confidence.lead and several(question) == 1


def _begin(hit: Hit) -> int:
    """Return where the text that is read for a hit begins in its article."""
    return max(0, hit.passage.start - AROUND)


def _text(hit: Hit, articles: Mapping[str, Article]) -> str:
    """Return the text that is read for a hit."""
    return articles[hit.passage.article_id].text[_begin(hit) : hit.passage.end + AROUND]


def _spans(hit: Hit, found: Sequence[Candidate], articles: Mapping[str, Article]) -> Iterator[Span]:
    """Yield the spans found in a hit's text that its passage holds, in article coordinates."""
    passage = hit.passage
    for candidate in found:
        start, end = _begin(hit) + candidate.start, _begin(hit) + candidate.end
        if passage.start <= start and end <= passage.end:
            text = articles[passage.article_id].text[start:end]
            yield Span(
                passage.article_id, start, end, text, candidate.score, candidate.probability, hit
            )
