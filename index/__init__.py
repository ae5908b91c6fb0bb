"""Articles → a searchable index on disk: files, passages, vectors, words.

articles.py  file → Article        store.py    the SQLite file: the truth
chunker.py   Article → passages    vectors.py  FAISS, derived from it
embedder.py  text → unit vectors   lexical.py  tantivy, derived from it
library.py   build, open, change   snapshot.py one state, held for a question
"""

from index.chunker import Chunking
from index.embedder import Embedder
from index.errors import FootnoteError
from index.library import ArticleIndex, build_index, open_index, rebuild_index
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
