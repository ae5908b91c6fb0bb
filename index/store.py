"""The SQLite file that is the truth: articles, where they came from, passages, vectors.

One file holds one lineage of generations. It runs in WAL mode, so readers see one generation
from their first statement to their last and never wait for the writer. SQLite comes with
`apsw`: the one of Debian 12 has the WAL-reset corruption bug (fixed in 3.51.3).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from index.chunker import Cut
from index.embedder import FloatArray
from index.errors import ArticleMissing, IndexDamaged, IndexIncompatible
from index.rows import FORMAT_VERSION, SCHEMA, PassageText, SourceRow, StoreMeta
from index.values import Article, ArticleInfo, Passage, text_sha256


class Store:
    """One connection to a store's file; not for use by two threads at once."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def create(cls, path: Path, meta: StoreMeta) -> Store:
        """Make a new, empty store."""
        store = cls(path, apsw.Connection(str(path)))
        store._configure()
        with store.transaction():
            for statement in SCHEMA.split(";\n"):
                store._db.execute(statement)
            store.set_meta(meta)
        return store

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a store that exists.

        Raises:
            IndexDamaged: the file is no store or cannot be read.
            IndexIncompatible: it was written by another format version.

        """
        try:
            store = cls(path, apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE))
            store._configure()
            version = dict(store._db.execute("SELECT key, value FROM meta")).get("format_version")
        except apsw.Error as error:
            raise _unreadable(path, error) from error
        if version != str(FORMAT_VERSION):
            raise IndexIncompatible(
                f"{path} has index format {version}; this Footnote reads format {FORMAT_VERSION}."
                " Build it again with `footnote index rebuild FOLDER`"
            )
        return store

    def _configure(self) -> None:
        self._db.set_busy_timeout(5000)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        """Close the connection; a transaction that is still open is rolled back."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one change: all of it happens or, on any exception, none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def pin(self) -> StoreMeta:
        """Begin a read transaction: until `unpin` everything read is of one generation."""
        self._db.execute("BEGIN")
        return self.meta()

    def unpin(self) -> None:
        """End the read transaction of `pin`."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _read(self, query: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield the rows of a query.

        Raises:
            IndexDamaged: SQLite cannot read the file, or what should be text is none.

        """
        try:
            yield from self._db.execute(query, values)
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError, UnicodeDecodeError) as error:
            raise _unreadable(self.path, error) from error

    # What a store says of itself

    def meta(self) -> StoreMeta:
        """Return what the store says of itself."""
        row = dict(self._read("SELECT key, value FROM meta"))
        try:
            return StoreMeta(
                generation=int(row["generation"]),
                change=row["change"],
                model=row["model"],
                fingerprint=row["fingerprint"],
                dimension=int(row["dimension"]),
                max_tokens=int(row["max_tokens"]),
                overlap_tokens=int(row["overlap_tokens"]),
                created=row["created"],
                roots=tuple(json.loads(row["roots"])),
            )
        except (KeyError, ValueError) as error:
            raise IndexDamaged(
                f"{self.path} lacks a readable entry in its header ({error}); build it again with"
                " `footnote index rebuild FOLDER`"
            ) from None

    def set_meta(self, meta: StoreMeta) -> None:
        """Write what the store says of itself."""
        rows = {name: getattr(meta, name) for name in StoreMeta.__slots__}
        rows["roots"] = json.dumps(meta.roots)
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(name, str(value)) for name, value in rows.items()],
        )

    # Articles

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the articles of these ids; those that do not exist are left out."""
        found: dict[str, Article] = {}
        for article_id in dict.fromkeys(ids):
            for row in self._read(
                "SELECT id, title, text, source, sha256, date, metadata FROM articles WHERE id = ?",
                (article_id,),
            ):
                found[article_id] = _article(row)
        return found

    def article(self, article_id: str) -> Article:
        """Return one article.

        Raises:
            ArticleMissing: there is no such article.

        """
        found = self.articles([article_id])
        if not found:
            raise ArticleMissing.named(article_id)
        return found[article_id]

    def all_articles(self) -> Iterator[Article]:
        """Yield every article in the order of arrival."""
        for row in self._read(
            "SELECT id, title, text, source, sha256, date, metadata FROM articles ORDER BY number"
        ):
            yield _article(row)

    def article_infos(self) -> list[ArticleInfo]:
        """Return one line about each article, in the order of arrival."""
        copies: dict[str, list[str]] = {}
        for source, article_id in self._read(
            "SELECT source, article_id FROM sources ORDER BY source"
        ):
            copies.setdefault(article_id, []).append(source)
        rows = self._read(
            "SELECT id, title, date, source, sha256, length(text),"
            " (SELECT count(*) FROM passages WHERE article_id = articles.id)"
            " FROM articles ORDER BY number"
        )
        infos = (ArticleInfo(*row) for row in rows)
        return [
            replace(info, copies=tuple(s for s in copies.get(info.id, ()) if s != info.source))
            for info in infos
        ]

    def heads(self) -> dict[str, Article]:
        """Return every article by id, in the order of arrival, without its text."""
        rows = self._read(
            "SELECT id, title, '', source, sha256, date, metadata FROM articles ORDER BY number"
        )
        return {row[0]: _article(row) for row in rows}

    def sources(self) -> list[SourceRow]:
        """Return every place that an article was read from."""
        rows = self._read(
            "SELECT source, article_id, file, file_sha256 FROM sources ORDER BY rowid"
        )
        return [SourceRow(*row) for row in rows]

    def set_sources(self, rows: Iterable[SourceRow]) -> None:
        """Replace the list of places that articles were read from."""
        self._db.execute("DELETE FROM sources")
        self._db.executemany(
            "INSERT INTO sources VALUES (?, ?, ?, ?)",
            [(row.source, row.article_id, row.file, row.file_sha256) for row in rows],
        )

    def add_article(self, article: Article, cuts: Sequence[Cut]) -> list[int]:
        """Add an article and its passages, without vectors; return the passages' new ids."""
        self._db.execute(
            "INSERT INTO articles (id, title, text, sha256, date, source, metadata)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                article.id,
                article.title,
                article.text,
                article.sha256,
                article.date,
                article.source,
                json.dumps(dict(article.metadata), ensure_ascii=False),
            ),
        )
        ids: list[int] = []
        for cut in cuts:
            self._db.execute(
                'INSERT INTO passages (article_id, start, "end") VALUES (?, ?, ?)',
                (article.id, cut.start, cut.end),
            )
            ids.append(self._db.last_insert_rowid())
        return ids

    def delete_articles(self, ids: Iterable[str]) -> None:
        """Delete articles with all that hangs on them."""
        self._db.executemany("DELETE FROM articles WHERE id = ?", [(i,) for i in ids])

    # Passages and vectors

    def count(self) -> tuple[int, int]:
        """Return the numbers of articles and of passages."""
        query = "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages)"
        ((articles, passages),) = self._read(query)
        return int(articles), int(passages)

    def passage_ids(self, articles: Iterable[str] | None = None) -> list[int]:
        """Return the ids of all passages, or of those of some articles, increasing."""
        if articles is None:
            return [row[0] for row in self._read("SELECT id FROM passages ORDER BY id")]
        ids: list[int] = []
        for article_id in set(articles):
            ids += (
                row[0]
                for row in self._read("SELECT id FROM passages WHERE article_id = ?", (article_id,))
            )
        return sorted(ids)

    def passages(self, ids: Iterable[int]) -> list[Passage]:
        """Return the passages of these ids in their order; those that do not exist are left out."""
        found: list[Passage] = []
        texts: dict[str, str] = {}
        for passage_id in ids:
            for article_id, start, end in self._read(
                'SELECT article_id, start, "end" FROM passages WHERE id = ?', (passage_id,)
            ):
                if article_id not in texts:
                    texts[article_id] = self.article(article_id).text
                text = texts[article_id][start:end]
                found.append(Passage(passage_id, article_id, start, end, text))
        return found

    def passage_texts(self, after: int = 0, limit: int = 1 << 62) -> Iterator[PassageText]:
        """Yield, by increasing id, what the lexical index and the encoder read of each passage."""
        rows = self._read(
            'SELECT id, article_id, start, "end" FROM passages WHERE id > ? ORDER BY id LIMIT ?',
            (after, limit),
        )
        article: Article | None = None  # an article's passages follow one another
        for passage_id, article_id, start, end in rows:
            if article is None or article.id != article_id:
                article = self.article(article_id)
            yield PassageText(passage_id, article_id, article.title, article.text[start:end])

    def add_vectors(self, ids: Sequence[int], vectors: FloatArray) -> None:
        """Store the vectors `(len(ids), dimension)` of passages."""
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        self._db.executemany(
            "INSERT INTO vectors VALUES (?, ?)",
            [(i, row.tobytes()) for i, row in zip(ids, rows, strict=True)],
        )

    def vectors(self, after: int = 0) -> tuple[list[int], FloatArray]:
        """Return passage ids `> after`, increasing, and their vectors `(n, dimension)` float32.

        Raises:
            IndexDamaged: a passage has no vector, or one of another length.

        """
        dimension = self.meta().dimension
        ids: list[int] = []
        blobs: list[bytes] = []
        for passage_id, blob in self._read(
            "SELECT p.id, v.vector FROM passages AS p LEFT JOIN vectors AS v"
            " ON v.passage_id = p.id WHERE p.id > ? ORDER BY p.id",
            (after,),
        ):
            if blob is None or len(blob) != 4 * dimension:
                raise IndexDamaged(
                    f"passage {passage_id} has no vector of {dimension} numbers;"
                    " `footnote index rebuild` computes the vectors again from the stored texts"
                )
            ids.append(passage_id)
            blobs.append(blob)
        rows = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(ids), dimension)
        return ids, rows.astype(np.float32, copy=False)

    def size(self) -> int:
        """Return the size in bytes of the file and its log."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def checkpoint(self) -> None:
        """Move the log's content into the file, so that the file alone is the store."""
        self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def faults(self) -> Iterator[str]:
        """Yield one sentence for each thing found wrong in the file."""
        try:
            yield from self._faults()
        except IndexDamaged as error:
            yield str(error)

    def _faults(self) -> Iterator[str]:
        for (message,) in self._read("PRAGMA integrity_check"):
            if message != "ok":
                yield f"SQLite finds the file damaged: {message}"
        for article in self.all_articles():
            if text_sha256(article.text) != article.sha256:
                yield f"the text of “{article.title}” ({article.id}) is not the one indexed"
        dimension = self.meta().dimension
        query = (
            'SELECT p.id, p.start, p."end", length(a.text), length(v.vector) FROM passages AS p'
            " LEFT JOIN articles AS a ON a.id = p.article_id"
            " LEFT JOIN vectors AS v ON v.passage_id = p.id"
        )
        for passage_id, start, end, length, size in self._read(query):
            if length is None or not 0 <= start < end <= length:
                yield f"passage {passage_id} lies outside its article"
            if size != 4 * dimension:
                yield f"passage {passage_id} has no vector of {dimension} numbers"


def _unreadable(path: Path, error: Exception) -> IndexDamaged:
    return IndexDamaged(
        f"{path} cannot be read as an index ({error}); restore it from a backup or build it"
        " again with `footnote index rebuild FOLDER`"
    )


def _article(row: Sequence[Any]) -> Article:
    article_id, title, text, source, sha256, date, metadata = row
    try:
        values: Mapping[str, str] = json.loads(metadata)
    except ValueError as error:
        raise IndexDamaged(f"the metadata of “{title}” ({article_id}) are damaged") from error
    return Article(article_id, title, text, source, sha256, date, values)
