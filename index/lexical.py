"""Lexical search: tantivy's BM25 over titles and passages, derived from the store.

English stop words are removed and words stemmed; accents are folded. An instance never
changes: an update writes a new folder.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import tantivy

from index.errors import READ_ONLY, IndexDamaged, IndexNotWritten, IndexUnreadable
from index.rows import PassageText
from index.values import ScoredPassage

_FOLDER = "lexical"
_LOCK = ".tantivy-meta.lock"
_ANALYZER = "english"
_HEAP = 50_000_000  # bytes that the writer may fill before it writes a segment


class LexicalIndex:
    """Titles and passages, searchable by their words; use `build`, `load` or `updated`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._analyzer = _analyzer()
        try:
            self._index = tantivy.Index(_schema(), str(folder), reuse=True)
            self._index.config_reader(reload_policy="manual")  # else a thread watches the folder
            self._index.register_tokenizer(_ANALYZER, self._analyzer)
            self._schema = self._index.schema
            self._searcher = self._index.searcher()
        except ValueError as error:
            if os.strerror(errno.EMFILE) in str(error):
                refusal = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
                raise IndexUnreadable.refused(folder, refusal) from error
            raise IndexDamaged(f"{folder} is not a tantivy index: {error}") from error

    @classmethod
    def build(cls, folder: Path, passages: Iterable[PassageText]) -> LexicalIndex:
        """Write an index of the passages into `folder`."""
        target = folder / _FOLDER
        target.mkdir(parents=True)
        return cls(target)._changed((), passages)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Open what `build` or `updated` wrote into `folder`.

        Raises:
            IndexDamaged: there is no readable index.
            IndexUnreadable: too many files are open.

        """
        target = folder / _FOLDER
        if not target.is_dir():
            raise IndexDamaged(f"{target} is missing")
        try:
            (target / _LOCK).open("ab").close()
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise
            # It may only be read, and tantivy locks what it opens: open links to its files.
            with tempfile.TemporaryDirectory(
                prefix="footnote-", ignore_cleanup_errors=True
            ) as links:
                for file in target.iterdir():
                    if not file.name.endswith(".lock"):
                        (Path(links) / file.name).symlink_to(file)
                found = cls(Path(links))  # holds the files open
            found._folder = target
            return found
        return cls(target)

    def updated(
        self, folder: Path, removed: Collection[int], passages: Iterable[PassageText]
    ) -> LexicalIndex:
        """Write into `folder` an index without `removed` and with further passages."""
        target = folder / _FOLDER
        shutil.copytree(self._folder, target, ignore=shutil.ignore_patterns(".*.lock"))
        return LexicalIndex(target)._changed(removed, passages)

    def _changed(self, removed: Collection[int], passages: Iterable[PassageText]) -> LexicalIndex:
        try:
            self._write(removed, passages)
        except ValueError as error:  # all that tantivy says, a full disk among it
            raise IndexNotWritten(
                f"{self._folder} could not be written ({error}); see that the disk has room"
            ) from error
        return self

    def _write(self, removed: Collection[int], passages: Iterable[PassageText]) -> None:
        # One thread: the same passages give the same segments, so ties fall the same way.
        writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        if removed:  # by query: deletion by term misses unsigned fields (tantivy 0.27)
            gone = tantivy.Query.term_set_query(self._schema, "passage", sorted(removed))
            writer.delete_documents_by_query(gone)
        for passage in passages:
            document = tantivy.Document()
            document.add_unsigned("passage", passage.passage_id)
            document.add_text("article", passage.article_id)
            document.add_text("text", f"{passage.title}\n{passage.text}")
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return self._searcher.num_docs

    def words(self, text: str) -> list[str]:
        """Return the index's terms of a text: lower case, stemmed, without stop words."""
        return self._analyzer.analyze(text)

    def search(
        self, question: str, limit: int, *, articles: Collection[str] | None = None
    ) -> list[ScoredPassage]:
        """Return the passages with the highest BM25 score (> 0, unbounded), best first.

        `articles` restricts the search to passages of these article ids.
        """
        terms = dict.fromkeys(self.words(question))
        if not terms or not len(self):
            return []
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "text", term))
                for term in terms
            ]
        )
        if articles is not None:
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, self._only(sorted(articles)))]
            )
        hits = self._searcher.search(query, limit, count=False).hits
        addresses = [address for _, address in hits]
        ids = self._searcher.fast_field_values("passage", addresses)
        return [
            ScoredPassage(int(passage_id), float(score))
            for passage_id, (score, _) in zip(ids, hits, strict=True)
            if passage_id is not None
        ]

    def _only(self, articles: Sequence[str]) -> tantivy.Query:
        """Return a query that keeps passages of these articles and adds nothing to a score."""
        members = tantivy.Query.term_set_query(self._schema, "article", articles)
        return tantivy.Query.const_score_query(members, 0.0)


def _schema() -> tantivy.Schema:
    return (
        tantivy.SchemaBuilder()
        .add_unsigned_field("passage", indexed=True, fast=True)
        .add_text_field("article", tokenizer_name="raw", index_option="basic")
        .add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
        .build()
    )


def _analyzer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(40))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
