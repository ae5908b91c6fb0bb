"""Candidate spans of all passages → one answer: merged, ranked, or abstained from."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from index.sentences import sentence_around
from index.values import Article
from qa.scoring import Confidence, features
from qa.spans import alike, complete, several
from qa.values import Alternative, Answer, Citation, ClosestPassage, Hit, Outcome, Span

_ALTERNATIVES = 3
_PARTS = 5  # of a list, where the question does not say how many
_NEARLY = 2.0  # of the reader's score: what another part of a list may be behind the first
_CLOSEST = 3
_AGREES = 0.0  # the reader's score from which another article's same text counts as a citation
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’«»–—…")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found for a question, before anything is chosen."""

    question: str  # as it was searched for
    hits: Sequence[Hit]  # the passages that were read, best first
    spans: Sequence[Span]  # the reader's candidates in all of them
    articles: Mapping[str, Article]  # by id, those of the hits at least
    generation: int  # of the index

    def groups(self, confidence: Confidence) -> list[Group]:
        """Return the spans merged by what they say, best first."""
        return group_spans(self.spans, confidence.rank)


@dataclass(frozen=True, slots=True)
class Group:
    """Spans that say the same, one of each article, best first."""

    spans: tuple[Span, ...]

    @property
    def best(self) -> Span:
        """The span that ranks highest."""
        return self.spans[0]


def group_spans(spans: Sequence[Span], rank: Callable[[Span], float]) -> list[Group]:
    """Merge spans that overlap in their article, or say the same in another; best first.

    Of spans that overlap in one article the one of the highest rank stays. Spans of one text,
    but for case, punctuation and articles, make one group, with one span of each article.
    """
    kept: dict[str, list[Span]] = {}  # article id → spans without overlap
    groups: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: -rank(span)):
        others = kept.setdefault(span.article_id, [])
        if any(span.start < other.end and other.start < span.end for other in others):
            continue
        others.append(span)
        group = groups.setdefault(normalised(span.text), [])
        if all(span.article_id != other.article_id for other in group):
            group.append(span)
    return [Group(tuple(group)) for key, group in groups.items() if key]


def normalised(text: str) -> str:
    """Return a text without case, punctuation, articles and double spaces, as SQuAD compares."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def group_features(groups: Sequence[Group], number: int) -> dict[str, float]:
    """Return the features of the `number`-th group for `Confidence.probability`."""
    group = groups[number]
    rival = next((g.best for i, g in enumerate(groups) if i != number), None)
    agreeing = sum(1 for other in group.spans[1:] if other.score >= _AGREES)
    return features(group.best, rival, agreeing)


def select(evidence: Evidence, confidence: Confidence) -> Answer:
    """Return the answer that the evidence gives, or the abstention."""
    groups = evidence.groups(confidence)[: 1 + _ALTERNATIVES]
    sure = [confidence.probability(group_features(groups, i)) for i in range(len(groups))]
    articles = evidence.articles
    answer = Answer(
        question=evidence.question,
        outcome=Outcome.NOT_FOUND,
        text="",
        confidence=sure[0] if sure else 0.0,
        citations=(),
        alternatives=(),
        closest=tuple(_closest(hit, articles) for hit in evidence.hits[:_CLOSEST]),
        interpreted_question=evidence.question,
        generation=evidence.generation,
    )
    outcome = confidence.outcome(sure[0]) if groups else Outcome.NOT_FOUND
    if outcome is Outcome.NOT_FOUND:
        return answer
    asked = evidence.question
    group, *rest = groups
    citations = _citations(group, articles, asked)
    parts = _parts(asked, citations[0], group.best, rest, articles)
    told = [citations[0], *parts]
    others = (
        Alternative(other.best.text, min(probability, sure[0]), _citations(other, articles))
        for other, probability in zip(rest, sure[1:], strict=True)
        if not any(_overlap(other.best, citation) for citation in told)
    )
    return replace(
        answer,
        outcome=outcome,
        text=citations[0].quote,
        citations=citations,
        parts=parts,
        alternatives=tuple(a for a in others if a.confidence >= confidence.found / 2),
    )


def _overlap(span: Span, citation: Citation) -> bool:
    same = span.article_id == citation.article.id
    return same and span.start < citation.end and citation.start < span.end


def _parts(
    question: str,
    first: Citation,
    best: Span,
    groups: Sequence[Group],
    articles: Mapping[str, Article],
) -> tuple[Citation, ...]:
    """Return the further things that a question for several asks for, in the article's order.

    They stand in the first one's article, look like it, and the reader likes them nearly as much.
    """
    wanted = several(question)
    if wanted == 1:
        return ()
    spans = (span for group in groups for span in group.spans)
    found = [
        _citation(span, articles[span.article_id], question)
        for span in spans
        if span.article_id == best.article_id
        and span.score >= max(0.0, best.score - _NEARLY)
        and alike(span.text, best.text)
        and not _overlap(span, first)
    ][: (wanted or _PARTS) - 1]
    return tuple(sorted(found, key=lambda citation: citation.start))


def _closest(hit: Hit, articles: Mapping[str, Article]) -> ClosestPassage:
    passage = hit.passage
    return ClosestPassage(
        article=articles[passage.article_id],
        start=passage.start,
        end=passage.end,
        text=passage.text,
        score=hit.score,
    )


def _citations(
    group: Group, articles: Mapping[str, Article], question: str = ""
) -> tuple[Citation, ...]:
    """Return the citation of a group's best span, then of each article that says the same."""
    spans = [group.best, *(span for span in group.spans[1:] if span.score >= _AGREES)]
    return tuple(
        _citation(span, articles[span.article_id], question, rank)
        for rank, span in enumerate(spans, 1)
    )


def _citation(span: Span, article: Article, question: str, rank: int = 1) -> Citation:
    """Return the citation of a span with all that belongs to it."""
    start, end = complete(question, article.text, span.start, span.end)
    first, last = sentence_around(article.text, start, end)
    return Citation(
        article=article,
        start=start,
        end=end,
        quote=article.text[start:end],
        sentence=article.text[first:last],
        sentence_start=first,
        rank=rank,
    )
