"""Articles → a searchable index on disk: files, passages, vectors, words.

parser.py    file → Article        store.py    the SQLite file: the truth
chunker.py   Article → passages    vectors.py  FAISS, derived from it
embedder.py  text → unit vectors   lexical.py  tantivy, derived from it
builder.py   a whole new index     snapshot.py one state, held for a question
library.py   an open index: add, update, remove, check

Its names load their modules when they are first used, so that the process that parses files,
`worker.py`, stays small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.builder import build_index, rebuild_index
    from index.chunker import Chunking
    from index.embedder import Embedder
    from index.errors import FootnoteError
    from index.library import ArticleIndex, open_index
    from index.snapshot import PassageIndex
    from index.values import (
        Article,
        ArticleInfo,
        BuildReport,
        CheckReport,
        IndexInfo,
        Notice,
        Passage,
        Progress,
        Stage,
    )

__all__ = [
    "Article",
    "ArticleIndex",
    "ArticleInfo",
    "BuildReport",
    "CheckReport",
    "Chunking",
    "Embedder",
    "FootnoteError",
    "IndexInfo",
    "Notice",
    "Passage",
    "PassageIndex",
    "Progress",
    "Stage",
    "build_index",
    "open_index",
    "rebuild_index",
]

_PLACES = {
    "builder": ("build_index", "rebuild_index"),
    "chunker": ("Chunking",),
    "embedder": ("Embedder",),
    "errors": ("FootnoteError",),
    "library": ("ArticleIndex", "open_index"),
    "snapshot": ("PassageIndex",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'index' has no attribute {name!r}")
    place = next((module for module, names in _PLACES.items() if name in names), "values")
    return getattr(import_module(f"index.{place}"), name)
