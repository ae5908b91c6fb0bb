"""The values that leave `qa/`: an answer, its citations, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlencode

from index.values import Article, Passage, text_sha256


class Outcome(StrEnum):
    """What came of a question."""

    ANSWERED = "answered"  # confident enough to be shown as the answer
    UNSURE = "unsure"  # the best span is shown as a candidate, not as the answer
    NOT_FOUND = "not_found"  # nothing in the articles answers
    AMBIGUOUS = "ambiguous"  # two readings of the question are equally good: which is meant?
    REPLY = "reply"  # no question to the articles: small talk or a command, replied to in `notice`


class ArticleLookup(Protocol):
    """Where `Citation.verify` looks an article up as it stands now; an `ArticleIndex` is one."""

    def article(self, article_id: str, /) -> Article:
        """Return the article, or raise `ArticleMissing`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that retrieval found, with its rank (1 is best) and score in each retriever."""

    passage: Passage
    score: float  # fused; higher is better
    dense_rank: int | None  # None: not among those that the retriever returned
    dense_score: float | None  # cosine, -1..1
    lexical_rank: int | None
    lexical_score: float | None  # BM25, > 0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a passage that may be the answer, in the article's code points."""

    article_id: str
    start: int
    end: int
    text: str
    score: float  # the reader's, less its score for "no answer"; above 0 it prefers the span
    probability: float  # the reader's, 0..1, among all spans of the passage and "no answer"
    hit: Hit


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the answer stands: `article.text[start:end] == quote`."""

    article: Article
    start: int  # code points, half-open
    end: int
    quote: str
    sentence: str  # the whole sentence(s) around the quote, verbatim
    sentence_start: int  # `article.text[sentence_start:][:len(sentence)] == sentence`
    rank: int  # 1 for the passage that the answer was read from

    @property
    def link(self) -> str:
        """The chat page's address of this place, relative to its root."""
        query = {
            "article": self.article.id,
            "start": self.start,
            "end": self.end,
            "hash": self.article.sha256[:16],
        }
        return f"/?{urlencode(query)}"

    def verify(self, articles: ArticleLookup | None = None) -> bool:
        """Say whether the source reads as quoted.

        Without `articles` the text that came with the answer is checked against its hash and
        the quote; with it, the article as the index holds it now. A citation restored by
        `from_dict` carries no text, so it verifies only with `articles`.
        """
        if articles is None:
            article = self.article
        else:
            from index.errors import ArticleMissing

            try:
                article = articles.article(self.article.id)
            except ArticleMissing:
                return False
        return (
            article.sha256 == self.article.sha256
            and text_sha256(article.text) == article.sha256
            and article.text[self.start : self.end] == self.quote
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the citation as plain data."""
        return {
            "article": self.article.to_dict(),
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "sentence": self.sentence,
            "sentence_start": self.sentence_start,
            "rank": self.rank,
            "link": self.link,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Citation:
        """Return the citation of `to_dict`."""
        rest = {key: value for key, value in data.items() if key not in ("article", "link")}
        return cls(article=Article.from_dict(data["article"]), **rest)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another span that may be the answer, with the probability that it is."""

    text: str
    confidence: float  # 0..1
    citations: tuple[Citation, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the alternative as plain data."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "citations": [citation.to_dict() for citation in self.citations],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Alternative:
        """Return the alternative of `to_dict`."""
        return cls(
            text=data["text"],
            confidence=data["confidence"],
            citations=tuple(map(Citation.from_dict, data["citations"])),
        )


@dataclass(frozen=True, slots=True)
class ClosestPassage:
    """A passage that came nearest to the question; `article.text[start:end] == text`."""

    article: Article
    start: int
    end: int
    text: str
    score: float  # the retriever's fused score; higher is nearer

    def to_dict(self) -> dict[str, Any]:
        """Return the passage as plain data."""
        return {
            "article": self.article.to_dict(),
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": self.score,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClosestPassage:
        """Return the passage of `to_dict`."""
        rest = {key: value for key, value in data.items() if key != "article"}
        return cls(article=Article.from_dict(data["article"]), **rest)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Footnote says to one question.

    `text` is the best span, also when the outcome is only `UNSURE`; with any other outcome but
    `ANSWERED` it is empty. There are citations where there is a text, and in the `REPLY` to
    "where does it say that": those of the answer that is meant.
    """

    question: str
    outcome: Outcome
    text: str
    confidence: float  # 0..1: the probability that the first span is right
    citations: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...]
    closest: tuple[ClosestPassage, ...]
    interpreted_question: str  # the question as it was searched for
    generation: int  # of the index that answered
    notice: str = ""  # one sentence to show with the answer, when there is something to say
    parts: tuple[Citation, ...] = ()  # what the question asks for besides `text`, if for several
    readings: tuple[str, ...] = ()  # whole questions to choose from, when AMBIGUOUS
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)  # stage → ms

    @property
    def said(self) -> str:
        """The answer in one line: its text, and the further parts of a list."""
        return "; ".join([self.text, *(part.quote for part in self.parts)])

    @property
    def sources(self) -> tuple[Citation, ...]:
        """All that the answer cites: its text's citations, then those of its further parts."""
        return (*self.citations, *self.parts)

    def __str__(self) -> str:
        if self.outcome is Outcome.NOT_FOUND:
            lines = ["Not in your articles."]
            lines += [f"  closest: {p.article.title}, {p.start}–{p.end}" for p in self.closest]
            return "\n".join([*lines, self.notice] if self.notice else lines)
        if self.outcome in (Outcome.AMBIGUOUS, Outcome.REPLY):
            return "\n".join([self.notice, *(f"  {reading}" for reading in self.readings)])
        doubt = "" if self.outcome is Outcome.ANSWERED else "Perhaps: "
        lines = [f"{doubt}{self.said}  ({self.confidence:.0%})"]
        for number, citation in enumerate(self.sources, 1):
            sentence = " ".join(citation.sentence.split())
            lines.append(f"  [{number}] {citation.article.title}: “{sentence}”")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data: the one schema of Python, command line and HTTP."""
        return {
            "question": self.question,
            "interpreted_question": self.interpreted_question,
            "outcome": str(self.outcome),
            "text": self.text,
            "confidence": self.confidence,
            "citations": [citation.to_dict() for citation in self.citations],
            "alternatives": [alternative.to_dict() for alternative in self.alternatives],
            "closest": [passage.to_dict() for passage in self.closest],
            "generation": self.generation,
            "notice": self.notice,
            "parts": [citation.to_dict() for citation in self.parts],
            "readings": list(self.readings),
            "timings": dict(self.timings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """Return the answer of `to_dict`."""
        return cls(
            question=data["question"],
            interpreted_question=data["interpreted_question"],
            outcome=Outcome(data["outcome"]),
            text=data["text"],
            confidence=data["confidence"],
            citations=tuple(map(Citation.from_dict, data["citations"])),
            alternatives=tuple(map(Alternative.from_dict, data["alternatives"])),
            closest=tuple(map(ClosestPassage.from_dict, data["closest"])),
            generation=data["generation"],
            notice=data["notice"],
            parts=tuple(map(Citation.from_dict, data.get("parts", ()))),
            readings=tuple(data.get("readings", ())),
            timings=dict(data["timings"]),
        )
