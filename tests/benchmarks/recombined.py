"""Any number of articles with vectors, made from an index of real ones.

The first are the real ones, in an order drawn by a seed. Beyond, articles are recombined: four
passages each, every passage of alternating sentences of two real ones. Embedding a million of
them would take hours, so a recombined passage's vector is NOT the encoder's: it is the mixture of
the two real vectors by their shares of the text, with a little noise, of norm 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.articles import article_id
from index.chunker import Cut
from index.embedder import FloatArray
from index.home import Home
from index.rows import SourceRow, StoreMeta
from index.sentences import sentence_ends
from index.values import Article, text_sha256

PASSAGES = 4  # of a recombined article
NOISE = 0.01  # standard deviation in each dimension: of norm 0.2 in 384


@dataclass(frozen=True, slots=True)
class Made:
    """An article, where its passages lie, and their vectors `(len(cuts), dimension)`."""

    article: Article
    cuts: list[Cut]
    vectors: FloatArray

    @property
    def row(self) -> SourceRow:
        """The place that the article was read from."""
        return SourceRow(self.article.source, self.article.id, self.article.source, "")


@dataclass(frozen=True, slots=True)
class Real:
    """A real index's articles, whole, and the sentences of its passages."""

    meta: StoreMeta
    articles: list[Made]
    titles: list[str]  # of each passage's article
    sentences: list[list[str]]  # of each passage
    vectors: FloatArray  # (passages, dimension) of norm 1

    @classmethod
    def read(cls, path: Path) -> Real:
        """Read an index; its articles in the order of arrival."""
        store = Home(path).open_store()
        try:
            meta = store.meta()
            ids = store.passage_ids()
            vectors = store.vectors(ids)  # (passages, dimension)
            places = {passage_id: number for number, passage_id in enumerate(ids)}
            articles = []
            titles, sentences = [""] * len(ids), [[""]] * len(ids)
            for article in store.all_articles():
                mine = store.passage_ids([article.id])
                cuts = [Cut(p.start, p.end) for p in store.passages(mine)]
                numbers = [places[passage_id] for passage_id in mine]
                articles.append(Made(article, cuts, vectors[numbers]))
                for number, cut in zip(numbers, cuts, strict=True):
                    titles[number] = article.title
                    sentences[number] = _sentences(article.text[cut.start : cut.end])
        finally:
            store.close()
        return cls(meta, articles, titles, sentences, vectors)


def grown(real: Real, size: int, seed: int) -> Iterator[Made]:
    """Yield articles of `size` passages together; a smaller collection begins a larger one."""
    draw = np.random.default_rng(seed)
    left = size
    for number in draw.permutation(len(real.articles)):
        made = real.articles[number]
        if left > 0:
            yield Made(made.article, made.cuts[:left], made.vectors[:left])
        left -= len(made.cuts)
    number = 0
    while left > 0:
        made = _recombined(real, number, min(PASSAGES, left), draw)
        yield made
        left -= len(made.cuts)
        number += 1


def _recombined(real: Real, number: int, passages: int, draw: np.random.Generator) -> Made:
    """Return the article of that number among the recombined ones."""
    texts, rows, cuts = [], [], []
    pairs = draw.integers(len(real.vectors), size=(passages, 2))
    begin = 0
    for one, other in pairs:
        text, share = _mixed(real.sentences[one], real.sentences[other])
        noise = NOISE * draw.standard_normal(real.vectors.shape[1], dtype=np.float32)
        row = share * real.vectors[one] + (1 - share) * real.vectors[other]
        row = row / np.linalg.norm(row) + noise
        rows.append(row / np.linalg.norm(row))
        texts.append(text)
        cuts.append(Cut(begin, begin + len(text)))
        begin += len(text) + 2
    text = "\n\n".join(texts)
    source = f"recombined/{number}"
    title = real.titles[pairs[0][0]]
    article = Article(article_id(source), title, text, source, text_sha256(text))
    return Made(article, cuts, np.array(rows, dtype=np.float32))


def _mixed(one: list[str], other: list[str]) -> tuple[str, float]:
    """Return every second sentence of each of two passages, and the first one's share, 0..1."""
    first, second = one[::2], other[1::2] or other
    pieces = [piece for pair in zip(first, second, strict=False) for piece in pair]
    pieces += first[len(second) :] + second[len(first) :]
    text = " ".join(pieces)
    return text, sum(map(len, first)) / max(1, sum(map(len, pieces)))


def _sentences(text: str) -> list[str]:
    ends = sentence_ends(text)
    begins = (0, *ends[:-1])
    return [text[begin:end].strip() for begin, end in zip(begins, ends, strict=True)] or [text]
