"""Which passages are read, with what around them, and which spans are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.values import Article, Passage, text_sha256
from qa.reader import Candidate, SpanReader
from qa.reading import AROUND, read_hits, settled
from qa.scoring import FEATURES, Confidence
from qa.values import Hit, Span

CONFIDENCE = Confidence(
    0.0, dict.fromkeys(FEATURES, 0.0), answered=0.5, found=0.2, retrieval=20.0, lead=4.0
)


def article(text: str) -> Article:
    """Return an article of this text."""
    return Article("a", "A", text, "/a.txt", text_sha256(text))


def hit_of(found: Article, start: int, end: int, score: float = 0.1) -> Hit:
    """Return a hit of a passage of an article."""
    return Hit(Passage(1, found.id, start, end, found.text[start:end]), score, 1, 0.8, 1, 3.0)


class Everywhere:
    """A `Reader` that finds each of some words wherever it stands, and keeps what it was given."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.texts: list[str] = []

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """See `qa.reader.Reader`."""
        self.texts += [text for _, text in pairs]
        return [
            [Candidate(text.index(w), text.index(w) + len(w), 1.0, 0.5) for w in self.words]
            for _, text in pairs
        ]


@pytest.mark.parametrize("before", [0, 100, 4 * AROUND])
def test_a_passage_is_read_with_what_is_around_it(before: int) -> None:
    """The text on both sides is read too; spans are the passage's, in article coordinates."""
    text = "." * before + "Left. Ada met Bob. Right." + "." * before
    found = article(text)
    start = text.index("Ada")
    hit = hit_of(found, start, start + len("Ada met Bob."))
    reader = Everywhere("Left", "Ada met", "Bob", ". Right", "Right")
    (spans,) = read_hits(reader, ["Who?"], [[hit]], {"a": found}, CONFIDENCE)
    first = max(0, start - AROUND)
    assert reader.texts == [text[first : hit.passage.end + AROUND]]
    assert [(span.start, span.text) for span in spans] == [
        (start, "Ada met"),
        (text.index("Bob"), "Bob"),
    ]
    assert all(found.text[span.start : span.end] == span.text for span in spans)


def test_what_stands_before_a_passage_says_what_it_is_about() -> None:
    """Of a passage that names nothing, the sentence before it tells who is meant."""
    lead = "The Marsden lighthouse was designed by Eleanor Marsh."
    text = f"{lead} It was lit for the first time in 1842, and was 31 metres high."
    found, reader = article(text), SpanReader.load()
    hit = hit_of(found, len(lead) + 1, len(text))
    question = "How high was the Marsden lighthouse?"
    (spans,) = read_hits(reader, [question], [[hit]], {"a": found}, CONFIDENCE)
    best = max(spans, key=lambda span: span.score)
    ((alone, *_),) = reader.read([(question, hit.passage.text)])
    assert best.text == "31 metres"
    assert best.score > alone.score


def test_reading_ends_where_nothing_unread_is_likely_to_rank_first() -> None:
    """A span must be ahead of the best unread passage by the lead; several things need all."""
    text = "Ada won the prize."
    unread = hit_of(article(text), 0, len(text))
    found = Span("a", 0, 3, "Ada", 4.0, 0.5, unread)  # the score of both hits is 0.1
    assert settled("who won?", [found], [unread], CONFIDENCE)
    assert not settled("who won?", [found], [replace(unread, score=0.11)], CONFIDENCE)
    assert not settled("which people won?", [found], [unread], CONFIDENCE)
    assert not settled("who won?", [], [unread], CONFIDENCE)
    unfitted = replace(CONFIDENCE, lead=float("inf"))
    assert not settled("who won?", [found], [unread], unfitted)
