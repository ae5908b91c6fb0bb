"""Borders of sentences and paragraphs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.articles import normalise
from index.sentences import paragraph_ends, sentence_around, sentence_ends

TEXTS = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("aB1.!?…。؟ \n\n\u2003\u0301😀")
).map(normalise)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("", []),
        ("One.", [4]),
        ("One.\n\nTwo.", [6, 10]),
        ("One\ntwo.\n\n  Three", [12, 17]),
        ("A\n\u2003\nB", [4, 5]),
    ],
)
def test_paragraph_ends(text: str, ends: list[int]) -> None:
    """A paragraph ends behind its blank lines, and the last one with the text."""
    assert paragraph_ends(text) == ends


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("One two. Three four.", ["One two. ", "Three four."]),
        ("Dr. Smith went. He left.", ["Dr. Smith went. ", "He left."]),
        ("It cost $4.50. Cheap!", ["It cost $4.50. ", "Cheap!"]),
        ("A heading\n\nOne. Two.", ["A heading\n\n", "One. ", "Two."]),
        ("😀😀 is one. Is é two?", ["😀😀 is one. ", "Is é two?"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    """A sentence ends behind the space that follows it, counted in code points."""
    borders = (0, *sentence_ends(text))
    assert [text[a:b] for a, b in pairwise(borders)] == sentences


@given(TEXTS)
@example("a.\n\n\u0301b. c")
def test_sentence_ends_part_the_text(text: str) -> None:
    """Sentence ends increase up to the text's end, none before a space, each paragraph's among."""
    ends = sentence_ends(text)
    assert all(a < b for a, b in pairwise((0, *ends)))
    assert set(paragraph_ends(text)) <= set(ends)
    assert not any(text[end : end + 1].isspace() for end in ends)
    assert (ends[-1] if ends else 0) == len(text)


def test_sentence_around_a_span() -> None:
    """The sentence around a span has no space at its ends; a span over two gets both."""
    text = "One two. Three four. Five."
    assert sentence_around(text, 9, 14) == (9, 20)  # "Three"
    assert sentence_around(text, 4, 7) == (0, 8)  # "two"
    assert sentence_around(text, 15, 25) == (9, 26)  # "four. Five"


@given(TEXTS.filter(bool), st.data())
def test_sentence_holds_its_span(text: str, data: st.DataObject) -> None:
    """Whatever the span, the sentence around it lies in the text and holds it whole."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    first, last = sentence_around(text, start, end)
    assert 0 <= first <= start < end <= last <= len(text)
    if text[start:end].strip() == text[start:end]:
        assert text[first:last] == text[first:last].strip()
