"""Passages: where articles are cut."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.articles import normalise
from index.chunker import Chunking, chunk

UNICODE = st.text(st.characters(exclude_categories=()) | st.sampled_from("ab.!? \n\u2003\u0301"))
REPEATS = st.lists(  # texts whose every part comes again and again
    st.tuples(
        st.sampled_from(["the cat", "sat.", "The", "a", "aaaaaaaa", "cat!", "\u200b", "é"]),
        st.sampled_from([" ", "  ", "\n", "\n\n", ". ", "", "\u2003", "\n  "]),
    ),
    max_size=40,
).map(lambda pairs: "".join(a + b for a, b in pairs))
TEXTS = (UNICODE | REPEATS).map(normalise)


def words(text: str) -> int:
    """Count words: what is longer than the limit can be one token."""
    return len(text.split())


def visible(text: str) -> int:
    """Count characters other than spaces: words can be longer than the limit."""
    return sum(not character.isspace() for character in text)


@st.composite
def chunkings(draw: st.DrawFn) -> Chunking:
    """Draw a small limit and an overlap below it."""
    limit = draw(st.integers(1, 12))
    return Chunking(limit, draw(st.integers(0, limit - 1)))


def passages(text: str, max_tokens: int, overlap: int = 0) -> list[str]:
    """Return the texts of the passages, counted in words."""
    return [text[c.start : c.end] for c in chunk(text, words, Chunking(max_tokens, overlap))]


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([words, visible, len]), chunkings())
@example("a  b  c  d  e", words, Chunking(1, 0))
@example("one  two  three  four", words, Chunking(2, 1))
@example("aa\u200baaa", lambda text: text.count("a"), Chunking(2, 0))
def test_passages_hold_the_text(text: str, count: Callable[[str], int], chunking: Chunking) -> None:
    """Passages move forward, are trimmed, cover every visible character and keep the limit."""
    cuts = chunk(text, count, chunking)
    for one, other in pairwise(cuts):
        assert one.start < other.start
        assert one.end < other.end
    covered: set[int] = set()
    for cut in cuts:
        assert 0 <= cut.start < cut.end <= len(text)
        passage = text[cut.start : cut.end]
        assert passage == passage.strip()
        assert count(passage) <= chunking.max_tokens
        covered.update(range(cut.start, cut.end))
    assert all(text[i].isspace() for i in set(range(len(text))) - covered)


@given(TEXTS, chunkings())
def test_overlap_keeps_its_limit(text: str, chunking: Chunking) -> None:
    """What a passage shares with the one before has at most as many tokens as the overlap."""
    cuts = chunk(text, words, chunking)
    for one, other in pairwise(cuts):
        assert words(text[other.start : one.end]) <= chunking.overlap_tokens


def test_overlap_begins_at_a_sentence() -> None:
    """The end of a passage comes again in the next, from the start of a sentence that fits."""
    text = "One two three. Four five six. Seven eight nine. Ten eleven."
    assert passages(text, 9, 3) == [
        "One two three. Four five six.",
        "Four five six. Seven eight nine. Ten eleven.",
    ]


def test_sentence_longer_than_the_overlap_is_not_repeated() -> None:
    """Where the last sentence does not fit into the overlap, nothing is repeated."""
    text = "One two three. Four five six. Seven eight nine. Ten eleven."
    assert passages(text, 8, 2) == [
        "One two three. Four five six.",
        "Seven eight nine. Ten eleven.",
    ]


def test_paragraph_is_kept_whole() -> None:
    """A paragraph that fits is not cut, though the start of it would fit into the one before."""
    assert passages("A b. C d.\n\nE f. G h i j.", 6) == ["A b. C d.", "E f. G h i j."]


def test_small_paragraphs_share_a_passage() -> None:
    """Paragraphs are put together as long as they fit."""
    assert passages("A b.\n\nC d.\n\nE f.\n\nG h.", 6) == ["A b.\n\nC d.\n\nE f.", "G h."]


def test_long_sentence_is_cut_between_words() -> None:
    """A sentence longer than a passage is cut between two words."""
    assert passages("a b c d e f g", 3) == ["a b c", "d e f", "g"]


def test_very_long_word_is_cut() -> None:
    """A word longer than a passage is cut wherever the limit falls."""
    cuts = chunk("x" * 1000, len, Chunking(100, 20))  # 80 new characters each
    assert [cut.start for cut in cuts] == list(range(0, 1000, 80))
    assert [cut.end for cut in cuts] == [*range(80, 1000, 80), 1000]


def test_long_text_without_sentences() -> None:
    """What is counted grows with the text alone where no sentence ends, as in a table."""

    def counted(length: int) -> int:
        read: list[int] = []

        def count(text: str) -> int:
            read.append(len(text))
            return len(text.split())

        chunk(" ".join(f"w{number:05}" for number in range(length)), count, Chunking())
        return sum(read)

    assert counted(16_000) < 2.5 * counted(8_000)


def test_words_of_one_token_are_cut() -> None:
    """A passage is bounded in characters, though a word of any length may be one token."""
    text = " ".join(["A" * 3000] * 40)
    cuts = chunk(text, words, Chunking(20, 5))
    assert max(cut.end - cut.start for cut in cuts) <= 2000
    assert "".join(text[cut.start : cut.end] for cut in cuts) == text.replace(" ", "")


def test_runs_of_spaces() -> None:
    """Double spaces in a sentence longer than a passage, as tables have them, do no harm."""
    text = "  ".join(str(number) for number in range(300))
    found = passages(text, 240, 40)
    assert " ".join(found).split() == text.split()


def test_repeated_texts_are_told_apart() -> None:
    """The same paragraph three times gives three passages, each at its own place."""
    cuts = chunk("Same words here.\n\n" * 2 + "Same words here.", words, Chunking(3, 0))
    assert [(cut.start, cut.end) for cut in cuts] == [(0, 16), (18, 34), (36, 52)]


def test_text_without_content() -> None:
    """An empty text has no passages."""
    assert chunk("", words, Chunking()) == []


@pytest.mark.parametrize("mark", ["\x1d", "\x1e"])
def test_text_that_was_not_normalised(mark: str) -> None:
    """A text that holds a border mark is refused."""
    with pytest.raises(ValueError, match="pass it through `normalise` first"):
        chunk(f"a{mark}b", words, Chunking())


@pytest.mark.parametrize(("limit", "overlap"), [(0, 0), (5, 5), (5, -1), (-3, -4)])
def test_impossible_chunking(limit: int, overlap: int) -> None:
    """An overlap must be less than the limit, and not negative."""
    with pytest.raises(ValueError, match="expected 0 ≤ overlap_tokens < max_tokens"):
        Chunking(limit, overlap)
