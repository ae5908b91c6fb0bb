"""Texts → candidate spans: a BERT span reader, run in batched windows.

Every score is normalised by the window's own score for "no answer", start + end at [CLS], so
that spans of different windows and passages compare (as in PrimeQA and Wang et al. 2019).
The reader knows nothing of articles: it sees pairs of a question and a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import regex
from numpy.lib.stride_tricks import sliding_window_view

from index.embedder import FloatArray
from index.errors import ModelError
from index.inference.forward import Forward, Inputs, TorchForward
from index.inference.graphs import Source, load_graph
from index.inference.runtime import Runtime, choose
from qa.reader_model import DEFAULT_MODEL, check_files, load_module, load_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WINDOW = 384  # word pieces of question, text and special ones
_STRIDE = 128  # word pieces that two windows of a long text share
_QUESTION = 96  # word pieces of a question that are read
_LONGEST = 30  # word pieces of an answer
_BATCH = 2  # windows; more gain nothing on a CPU, and waste padding
_SPANS = 5  # candidates kept of a text

_CLOSE = 0.5  # by which scores in bfloat16 may differ
_COMPARED = (  # what a graph is compared with torch on
    (
        "Who built the lighthouse?",
        "The lighthouse was built in 1842 by Eleanor Marsh on the northern cape.",
    ),
    (
        "When did the canal reopen?",
        "The canal was closed by the war of 1967. It reopened on 5 June 1975, and has stayed open.",
    ),
    (
        "What was the keeper called?",
        "Nothing of note happened that day. " * 60 + "The keeper was called Marta Lind.",
    ),
)

_GRAPHEME = regex.compile(r"\X")
_WORD = regex.compile(r"\p{N}+(?:[.,:]\p{N}+)*|[\p{L}\p{M}\p{N}]+")
_TRIMMED = " \t\n,;:–—"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span of a text that may answer a question; offsets are code points of the text."""

    start: int
    end: int
    score: float  # start + end logits, less those of "no answer" and what its length costs
    probability: float  # 0..1, among the window's spans and "no answer"


class Reader(Protocol):
    """What the answer side needs of a reader."""

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """Return for each (question, text) its best spans, best first, none overlapping."""


def special_tokens(tokenizer: Tokenizer) -> tuple[int, int, int]:
    """Return the ids of [CLS], [SEP] and [PAD].

    Raises:
        ModelError: the tokenizer is not BERT's.

    """
    found = [tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]")]
    known = [token for token in found if token is not None]
    if len(known) < len(found):
        raise ModelError("the reader's tokenizer lacks [CLS], [SEP] or [PAD]; expected a BERT one")
    return known[0], known[1], known[2]


@dataclass(frozen=True, slots=True)
class _Window:
    pair: int
    ids: list[int]  # [CLS] question [SEP] text [SEP]
    first: int  # where the text's pieces begin in ids
    offsets: list[tuple[int, int]]  # of the text's pieces in this window


class SpanReader:
    """A `Reader` over the forward pass of a question-answering model; use `load`."""

    def __init__(self, forward: Forward, tokenizer: Tokenizer, brevity: float = 0.0) -> None:
        self.runtime = forward.runtime
        self._brevity = brevity
        self._forward = forward
        self._tokenizer = tokenizer
        self._cls, self._sep, self._pad = special_tokens(tokenizer)

    @classmethod
    def load(
        cls,
        folder: Path = DEFAULT_MODEL,
        *,
        brevity: float = 0.0,
        runtime: Runtime | None = None,
    ) -> SpanReader:
        """Load a BERT-like extractive reader from a folder.

        Args:
            folder: of its files.
            brevity: what each word piece of a span after the first costs of its score.
            runtime: what runs it; by default what `runtime.choose` says.

        Raises:
            ModelError: the folder is missing or damaged, holds pickled weights, or no span reader.
            RuntimeUnknown: $FOOTNOTE_RUNTIME names no runtime.

        """
        fingerprint = check_files(folder)
        tokenizer = load_tokenizer(folder)
        forward: Forward | None = None
        if (runtime or choose().runtime) is Runtime.OPENVINO:
            forward = load_graph("reader", fingerprint, lambda: cls._source(folder, tokenizer))
        return cls(forward or TorchForward(load_module(folder)), tokenizer, brevity)

    @classmethod
    def _source(cls, folder: Path, tokenizer: Tokenizer) -> Source:
        """Return the model of a folder as torch has it, to compare spans with."""
        module = load_module(folder)

        def differs(forward: Forward) -> str:
            expected = cls(TorchForward(module), tokenizer).read(_COMPARED)
            found = cls(forward, tokenizer).read(_COMPARED)
            for (question, _), one, other in zip(_COMPARED, expected, found, strict=True):
                if not _alike(one[0], other[0]):
                    return f"openvino and torch read other answers to {question!r}"
            return ""

        return Source(module, differs)

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """See `Reader.read`."""
        windows = [window for i, pair in enumerate(pairs) for window in self._windows(i, *pair)]
        windows.sort(key=lambda window: len(window.ids))
        found: list[list[Candidate]] = [[] for _ in pairs]
        for first in range(0, len(windows), _BATCH):
            batch = windows[first : first + _BATCH]
            for window, start, end in zip(batch, *self._logits(batch), strict=True):
                found[window.pair] += _candidates(window, start, end, self._brevity)
        return [
            distinct([_tidy(text, candidate) for candidate in candidates])[:_SPANS]
            for (_, text), candidates in zip(pairs, found, strict=True)
        ]

    def _windows(self, number: int, question: str, text: str) -> Iterator[_Window]:
        """Yield the windows of a pair; the question is cut at `_QUESTION` word pieces."""
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:_QUESTION]
        pieces = self._tokenizer.encode(text, add_special_tokens=False)
        head = [self._cls, *asked, self._sep]
        size = _WINDOW - len(head) - 1
        for first in range(0, max(len(pieces.ids) - _STRIDE, 1), size - _STRIDE):
            if ids := pieces.ids[first : first + size]:
                offsets = pieces.offsets[first : first + size]
                yield _Window(number, [*head, *ids, self._sep], len(head), offsets)

    def _logits(self, batch: Sequence[_Window]) -> tuple[FloatArray, FloatArray]:
        """Return the start and the end logits of windows, each `(len(batch), longest)`."""
        outputs = self._forward(
            Inputs.padded(
                [window.ids for window in batch],
                pad=self._pad,
                second=[window.first for window in batch],
            )
        )
        return outputs["start_logits"], outputs["end_logits"]


def _alike(one: Candidate, other: Candidate) -> bool:
    """Say whether two readings of a text are the same but for the last bits of a number."""
    close = abs(one.score - other.score) <= _CLOSE
    return close and (one.start, one.end) == (other.start, other.end)


def _candidates(
    window: _Window, start: FloatArray, end: FloatArray, brevity: float
) -> list[Candidate]:
    """Return a window's best spans from its start and end logits `(length,)`."""
    n = len(window.offsets)
    null = float(start[0] + end[0])
    starts = start[window.first : window.first + n]
    ends = np.full(n + _LONGEST - 1, -np.inf, dtype=np.float32)
    ends[:n] = end[window.first : window.first + n]
    band = starts[:, None] + sliding_window_view(ends, _LONGEST)  # (n, longest answer)
    cost = np.arange(_LONGEST, dtype=np.float32) * brevity
    scores: FloatArray = (band - null - cost).ravel()
    top = max(float(scores.max()), 0.0)
    total = float(np.exp(scores - top).sum() + np.exp(-top))
    best = np.argsort(-scores, kind="stable")[: 8 * _SPANS]
    spans = [
        Candidate(
            start=window.offsets[i // _LONGEST][0],
            end=window.offsets[i // _LONGEST + i % _LONGEST][1],
            score=float(scores[i]),
            probability=float(np.exp(scores[i] - top) / total),
        )
        for i in best.tolist()
        if np.isfinite(scores[i])
    ]
    return distinct(spans)


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates by falling score, without those that overlap a better one."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.score):
        if candidate.end > candidate.start and all(
            candidate.end <= other.start or candidate.start >= other.end for other in kept
        ):
            kept.append(candidate)
    return kept


def _tidy(text: str, candidate: Candidate) -> Candidate:
    """Return the candidate with whole words and graphemes and no punctuation hanging on it."""
    start, end = widen(text, candidate.start, candidate.end)
    while start < end and text[start] in _TRIMMED:
        start += 1
    while end > start and text[end - 1] in _TRIMMED:
        end -= 1
    return Candidate(start, end, candidate.score, candidate.probability)


def widen(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span widened so that it cuts no word, number or grapheme (UAX #29)."""
    around = max(0, start - 64), min(len(text), end + 64)
    for pattern in (_WORD, _GRAPHEME):
        for match in pattern.finditer(text, *around):
            if match.start() < start < match.end():
                start = match.start()
            if match.start() < end < match.end():
                end = match.end()
    return start, end
