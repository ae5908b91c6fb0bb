"""Articles → a searchable index on disk: files, passages, vectors, words.

parser.py    file → Article        store.py    the SQLite file: the truth
chunker.py   Article → passages    vectors.py  FAISS, derived from it
embedder.py  text → unit vectors   lexical.py  tantivy, derived from it
builder.py   a whole new index     snapshot.py one state, held for a question
library.py   an open index: add, update, remove, check
repair.py    what a check finds, made again  backup.py  one file that holds an index

Its names load their modules when they are first used, so that the process that parses files,
`worker.py`, stays small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.backup import export_index, import_index
    from index.builder import build_index, rebuild_index
    from index.chunker import Chunking
    from index.embedder import Embedder
    from index.errors import FootnoteError
    from index.library import ArticleIndex, open_index
    from index.repair import repair_index
    from index.snapshot import PassageIndex
    from index.values import (
        Article,
        ArticleInfo,
        BackupReport,
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
    "BackupReport",
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
    "export_index",
    "import_index",
    "open_index",
    "rebuild_index",
    "repair_index",
]

_PLACES = {
    "backup": ("export_index", "import_index"),
    "builder": ("build_index", "rebuild_index"),
    "chunker": ("Chunking",),
    "embedder": ("Embedder",),
    "errors": ("FootnoteError",),
    "library": ("ArticleIndex", "open_index"),
    "repair": ("repair_index",),
    "snapshot": ("PassageIndex",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'index' has no attribute {name!r}")
    place = next((module for module, names in _PLACES.items() if name in names), "values")
    return getattr(import_module(f"index.{place}"), name)
