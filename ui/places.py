"""Places in articles: what a citation, an alternative or a close passage points to.

A place keeps the article as the answer read it. `look` compares it with the article as the
index holds it now and says whether the words still stand there, and if not, where the nearest
match is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlencode

import regex

from index.errors import ArticleMissing, FootnoteError
from index.values import Article, text_sha256
from qa.values import Answer, ArticleLookup, Citation, ClosestPassage, Outcome

QUOTE_IN_LINK = 300  # code points of the quote that a link carries, to find it again
_WORD = regex.compile(r"[\w\p{M}]+")


class Kind(StrEnum):
    """What a place is to its answer."""

    CITATION = "citation"
    PART = "part"  # of an answer that is a list
    ALTERNATIVE = "alternative"
    PASSAGE = "passage"
    LINK = "link"  # opened from an address, not from an answer


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of an article, `article.text[start:end] == quote`, inside a wider sentence."""

    kind: Kind
    article: Article
    start: int  # code points, half-open
    end: int
    quote: str
    sentence: str
    sentence_start: int

    @property
    def link(self) -> str:
        """The page's address of this place; the quote is in it, so that it can be found again."""
        query = {
            "article": self.article.id,
            "start": self.start,
            "end": self.end,
            "hash": self.article.sha256[:16],
            "quote": self.quote[:QUOTE_IN_LINK],
        }
        return f"/?{urlencode(query)}"


class Standing(StrEnum):
    """How the source reads now, compared with the place."""

    VERBATIM = "verbatim"  # word for word, in an article with the same hash
    CHANGED = "changed"  # the article is another text now
    REMOVED = "removed"  # the article is no longer in the index


@dataclass(frozen=True, slots=True)
class View:
    """An article opened at a place: `article.text[start:end]` is what is to be marked."""

    place: Place
    article: Article  # as the index holds it now; as the answer read it when it is removed
    standing: Standing
    start: int
    end: int
    found: bool  # False when nothing like the quote is left: nothing is marked


def places_of(answer: Answer) -> tuple[Place, ...]:
    """Return every place that an answer's card points to, in the order of the card."""
    if answer.outcome is Outcome.NOT_FOUND:
        return tuple(map(_passage_place, answer.closest))
    if answer.outcome is Outcome.AMBIGUOUS:
        return ()
    return (
        *(place_of(Kind.CITATION, c) for c in answer.citations),
        *(place_of(Kind.PART, c) for c in answer.parts),
        *(place_of(Kind.ALTERNATIVE, c) for a in answer.alternatives for c in a.citations),
        *(_passage_place(p) for p in answer.closest if answer.outcome is Outcome.REPLY),
    )


def place_of(kind: Kind, citation: Citation) -> Place:
    """Return the place of a citation."""
    return Place(
        kind=kind,
        article=citation.article,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        sentence=citation.sentence,
        sentence_start=citation.sentence_start,
    )


def _passage_place(passage: ClosestPassage) -> Place:
    return Place(
        kind=Kind.PASSAGE,
        article=passage.article,
        start=passage.start,
        end=passage.end,
        quote=passage.text,
        sentence=passage.text,
        sentence_start=passage.start,
    )


def look(place: Place, articles: ArticleLookup) -> View:
    """Open a place in the article as the index holds it now."""
    try:
        now = articles.article(place.article.id)
    except ArticleMissing:
        return _as_it_was(place)
    same = now.sha256 == place.article.sha256 and text_sha256(now.text) == now.sha256
    if same and now.text[place.start : place.end] == place.quote:
        return View(place, now, Standing.VERBATIM, place.start, place.end, found=True)
    span = nearest(now.text, place.quote, place.start)
    start, end = span or (0, 0)
    return View(place, now, Standing.CHANGED, start, end, found=span is not None)


def _as_it_was(place: Place) -> View:
    """Return the view of an article that is gone; of an answer kept from before, its sentence."""
    if place.article.text:
        return View(place, place.article, Standing.REMOVED, place.start, place.end, found=True)
    left = replace(place.article, text=place.sentence)
    start, end = place.start - place.sentence_start, place.end - place.sentence_start
    return View(place, left, Standing.REMOVED, start, end, found=True)


def restored(answer: Answer, articles: ArticleLookup) -> Answer:
    """Return an answer of `Answer.from_dict` with the texts of the articles that are unchanged."""
    known: dict[str, Article] = {}

    def whole(article: Article) -> Article:
        if article.id not in known:
            try:
                known[article.id] = articles.article(article.id)
            except FootnoteError:
                known[article.id] = article
        return known[article.id] if known[article.id] == article else article

    def cited(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(replace(each, article=whole(each.article)) for each in citations)

    return replace(
        answer,
        citations=cited(answer.citations),
        parts=cited(answer.parts),
        alternatives=tuple(
            replace(each, citations=cited(each.citations)) for each in answer.alternatives
        ),
        closest=tuple(replace(each, article=whole(each.article)) for each in answer.closest),
    )


def from_query(query: Mapping[str, str], articles: ArticleLookup) -> Place | None:
    """Return the place of a permanent link, or None when the address holds no link.

    Raises `FootnoteError` when the link is broken or its article is not in the index.
    """
    if "article" not in query:
        return None
    article = articles.article(query["article"])
    try:
        start, end = int(query["start"]), int(query["end"])
    except (KeyError, ValueError):
        raise FootnoteError(
            "This link is damaged: it names an article but no place in it."
        ) from None
    digest, linked = query.get("hash", ""), query.get("quote", "")
    if digest and article.sha256.startswith(digest):
        if not 0 <= start <= end <= len(article.text):
            raise FootnoteError("This link is damaged: its place lies outside the article.")
        quote = article.text[start:end]
    else:  # another text than the link was made from: keep what the link says of it
        article = Article(article.id, article.title, "", article.source, digest)
        quote = linked
    return Place(Kind.LINK, article, start, end, quote, quote, start)


def nearest(text: str, quote: str, near: int) -> tuple[int, int] | None:
    """Return the stretch of `text` most like `quote`, the one closest to `near`, or None.

    Words are compared without case, spacing and punctuation. When the words do not stand there
    in a row, the stretch of as many words that shares the most of them is taken, if it shares
    more than half.
    """
    sought = [match[0].casefold() for match in _WORD.finditer(quote)]
    found = list(_WORD.finditer(text))
    width = len(sought)
    if not sought or not found:
        return None
    words = [match[0].casefold() for match in found]
    wanted = {word: sought.count(word) for word in sought}
    best: tuple[float, int] | None = None  # the share of words, minus the distance; and where
    at = -1
    shared = 0
    counts: dict[str, int] = {}
    for i, word in enumerate(words):
        counts[word] = counts.get(word, 0) + 1
        shared += counts[word] <= wanted.get(word, 0)
        if i >= width:
            gone = words[i - width]
            shared -= counts[gone] <= wanted.get(gone, 0)
            counts[gone] -= 1
        first = max(0, i - width + 1)
        exact = words[first : i + 1] == sought if shared == width else False
        score = shared / width + exact
        rank = (score, -abs(found[first].start() - near))
        if best is None or rank > best:
            best, at = rank, i
    if best is None or best[0] <= 0.5:
        return None
    return found[max(0, at - width + 1)].start(), found[at].end()
