"""The values that leave `index/`: articles, passages, and what a change to the index did.

Offsets everywhere are half-open code points in an article's canonical text: the text as it
was normalised once at ingest and frozen. `article.text[p.start:p.end] == p.text` always holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Article:
    """One article as the index holds it.

    Two articles are equal when id and hash are: the hash stands for the text, so an article
    restored from an answer's dictionary, which carries no text, equals the one it came from.
    """

    id: str
    title: str = field(compare=False)
    text: str = field(compare=False, repr=False)
    source: str = field(compare=False)  # the file's path, or "upload:NAME"
    sha256: str  # of `text`
    date: str | None = field(default=None, compare=False)  # ISO 8601, as far as the file says
    metadata: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the article as plain data, without its text."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "sha256": self.sha256,
            "date": self.date,
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Article:
        """Return the article of `to_dict`; its text is empty."""
        return cls(text="", **data)


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """One line of the index's list of articles."""

    id: str
    title: str
    date: str | None
    source: str
    sha256: str
    characters: int
    passages: int
    copies: tuple[str, ...] = ()  # further paths with the same text


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of an article, as long as the encoder reads at once.

    `id` is never used again for another passage, also after the passage has gone.
    """

    id: int
    article_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage id with its score in one retriever; higher is better."""

    passage_id: int
    score: float


class Stage(StrEnum):
    """The stages that a change to the index reports its progress in, in their order."""

    READ = "reading"
    EMBED = "embedding"
    WRITE = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a change to the index is: `done` of `total` files, or passages, of a stage."""

    stage: Stage
    done: int
    total: int
    item: str = ""


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """What was found about one file: why it was skipped, or what was done to read it."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a change did: article ids added, updated, removed, and files skipped with reasons."""

    generation: int
    articles: int  # in the index after the change
    passages: int  # in the index after the change
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Notice, ...] = ()
    duplicates: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    embedded: int = 0  # passages that went through the encoder
    seconds: float = 0.0

    def __str__(self) -> str:
        changes = [
            f"{len(ids)} {word}"
            for word, ids in (
                ("added", self.added),
                ("updated", self.updated),
                ("removed", self.removed),
                ("unchanged", self.unchanged),
                ("skipped", self.skipped),
                ("duplicates", self.duplicates),
            )
            if ids
        ]
        return (
            f"{self.articles} articles, {self.passages} passages"
            f" ({', '.join(changes) or 'no change'}) in {self.seconds:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index is: its size, generation, model and where it lies."""

    path: str
    generation: int
    articles: int
    passages: int
    bytes: int
    model: str
    dimension: int
    format_version: int
    created: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a file of `export_index` holds."""

    file: str
    generation: int
    articles: int
    passages: int
    bytes: int

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.articles:,} articles, {self.passages:,} passages,"
            f" {self.bytes / 1e6:,.1f} MB"
        )


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The faults that `check` found, each one sentence; none means the index is sound."""

    articles: int
    passages: int
    faults: tuple[str, ...]
    repaired: tuple[str, ...] = ()  # what was done about faults found before, each one sentence

    @property
    def sound(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults
