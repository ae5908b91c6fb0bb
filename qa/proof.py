"""Before an answer leaves: each of its quotes must stand where it says."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace

from index.errors import IndexDamaged
from index.values import Article, text_sha256
from qa.values import Answer, Citation, ClosestPassage

_log = logging.getLogger(__name__)


def proved(answer: Answer) -> Answer:
    """Return the answer, each of whose quotes was compared with the text of its article.

    A text is hashed once for an answer and compared with the hash that the index recorded.

    Raises:
        IndexDamaged: a quote does not stand in its article, or the article is not the one
            indexed; the log says where, without the question.

    """
    hashed: dict[int, bool] = {}  # id of an article object → its text is the one indexed
    for article, start, end, quote in _quotes(answer):
        if id(article) not in hashed:
            hashed[id(article)] = text_sha256(article.text) == article.sha256
        if not (hashed[id(article)] and article.text[start:end] == quote):
            _log.error(
                "a quote was withheld: article %s, %d to %d, generation %d, %s",
                article.id,
                start,
                end,
                answer.generation,
                "other words stand there" if hashed[id(article)] else "the text has changed",
            )
            raise IndexDamaged(
                f"an answer was found in “{article.title}” ({article.id}), but its words do not"
                " stand there as they were indexed; run `footnote index check --repair`"
            )
    if answer.text and (not answer.citations or answer.citations[0].quote != answer.text):
        _log.error("an answer without its citation was withheld, generation %d", answer.generation)
        raise IndexDamaged(
            "an answer was found whose words no citation proves; run `footnote index check`"
        )
    return answer


def still_standing(reply: Answer, articles: Mapping[str, Article]) -> Answer:
    """Return a reply about an earlier answer without what no longer stands in the articles.

    `articles` are those of the reply's citations, alternatives and closest passages that the
    index still holds, by id.
    """

    def stands(cited: Citation | ClosestPassage) -> bool:
        article = articles.get(cited.article.id)
        quote = cited.quote if isinstance(cited, Citation) else cited.text
        return (
            article is not None
            and article.sha256 == cited.article.sha256
            and article.text[cited.start : cited.end] == quote
        )

    kept = replace(
        reply,
        citations=tuple(filter(stands, reply.citations)),
        parts=tuple(filter(stands, reply.parts)),
        alternatives=tuple(a for a in reply.alternatives if all(map(stands, a.citations))),
        closest=tuple(filter(stands, reply.closest)),
    )
    if kept == reply:
        return reply
    return replace(kept, notice="What was quoted no longer stands in your articles.")


def cited_ids(answer: Answer) -> Iterator[str]:
    """Yield the id of each article that an answer quotes."""
    return (article.id for article, *_ in _quotes(answer))


def _quotes(answer: Answer) -> Iterator[tuple[Article, int, int, str]]:
    """Yield article, start, end and words of everything that an answer quotes."""
    every = [answer.sources, *(alternative.citations for alternative in answer.alternatives)]
    for citation in (citation for citations in every for citation in citations):
        yield citation.article, citation.start, citation.end, citation.quote
        first = citation.sentence_start
        yield citation.article, first, first + len(citation.sentence), citation.sentence
    for passage in answer.closest:
        yield passage.article, passage.start, passage.end, passage.text
