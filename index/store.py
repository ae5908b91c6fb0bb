"""The SQLite file that is the truth: articles, where they came from, passages, vectors.

One file holds one lineage of generations. It runs in WAL mode, so readers see one generation
from their first statement to their last and never wait for the writer. SQLite comes with
`apsw`: the one of Debian 12 has the WAL-reset corruption bug (fixed in 3.51.3).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from index.chunker import Cut
from index.embedder import FloatArray
from index.errors import ArticleMissing, IndexDamaged, IndexIncompatible, IndexNotWritten
from index.rows import (
    ARTICLE,
    FORMAT_VERSION,
    PASSAGE,
    SOURCE,
    PassageText,
    SourceRow,
    StoreMeta,
    article_of,
    head_of,
    place_of,
)
from index.seals import REPAIR, RESTORE, header_seal, seal, seal_all, wrong_vector
from index.sqlite_file import (
    PATIENCE,
    UNREADABLE,
    configured,
    connect,
    connect_distrusting,
    expected_schema,
    failed,
    identity,
    make_tables,
    schema_of,
    writing,
)
from index.values import Article, ArticleInfo, Passage


class Store:
    """One connection to a store's file; not for use by two threads at once."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._db = connection
        self._rows_changed = True  # since they were sealed
        self.seen: tuple[int, ...] = ()  # `identity` of the file when it was opened

    @classmethod
    def create(cls, path: Path, meta: StoreMeta) -> Store:
        """Make a new, empty store."""
        with writing(path):
            store = cls(path, configured(apsw.Connection(str(path))))
        with store.transaction():
            make_tables(store._db)
            store.set_meta(meta)
        return store

    @classmethod
    def open(cls, path: Path, *, foreign: bool = False) -> Store:
        """Open a store that exists; one that may not be written to can be read all the same.

        A `foreign` one may have been made to do harm. Nothing is read before its header is known
        to be a plain table, and reading it ends after as many steps as its size allows.

        Raises:
            IndexDamaged: the file is no store or cannot be read.
            IndexUnreadable: the system does not let it be read.
            IndexNotWritten: there is no room for what a reader writes beside the file.
            IndexIncompatible: it was written by another format version.

        """
        seen = identity(path)  # before it is opened: one that is replaced then is opened again
        try:
            store = cls(path, connect_distrusting(path) if foreign else connect(path))
            version = dict(store._db.execute("SELECT key, value FROM meta")).get("format_version")
        except (apsw.Error, UnicodeDecodeError) as error:
            raise failed(path, error) from error
        store._rows_changed, store.seen = False, seen
        if version != str(FORMAT_VERSION):
            raise IndexIncompatible(
                f"{path} has index format {version}; this Footnote reads format {FORMAT_VERSION}."
                " Build it again with `footnote index rebuild FOLDER`"
            )
        return store

    def in_place(self) -> bool:
        """Say whether this reads the file that is at its path now, with every change to it."""
        now, seen = identity(self.path), self.seen
        return now == seen if self._db.readonly("main") else now[:2] == seen[:2]

    def close(self) -> None:
        """Close the connection; a transaction that is still open is rolled back."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one change: all of it happens or, on any exception, none.

        Raises:
            IndexNotWritten: the disk is full, or the file may not be written to.

        """
        with writing(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                if self._rows_changed:
                    self._seal_rows()
                self._db.execute("COMMIT")
                self._rows_changed = False
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

    def read(self, query: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield the rows of a query.

        Raises:
            IndexDamaged: SQLite cannot read the file, or what should be text is none.

        """
        try:
            yield from self._db.execute(query, values)
        except UNREADABLE as error:
            raise failed(self.path, error) from error

    # What a store says of itself

    def meta(self) -> StoreMeta:
        """Return what the store says of itself."""
        row = dict(self.read("SELECT key, value FROM meta"))
        try:
            if row.pop("seal") != header_seal(row):
                raise ValueError("its seal does not fit")
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
                f"{self.path} lacks a readable entry in its header ({error}); {RESTORE}"
            ) from None

    def set_meta(self, meta: StoreMeta) -> None:
        """Write what the store says of itself."""
        rows = {name: getattr(meta, name) for name in StoreMeta.__slots__}
        rows["roots"] = json.dumps(meta.roots)
        self._set_header({name: str(value) for name, value in rows.items()})

    def _set_header(self, entries: Mapping[str, str]) -> None:
        query = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
        self._db.executemany(query, list(entries.items()))
        self._db.execute("DELETE FROM meta WHERE key = 'seal'")
        row = dict(self._db.execute("SELECT key, value FROM meta"))
        self._db.execute(query, ("seal", header_seal(row)))

    def _seal_rows(self) -> None:
        """Note in the header which rows there are."""
        self._set_header({"articles": self.articles_seal(), "passages": self.passages_seal()})

    def noted_seals(self) -> tuple[str | None, str | None]:
        """Return what the header says that `articles_seal` and `passages_seal` should be."""
        row = dict(self.read("SELECT key, value FROM meta"))
        return row.get("articles"), row.get("passages")

    def articles_seal(self) -> str:
        """Return the seal of all articles and the places they were read from."""
        seals = (row[0] for row in self.read("SELECT seal FROM articles ORDER BY number"))
        places = chain.from_iterable(self.read(f"SELECT {SOURCE} FROM sources ORDER BY rowid"))  # noqa: S608
        return seal_all(chain(seals, places)).hex()

    def passages_seal(self) -> str:
        """Return the seal of all passages."""
        return seal_all(row[0] for row in self.read("SELECT seal FROM passages ORDER BY id")).hex()

    # Articles

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the articles of these ids; those that do not exist are left out."""
        found: dict[str, Article] = {}
        for article_id in dict.fromkeys(ids):
            query = f"SELECT {ARTICLE}, text FROM articles WHERE id = ?"  # noqa: S608
            for row in self.read(query, (article_id,)):
                found[article_id] = article_of(row, article_id)
        return found

    def missing(self, ids: Iterable[str]) -> str | None:
        """Return one of these ids that no article has; None when there are articles of all."""
        wanted = list(ids)
        query = (
            "SELECT key FROM json_each(?)"
            " WHERE NOT EXISTS (SELECT 1 FROM articles WHERE id = value) LIMIT 1"
        )
        return next((wanted[row[0]] for row in self.read(query, (json.dumps(wanted),))), None)

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
        query = f"SELECT {ARTICLE}, text FROM articles ORDER BY number"  # noqa: S608
        yield from map(article_of, self.read(query))

    def article_infos(self) -> list[ArticleInfo]:
        """Return one line about each article, in the order of arrival."""
        copies: dict[str, list[str]] = {}
        for source in sorted(self.sources(), key=lambda row: row.source):
            copies.setdefault(source.article_id, []).append(source.source)
        passages = Counter(  # from the table itself: no seal covers its index
            row[0] for row in self.read("SELECT article_id FROM passages NOT INDEXED")
        )
        rows = self.read(f"SELECT length(text), {ARTICLE} FROM articles ORDER BY number")  # noqa: S608
        infos = []
        for characters, *row in rows:
            head = head_of(row)
            places = tuple(s for s in copies.get(head.id, ()) if s != head.source)
            infos.append(
                ArticleInfo(
                    head.id,
                    head.title,
                    head.date,
                    head.source,
                    head.sha256,
                    characters,
                    passages.pop(head.id, 0),
                    places,
                )
            )
        if passages:
            raise IndexDamaged(f"{self.path} has passages of no article; {REPAIR}")
        return infos

    def heads(self) -> dict[str, Article]:
        """Return every article by id, in the order of arrival, without its text."""
        rows = self.read(f"SELECT {ARTICLE} FROM articles ORDER BY number")  # noqa: S608
        return {row[0]: head_of(row) for row in rows}

    def sources(self) -> list[SourceRow]:
        """Return every place that an article was read from."""
        rows = self.read(f"SELECT {SOURCE} FROM sources ORDER BY rowid")  # noqa: S608
        return [SourceRow(*row) for row in rows]

    def set_sources(self, rows: Iterable[SourceRow]) -> None:
        """Replace the list of places that articles were read from."""
        self._rows_changed = True
        self._db.execute("DELETE FROM sources")
        self._db.executemany(
            "INSERT INTO sources VALUES (?, ?, ?, ?)",
            [(row.source, row.article_id, row.file, row.file_sha256) for row in rows],
        )

    def add_article(self, article: Article, cuts: Sequence[Cut]) -> list[int]:
        """Add an article and its passages, without vectors; return the passages' new ids."""
        self._rows_changed = True
        metadata = json.dumps(dict(article.metadata), ensure_ascii=False)
        head = (article.id, article.title, article.sha256, article.date, article.source, metadata)
        self._db.execute(
            f"INSERT INTO articles ({ARTICLE}, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (*head, seal(*head), article.text),
        )
        ids: list[int] = []
        for cut in cuts:
            self._db.execute(
                "INSERT INTO passages (article_id, start, \"end\", seal) VALUES (?, ?, ?, x'')",
                (article.id, cut.start, cut.end),
            )
            passage_id = self._db.last_insert_rowid()  # part of what is sealed
            self._db.execute(
                "UPDATE passages SET seal = ? WHERE id = ?",
                (seal(passage_id, article.id, cut.start, cut.end), passage_id),
            )
            ids.append(passage_id)
        return ids

    def delete_articles(self, ids: Iterable[str]) -> None:
        """Delete articles with all that hangs on them."""
        self._rows_changed = True
        self._db.executemany("DELETE FROM articles WHERE id = ?", [(i,) for i in ids])

    # Passages and vectors

    def count(self) -> tuple[int, int]:
        """Return the numbers of articles and of passages."""
        query = "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages)"
        ((articles, passages),) = self.read(query)
        return int(articles), int(passages)

    def unembedded(self) -> int:
        """Return the number of passages without a vector."""
        query = "SELECT (SELECT count(*) FROM passages) - (SELECT count(*) FROM vectors)"
        return int(next(self.read(query))[0])

    def passage_ids(self, articles: Iterable[str] | None = None) -> list[int]:
        """Return the ids of all passages, or of those of some articles, increasing."""
        if articles is None:
            return [row[0] for row in self.read("SELECT id FROM passages ORDER BY id")]
        query = (
            "SELECT id FROM passages WHERE article_id IN (SELECT value FROM json_each(?))"
            " ORDER BY id"
        )
        return [row[0] for row in self.read(query, (json.dumps(list(articles)),))]

    def passages(self, ids: Iterable[int]) -> list[Passage]:
        """Return the passages of these ids in their order; those that do not exist are left out."""
        found: list[Passage] = []
        texts: dict[str, str] = {}
        for passage_id in ids:
            query = f"SELECT {PASSAGE} FROM passages WHERE id = ?"  # noqa: S608
            for row in self.read(query, (passage_id,)):
                article_id, start, end = place_of(row, passage_id)
                if article_id not in texts:
                    texts[article_id] = self._text(article_id)
                text = texts[article_id][start:end]
                found.append(Passage(passage_id, article_id, start, end, text))
        return found

    def _text(self, article_id: str) -> str:
        """Return the text of an article that a passage names."""
        try:
            return self.article(article_id).text
        except ArticleMissing:
            raise IndexDamaged(f"the article {article_id} has passages only; {RESTORE}") from None

    def passage_texts(self, after: int = 0, *, unembedded: bool = False) -> Iterator[PassageText]:
        """Yield, by increasing id, what the lexical index and the encoder read of each passage.

        `unembedded` restricts it to passages without a vector.
        """
        only = " AND id NOT IN (SELECT passage_id FROM vectors)" if unembedded else ""
        rows = self.read(
            f"SELECT {PASSAGE} FROM passages WHERE id > ?{only} ORDER BY id",  # noqa: S608
            (after,),
        )
        article: Article | None = None  # an article's passages follow one another
        for row in rows:
            article_id, start, end = place_of(row)
            if article is None or article.id != article_id:
                article = self.article(article_id)
            yield PassageText(row[0], article_id, article.title, article.text[start:end])

    def add_vectors(self, ids: Sequence[int], vectors: FloatArray) -> None:
        """Store the vectors `(len(ids), dimension)` of passages."""
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        self._db.executemany(
            "INSERT INTO vectors (passage_id, seal, vector) VALUES (?, ?, ?)",
            [
                (i, seal(i, blob), blob)
                for i, blob in zip(ids, (row.tobytes() for row in rows), strict=True)
            ],
        )

    def vectors(self, ids: Sequence[int]) -> FloatArray:
        """Return the vectors `(len(ids), dimension)`, float32 of norm 1, of passages.

        Raises:
            IndexDamaged: a passage has no vector, or one that is not as it was written.

        """
        dimension = self.meta().dimension
        rows = np.empty((len(ids), dimension), dtype="<f4")
        query = "SELECT seal, vector FROM vectors WHERE passage_id = ?"
        for number, passage_id in enumerate(ids):
            sealed, blob = next(self.read(query, (passage_id,)), (None, b""))
            if wrong := wrong_vector(passage_id, sealed, blob, dimension):
                raise IndexDamaged(f"{wrong}; {REPAIR}")
            rows[number] = np.frombuffer(blob, dtype="<f4")
        return rows.astype(np.float32, copy=False)

    def size(self) -> int:
        """Return the size in bytes of what is read, in the file or its log."""
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        return int(next(self.read(query))[0])

    def checkpoint(self) -> None:
        """Move the log's content into the file, so that the file alone is the store."""
        with writing(self.path):
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def shorten_log(self) -> None:
        """Do what `checkpoint` does as far as questions in flight let it; never fail."""
        self._db.set_busy_timeout(0)
        with suppress(apsw.BusyError, IndexNotWritten):
            self.checkpoint()
        self._db.set_busy_timeout(PATIENCE)

    def copy(self, file: Path) -> None:
        """Write the store as it is now, without its log, to a new file; writers may go on."""
        with writing(file):
            self._db.execute("VACUUM INTO ?", (str(file),))

    def known_schema(self) -> bool:
        """Say whether the file holds the tables of this format, and nothing that acts by itself."""
        try:
            return schema_of(self._db) == expected_schema()
        except UNREADABLE as error:
            raise failed(self.path, error) from error
