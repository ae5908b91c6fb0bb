"""Examples → windows of word pieces → batches of like length, in an order that a seed fixes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.reader import special_tokens
from qa.training.examples import Example

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_QUESTION = 64  # word pieces of a question
_ROUND = 16  # lengths are padded to a multiple of this
_POOL = 64  # batches' worth of windows that are sorted by length together


@dataclass(frozen=True, slots=True)
class Window:
    """[CLS] question [SEP] part of a passage [SEP], and the answers' places in it."""

    ids: np.ndarray[Any, np.dtype[np.uint16]]
    first: int  # where the passage begins in ids
    spans: tuple[tuple[int, int], ...]  # first and last word piece of each answer, in ids


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays `(windows, length)`; `starts` and `ends` hold one row for each answer's place.

    Windows without an answer have one place, [CLS]. `owner` is each place's window.
    """

    ids: np.ndarray[Any, np.dtype[np.int64]]
    mask: np.ndarray[Any, np.dtype[np.int64]]
    types: np.ndarray[Any, np.dtype[np.int64]]
    owner: np.ndarray[Any, np.dtype[np.int64]]
    starts: np.ndarray[Any, np.dtype[np.int64]]
    ends: np.ndarray[Any, np.dtype[np.int64]]


def windows(
    examples: Iterable[Example],
    tokenizer: Tokenizer,
    *,
    size: int,
    occurrences: bool = False,
    seed: int = 0,
) -> Iterator[Window]:
    """Yield one window of at most `size` word pieces of each example.

    A passage that is longer is cut at random so that the (first) answer is whole in the window;
    an answer that does not fit is left out with its example. With `occurrences` every place that
    holds the answer counts, else the first, which is the one that the data names.
    """
    cls, sep, _ = special_tokens(tokenizer)
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    for example in examples:
        question = tokenizer.encode(example.question, add_special_tokens=False).ids[:_QUESTION]
        passage = tokenizer.encode(example.passage, add_special_tokens=False)
        room = size - len(question) - 3
        spans = [
            span
            for place in (example.spans if occurrences else example.spans[:1])
            if (span := _pieces(passage.offsets, *place)) is not None
        ]
        if len(spans) < min(1, len(example.spans)):
            continue
        start = 0
        if (spare := len(passage.ids) - room) > 0:
            low, high = (0, spare)
            if spans:
                low, high = max(0, spans[0][1] + 1 - room), min(spare, spans[0][0])
            if low > high:
                continue
            start = rng.randint(low, high)
        ids = [cls, *question, sep, *passage.ids[start : start + room], sep]
        first = len(question) + 2
        inside = [
            (s - start + first, e - start + first)
            for s, e in spans
            if s >= start and e < start + room
        ]
        yield Window(np.array(ids, dtype=np.uint16), first, tuple(inside))


def _pieces(offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """Return the first and the last word piece of the code points [start, end)."""
    touched = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    return (touched[0], touched[-1]) if touched else None


def batches(
    pool: Sequence[Window], *, pieces: int, pad: int, seed: int, epochs: int = 1
) -> Iterator[Batch]:
    """Yield the batches of a whole run, each of at most `pieces` padded word pieces."""
    for epoch in range(epochs):
        for group in _groups([len(w.ids) for w in pool], pieces, seed + epoch):
            yield collate([pool[i] for i in group], pad)


def count(pool: Sequence[Window], *, pieces: int, seed: int, epochs: int = 1) -> int:
    """Return the number of batches that `batches` yields."""
    lengths = [len(w.ids) for w in pool]
    return sum(len(_groups(lengths, pieces, seed + epoch)) for epoch in range(epochs))


def _groups(lengths: Sequence[int], pieces: int, seed: int) -> list[list[int]]:
    """Return windows by number in batches: shuffled, sorted within pools, batches shuffled."""
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    order = list(range(len(lengths)))
    rng.shuffle(order)
    size = _POOL * max(1, pieces // 160)
    groups: list[list[int]] = []
    for first in range(0, len(order), size):
        group: list[int] = []
        for i in sorted(order[first : first + size], key=lambda i: lengths[i]):
            if group and (len(group) + 1) * _padded(lengths[i]) > pieces:
                groups.append(group)
                group = []
            group.append(i)
        groups.append(group)
    rng.shuffle(groups)
    return groups


def _padded(length: int) -> int:
    return -(-length // _ROUND) * _ROUND


def collate(group: Sequence[Window], pad: int) -> Batch:
    """Return the arrays of some windows."""
    longest = _padded(max(len(w.ids) for w in group))
    ids = np.full((len(group), longest), pad, dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for row, window in enumerate(group):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
        types[row, window.first : len(window.ids)] = 1
    places = [(row, *span) for row, w in enumerate(group) for span in (w.spans or ((0, 0),))]
    owner, starts, ends = np.array(places, dtype=np.int64).T
    return Batch(ids, mask, types, owner, starts, ends)
