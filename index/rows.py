"""What lies in a store's file: the tables, and the rows that leave it as values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

FORMAT_VERSION = 1
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE articles (
    number INTEGER PRIMARY KEY,          -- order of arrival
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,         -- of text: the same text is held once
    date TEXT,
    source TEXT NOT NULL,
    metadata TEXT NOT NULL               -- JSON object of strings
) STRICT;
CREATE TABLE sources (                   -- every place that an article was read from
    source TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    file TEXT NOT NULL,
    file_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX sources_by_article ON sources (article_id);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    article_id TEXT NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,               -- code points in articles.text, half-open
    "end" INTEGER NOT NULL
) STRICT;
CREATE INDEX passages_by_article ON passages (article_id);
CREATE TABLE vectors (                    -- float32, little-endian, norm 1
    passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class StoreMeta:
    """What a store says of itself."""

    generation: int  # one more with every published change
    change: str  # a new random id with every published change; derived indexes carry it
    model: str
    fingerprint: str  # of the encoder
    dimension: int
    max_tokens: int
    overlap_tokens: int
    created: str  # ISO 8601, UTC
    roots: tuple[str, ...]  # files and folders that `update` looks at again
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One place that an article was read from, with the hash of the file as it was then."""

    source: str
    article_id: str
    file: str
    file_sha256: str


@dataclass(frozen=True, slots=True)
class PassageText:
    """What the lexical index holds of a passage."""

    passage_id: int
    article_id: str
    title: str
    text: str


def new_change() -> str:
    """Return a fresh id for a published change."""
    return uuid.uuid4().hex
