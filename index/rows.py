"""What lies in a store's file: the tables, and the rows that leave it as values.

Beside `StoreMeta` the table `meta` holds what makes a lost row noticed: `articles`, the seal of
all articles' seals and sources, `passages`, that of all passages' seals, and `seal`, of the rest.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.errors import IndexDamaged
from index.seals import REPAIR, RESTORE, wrong_head, wrong_passage, wrong_text
from index.values import Article

FORMAT_VERSION = 2  # 1 had no seals
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE articles (
    number INTEGER PRIMARY KEY,          -- order of arrival
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,         -- of text: the same text is held once
    date TEXT,
    source TEXT NOT NULL,
    metadata TEXT NOT NULL,              -- JSON object of strings
    seal BLOB NOT NULL,                  -- of id, title, sha256, date, source, metadata
    text TEXT NOT NULL                   -- last: what comes before is read without it
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
    "end" INTEGER NOT NULL,
    seal BLOB NOT NULL                    -- of the four before it
) STRICT;
CREATE INDEX passages_by_article ON passages (article_id);
CREATE TABLE vectors (                    -- float32, little-endian, norm 1
    passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    seal BLOB NOT NULL,                   -- of both others
    vector BLOB NOT NULL
) STRICT;
"""
ARTICLE = "id, title, sha256, date, source, metadata, seal"  # what `head_of` takes
SOURCE = "source, article_id, file, file_sha256"  # a `SourceRow`
PASSAGE = 'id, article_id, start, "end", seal'  # what `place_of` takes


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


def head_of(row: Sequence[Any], wanted: str | None = None) -> Article:
    """Return the article of a row, without its text.

    Raises:
        IndexDamaged: the row is not as it was written, or is of another article than `wanted`.

    """
    if wrong := wrong_head(row):
        raise IndexDamaged(f"{wrong}; {RESTORE}")
    article_id, title, sha256, date, source, metadata, _ = row
    if wanted not in (None, article_id):
        raise IndexDamaged(f"another article stands in the place of {wanted}; {REPAIR}")
    return Article(article_id, title, "", source, sha256, date, json.loads(metadata))


def article_of(row: Sequence[Any], wanted: str | None = None) -> Article:
    """Return the article of a row with its text last; raises as `head_of`."""
    *values, text = row
    found = head_of(values, wanted)
    if wrong := wrong_text(values, text):
        raise IndexDamaged(f"{wrong}; {RESTORE}")
    return replace(found, text=text)


def place_of(row: Sequence[Any], wanted: int | None = None) -> tuple[str, int, int]:
    """Return article id, start and end of a passage's row; raises as `head_of`."""
    if wrong := wrong_passage(row):
        raise IndexDamaged(f"{wrong}; {REPAIR}")
    if wanted not in (None, row[0]):
        raise IndexDamaged(f"another passage stands in the place of {wanted}; {REPAIR}")
    return row[1], row[2], row[3]
