"""Stand-ins for the two models: deterministic, without weights, and quick."""

from __future__ import annotations

import hashlib
import random
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.embedder import FloatArray
from qa.reader import Candidate, distinct

_WORD = re.compile(r"\w+")
_BATCH = 4  # texts between two reports of progress


@dataclass
class HashEmbedder:
    """An `Embedder` whose vector counts a text's words by their hash; a token is a word.

    It remembers what it encoded, so that a test can count it.
    """

    name: str = "words-by-hash"
    fingerprint: str = "0123456789abcdef" * 4
    dimension: int = 256
    encoded: list[str] = field(default_factory=list)  # passages, in the order they came

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(text.split())

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """See `Embedder.encode_passages`."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)  # (n, dimension)
        for number, text in enumerate(texts, 1):
            self.encoded.append(text)
            rows[number - 1] = self._vector(text)
            if progress is not None and (number % _BATCH == 0 or number == len(texts)):
                progress(number)
        return rows

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """See `Embedder.encode_questions`."""
        rows = [self._vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)

    def _vector(self, text: str) -> FloatArray:
        """Return the unit vector `(dimension,)` of a text; without words, the first axis."""
        row = np.zeros(self.dimension, dtype=np.float32)
        for word in _WORD.findall(text.casefold()):
            row[zlib.crc32(word.encode("utf-8", "replace")) % self.dimension] += 1
        if not row.any():
            row[0] = 1
        unit: FloatArray = row / np.linalg.norm(row)
        return unit


class StandInReader:
    """A `Reader` whose spans are drawn from a text's words by a seed that the text gives."""

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """See `Reader.read`; the question is not looked at."""
        return [self._spans(text) for _, text in pairs]

    def _spans(self, text: str) -> list[Candidate]:
        """Return up to five spans of one to six words."""
        words = [match.span() for match in _WORD.finditer(text)]
        if not words:
            return []
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        draw = random.Random(digest)  # noqa: S311 - spans to test with, no secret
        spans = []
        for _ in range(5):
            first = draw.randrange(len(words))
            last = min(first + draw.randrange(6), len(words) - 1)
            score, probability = draw.uniform(-10, 10), draw.random()
            spans.append(Candidate(words[first][0], words[last][1], score, probability))
        return distinct(spans)
