"""Sentence and paragraph borders of a text, as offsets; `sentencex` finds the sentences."""

from __future__ import annotations

import re
from functools import lru_cache

_PARAGRAPH_BREAK = re.compile(r"\n[^\S\n]*\n\s*")
_SPACE = re.compile(r"\s*")


def paragraph_ends(text: str) -> list[int]:
    """Return the offset after each paragraph and its blank lines, increasing, `len(text)` last."""
    ends = [match.end() for match in _PARAGRAPH_BREAK.finditer(text)]
    if text and (not ends or ends[-1] != len(text)):
        ends.append(len(text))
    return ends


@lru_cache(maxsize=256)
def sentence_ends(text: str, language: str = "en") -> tuple[int, ...]:
    """Return the offset after each sentence and the space behind it, `len(text)` last.

    Offsets are code points, strictly increasing; a paragraph's end always ends a sentence.
    """
    import sentencex

    ends: set[int] = set()
    start = 0
    for end in paragraph_ends(text):
        # A paragraph at a time: sentencex knows no heading that lacks a full stop.
        for boundary in sentencex.get_sentence_boundaries(language, text[start:end]):
            ends.add(_after_space(text, start + int(boundary["end_index"])))
        ends.add(end)
        start = end
    return tuple(sorted(end for end in ends if 0 < end <= len(text)))


def _after_space(text: str, position: int) -> int:
    """Return where the space that begins at `position` ends."""
    space = _SPACE.match(text, position)
    return space.end() if space else position


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the sentence(s) that hold `text[start:end]`, without space around it."""
    borders = (0, *sentence_ends(text))
    first = max(border for border in borders if border <= start)
    last = min((border for border in borders if border >= end), default=len(text))
    sentence = text[first:last]
    first += len(sentence) - len(sentence.lstrip())
    last -= len(sentence) - len(sentence.rstrip())
    return min(first, start), max(last, end)
