"""Article → passages: stretches that the encoder reads whole, cut at paragraphs and sentences.

`langchain-text-splitters` decides where to cut. Its `start_index` can point at a wrong
occurrence of a repeated text (langchain #21475), so offsets are never searched for: borders
are marked in a copy of the text by two characters that a canonical text cannot hold, the
pieces that come back are contiguous, and their lengths without the marks are the offsets.
Overlap is added afterwards, by moving a passage's start back to an earlier sentence border.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.sentences import paragraph_ends, sentence_ends

_PARAGRAPH, _SENTENCE = "\x1d", "\x1e"  # control characters: `normalise` removes them
_MARKS = str.maketrans("", "", _PARAGRAPH + _SENTENCE)
_LONGEST = 100  # characters of a token: to the encoder any longer word is one, unknown


@dataclass(frozen=True, slots=True)
class Chunking:
    """How articles are cut: lengths in the encoder's word pieces, without the special ones."""

    max_tokens: int = 240
    overlap_tokens: int = 40

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_tokens < self.max_tokens:
            raise ValueError(
                f"overlap_tokens is {self.overlap_tokens}; expected 0 ≤ overlap_tokens"
                f" < max_tokens ({self.max_tokens})"
            )


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one passage lies in its text: half-open code points."""

    start: int
    end: int


def chunk(text: str, count_tokens: Callable[[str], int], chunking: Chunking) -> list[Cut]:
    """Cut a canonical text into passages.

    Starts and ends are strictly increasing, every character that is not white space lies in a
    passage, and no passage starts or ends with white space. A passage holds at most
    `chunking.max_tokens` tokens, and 100 times as many characters; its first part of up to
    `overlap_tokens` repeats the end of the one before.

    Raises:
        ValueError: the text holds one of the two border marks, so it was not normalised.

    """
    if _PARAGRAPH in text or _SENTENCE in text:
        raise ValueError("the text holds control characters; pass it through `normalise` first")
    pieces = _split(text, count_tokens, chunking.max_tokens - chunking.overlap_tokens)
    borders = sentence_ends(text)
    cuts: list[Cut] = []
    position = 0
    for piece in pieces:
        end = position + len(piece)
        if piece.strip():
            start = _overlap_start(text, position, borders, count_tokens, chunking.overlap_tokens)
            cut = _trim(text, start if cuts else position, end)
            if cuts and cut.start <= cuts[-1].start:  # an overlap must not reach further back
                cut = _trim(text, position, end)
            cuts.append(cut)
        position = end
    if position != len(text):
        raise AssertionError(f"pieces cover {position} of {len(text)} characters")
    return cuts


def _split(text: str, count_tokens: Callable[[str], int], size: int) -> list[str]:
    """Return contiguous pieces of at most `size` tokens whose concatenation is the text."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    @cache  # the splitter asks for a piece's length at each of its levels
    def length(piece: str) -> int:
        # At least 1: the splitter would repeat a piece of length 0, as a second space is.
        plain = piece.translate(_MARKS)
        return max(1, count_tokens(plain), -(-len(plain) // _LONGEST)) if plain else 0

    options: dict[str, Any] = {"strip_whitespace": False, "chunk_overlap": 0}
    splitter = RecursiveCharacterTextSplitter(
        separators=[_PARAGRAPH, _SENTENCE, "\n", " ", ""],
        keep_separator="end",
        chunk_size=size,
        length_function=length,
        **options,
    )
    pieces = (piece.translate(_MARKS) for piece in splitter.split_text(_marked(text)))
    return [piece for piece in pieces if piece]


def _marked(text: str) -> str:
    """Return the text with a mark after each paragraph and each other sentence."""
    paragraphs = set(paragraph_ends(text))
    parts: list[str] = []
    start = 0
    for end in sentence_ends(text):
        parts += (text[start:end], _PARAGRAPH if end in paragraphs else _SENTENCE)
        start = end
    parts.append(text[start:])
    return "".join(parts)


def _overlap_start(
    text: str,
    position: int,
    borders: tuple[int, ...],
    count_tokens: Callable[[str], int],
    overlap: int,
) -> int:
    """Return the earliest sentence border from which to `position` fits into `overlap` tokens.

    It looks back no further than so many tokens can reach, however far the next border is.
    """
    start = position
    for number in range(bisect_left(borders, position) - 1, -2, -1):
        border = borders[number] if number >= 0 else 0
        if position - border > overlap * _LONGEST:
            break
        if count_tokens(text[border:position]) > overlap:
            break
        start = border
    return start


def _trim(text: str, start: int, end: int) -> Cut:
    """Return the cut without white space at its ends."""
    piece = text[start:end]
    return Cut(start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip()))
