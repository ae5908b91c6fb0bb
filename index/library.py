"""An open index and its verbs: add, update, remove, rebuild, list, check.

Files are read, chunked and embedded outside any transaction. A change is then published in one
short transaction, with its derived indexes made beforehand, so questions go on being answered
from the generation before until the moment the next is in force.
"""

from __future__ import annotations

import filecmp
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from index import derived, soundness
from index.articles import find_files
from index.builder import embed, rebuild_index
from index.chunker import Chunking, Cut, chunk
from index.embedder import Embedder, load_embedder, model_fingerprint, model_folder
from index.errors import ArticleMissing, IndexIncompatible, NothingToIndex
from index.home import Home
from index.ingest import KEPT, UPLOAD, Plan, plan, read_files
from index.paths import quoted
from index.reports import Sources, named, nothing_read, report, source_paths
from index.rows import StoreMeta, new_change
from index.snapshot import Snapshot, Snapshots
from index.store import Store
from index.values import (
    Article,
    ArticleInfo,
    BuildReport,
    CheckReport,
    IndexInfo,
    Notice,
    Progress,
    ProgressCallback,
    Stage,
)

_NAMESAKE = "another file of this name came with it and was taken; rename one to have both"


def open_index(path: Path | str, *, embedder: Embedder | None = None) -> ArticleIndex:
    """Open the index at `path`; use it as a context manager or call `close`.

    Args:
        path: the index's folder.
        embedder: the encoder; by default the one that the index was made with, loaded when it
            is first needed.

    Raises:
        IndexMissing: there is no index.
        IndexDamaged: it cannot be read.
        IndexUnreadable: the system does not let it be read.
        IndexIncompatible: it was made with another model or by another format version.

    """
    return ArticleIndex(Home(Path(path)), embedder)


class ArticleIndex:
    """An open index. All methods may be called from several threads.

    Changes are made one at a time; a second one, also of another process, raises `IndexLocked`
    at once. Questions are answered from the last published state meanwhile.
    """

    def __init__(self, home: Home, embedder: Embedder | None = None) -> None:
        self._home = home
        self._snapshots = Snapshots(home)
        self._embedder = embedder
        self._loading = threading.Lock()
        # The file's state and its articles: the page asks for them with every answer it shows.
        self._listed: tuple[tuple[object, ...], list[ArticleInfo]] | None = None
        with self._store() as store:
            meta = store.meta()
        fingerprint = (
            embedder.fingerprint if embedder else model_fingerprint(model_folder(meta.model))
        )
        self._check_model(meta, embedder.name if embedder else meta.model, fingerprint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that no question is using."""
        self._snapshots.close()

    # Reading

    @property
    def path(self) -> Path:
        """The index's folder."""
        return self._home.path

    @property
    def generation(self) -> int:
        """The number of the last published change."""
        with self._store() as store:
            return store.meta().generation

    @property
    def embedder(self) -> Embedder:
        """The encoder that the index was made with; loaded on first use."""
        with self._loading:
            if self._embedder is None:
                with self._store() as store:
                    meta = store.meta()
                loaded = load_embedder(meta.model)
                self._check_model(meta, loaded.name, loaded.fingerprint)
                self._embedder = loaded
            return self._embedder

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Yield the newest published state, which does not change inside the block."""
        with self._snapshots.pin() as snapshot:
            if self._embedder is not None:
                self._check_model(snapshot.meta, self._embedder.name, self._embedder.fingerprint)
            yield snapshot

    def articles(self) -> list[ArticleInfo]:
        """Return one line about each article, in the order of arrival."""
        with self._pinned() as store:
            state = (*store.seen, store.meta().change)
            listed = self._listed
            if listed is None or listed[0] != state:
                soundness.verify(store)
                self._listed = listed = state, store.article_infos()
            return listed[1].copy()

    def article(self, article_id: str) -> Article:
        """Return an article with its text.

        Raises:
            ArticleMissing: there is no article of that id.

        """
        with self._store() as store:
            return store.article(article_id)

    def info(self) -> IndexInfo:
        """Return what the index is: size, model, generation, sources."""
        with self._pinned() as store:
            meta = store.meta()
            articles, passages = store.count()
            return IndexInfo(
                path=str(self.path),
                generation=meta.generation,
                articles=articles,
                passages=passages,
                bytes=store.size(),
                model=meta.model,
                dimension=meta.dimension,
                format_version=meta.format_version,
                created=meta.created,
                sources=meta.roots,
            )

    def check(self) -> CheckReport:
        """Read everything and report each fault found; changes nothing."""
        with self._pinned() as store:
            articles, passages = store.count()
            faults = list(soundness.faults(store))
            stale = derived.faults(self._home.derived, store)
            if stale and self._in_force(store.meta().change):  # else a change is removing them
                faults += stale
            return CheckReport(articles, passages, tuple(faults))

    # Changing

    def add(self, sources: Sources, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Add files and folders; one whose content is already indexed is left as it is.

        Only articles that are new or changed are embedded. A file that cannot be read is
        skipped, with its reason in the report.

        Raises:
            NothingToIndex: no article could be read from the sources.
            IndexLocked: another change is under way.

        """
        roots = source_paths(sources)
        files, notices = find_files(roots)
        return self._change(named(files), roots, notices, progress=progress, must_find=True)

    def add_uploads(
        self, files: Iterable[tuple[str, Path]], *, progress: ProgressCallback | None = None
    ) -> BuildReport:
        """Add files by the name their owner gave them, from where they lie for the moment.

        The same name again replaces what was uploaded under it. Of different files of one name
        the last is taken, and the report says so. Raises as `add`.
        """
        last: dict[str, Path] = {}
        notices = []
        for name, path in files:
            if name in last and not filecmp.cmp(last[name], path, shallow=False):
                notices.append(Notice(name, _NAMESAKE))
            last[name] = path
        sent = [(UPLOAD + name, path.resolve()) for name, path in last.items()]
        return self._change(sent, [], notices, progress=progress, must_find=True)

    def update(self, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Look at the indexed files and folders again: add, re-read or drop what has changed.

        A source that is no longer there at all is kept, with a warning, and so is a folder that
        is empty, as where a drive is not mounted, and what may no longer be read; uploads have no
        file to look at and stay. Where every source is there, a file that none of them leads to is
        dropped: a source may be a link that led elsewhere before.

        Raises:
            IndexLocked: another change is under way.

        """
        with self._pinned() as store:
            roots = [Path(root) for root in store.meta().roots]
            known = {row.file for row in store.sources()}
        absent = {root: why for root in roots if (why := _absent(root))}
        present = [root for root in roots if root not in absent]
        files, notices = find_files(present)
        searched = [*present, *(root.resolve() for root in present)]  # files have resolved names
        unread = [Path(notice.path) for notice in notices]
        gone = known.difference(map(str, files))
        if len(present) < len(roots):
            gone = {name for name in gone if _within(name, searched)}
        gone = {n for n in gone if not (n.startswith(UPLOAD) or _within(n, unread))}
        notices = [
            replace(notice, reason=notice.reason + KEPT) if notice.path in known else notice
            for notice in notices
        ]
        kept = [
            Notice(str(root), f"{why}; its articles are kept")
            for root, why in absent.items()
            if not _within(root, searched)
        ]
        return self._change(
            named(files), [], notices, dropped=gone, warnings=kept, progress=progress
        )

    def remove(self, articles: Iterable[str] | str) -> BuildReport:
        """Remove articles by id, or by the path they came from.

        Their files are not touched; an `update` finds those that lie in an indexed folder again.

        Raises:
            ArticleMissing: one of them is not in the index; then none is removed.
            IndexLocked: another change is under way.

        """
        wanted = [articles] if isinstance(articles, str) else list(articles)
        with self._store() as store:
            rows = store.sources()
        by_name = {row.article_id: row.article_id for row in rows}
        by_name |= {row.source: row.article_id for row in rows}
        ids = set()
        for name in wanted:
            known = [by_name[each] for each in _spellings(name) if each in by_name]
            if not known:
                raise ArticleMissing.named(name)
            ids.add(known[0])
        return self._change([], [], [], removed=ids)

    def rebuild(
        self, *, progress: ProgressCallback | None = None, chunking: Chunking | None = None
    ) -> BuildReport:
        """See `rebuild_index`; with this index's encoder."""
        return rebuild_index(
            self.path, progress=progress, embedder=self.embedder, chunking=chunking
        )

    # Inside

    @contextmanager
    def _store(self) -> Iterator[Store]:
        store = self._home.open_store()
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def _pinned(self) -> Iterator[Store]:
        """Yield a store that stays of one generation; closing it ends its transaction."""
        with self._store() as store:
            store.pin()
            yield store

    def _in_force(self, change: str) -> bool:
        """Say whether this change is the last one published."""
        with self._store() as store:
            return store.meta().change == change

    def _check_model(self, meta: StoreMeta, name: str, fingerprint: str) -> None:
        if fingerprint != meta.fingerprint:
            raise IndexIncompatible(
                f"the index at {self.path} was made with the model {meta.model}"
                f" ({meta.fingerprint[:8]}), and this is {name} ({fingerprint[:8]}); run"
                f" `footnote index rebuild --index {quoted(self.path)}` to embed its articles again"
            )

    def _change(
        self,
        files: list[tuple[str, Path]],
        roots: list[Path],
        notices: list[Notice],
        *,
        dropped: Iterable[str] = (),
        removed: Iterable[str] = (),
        warnings: Iterable[Notice] = (),
        progress: ProgressCallback | None = None,
        must_find: bool = False,
    ) -> BuildReport:
        started = time.monotonic()
        with self._home.writer(), self._store() as store:
            soundness.verify(store)
            rows = store.sources()
            gone = set(removed)
            cut = {row.file for row in rows if row.article_id in gone}
            lost = set(dropped)
            known = [row for row in rows if row.file not in lost]
            reading = read_files(files, known, progress)
            reading = replace(
                reading,
                skipped=(*notices, *reading.skipped),
                warnings=(*warnings, *reading.warnings),
            )
            planned = plan(
                store.heads(),
                [  # without its hash a file that lost an article is read again by `update`
                    replace(row, file_sha256="") if row.file in cut else row
                    for row in rows
                    if row.article_id not in gone
                ],
                reading,
                lost,
                stored=store.article,
            )
            if must_find and not (planned.put or planned.unchanged):
                raise NothingToIndex(nothing_read(roots or [n for n, _ in files], reading))
            meta = store.meta()
            roots_after = tuple(dict.fromkeys((*meta.roots, *map(str, roots))))
            if (planned.put, planned.delete, planned.rows, roots_after) == (
                (),
                (),
                tuple(rows),
                meta.roots,
            ):
                return report(self._home, planned, reading, started)
            embedded = self._publish(store, replace(meta, roots=roots_after), planned, progress)
            return report(self._home, planned, reading, started, embedded)

    def _publish(
        self, store: Store, meta: StoreMeta, planned: Plan, progress: ProgressCallback | None
    ) -> int:
        """Embed what is new, then put the whole change in force; return the passages embedded."""
        cuts: list[list[Cut]] = []
        texts: list[str] = []
        if planned.put:
            self._check_model(meta, self.embedder.name, self.embedder.fingerprint)
            chunking = Chunking(meta.max_tokens, meta.overlap_tokens)
            for article in planned.put:
                cuts.append(chunk(article.text, self.embedder.count_tokens, chunking))
                texts += (f"{article.title}\n{article.text[c.start : c.end]}" for c in cuts[-1])
            vectors = embed(self.embedder, texts, progress)
        if progress is not None:
            progress(Progress(Stage.WRITE, 0, 1))
        previous = self._snapshots.newest(meta.change) or derived.load(self._home.derived, store)
        after = replace(meta, generation=meta.generation + 1, change=new_change())
        with store.transaction():
            store.delete_articles(planned.delete)
            ids: list[int] = []
            for article, article_cuts in zip(planned.put, cuts, strict=True):
                ids += store.add_article(article, article_cuts)
            if ids:
                store.add_vectors(ids, vectors)
            store.set_sources(planned.rows)
            store.set_meta(after)
            self._snapshots.put(derived.derive(self._home.derived, store, previous=previous))
            if progress is not None:
                progress(Progress(Stage.WRITE, 1, 1))  # the last chance to stop
        store.shorten_log()  # a damaged log would lose the change
        self._home.clean(after.change)
        return len(texts)


def _absent(root: Path) -> str:
    """Return why nothing can be told of what lies at a source, "" where it can be looked at."""
    try:
        with os.scandir(root) as entries:
            return "" if any(entries) else "is empty, as where a drive is not mounted"
    except NotADirectoryError:
        return ""
    except FileNotFoundError:
        return "is no longer there"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _spellings(name: str) -> list[str]:
    """Return what an index may call the article that somebody calls so."""
    file, mark, part = name.partition("#")
    names = [name, str(Path(name).absolute())]
    for given, rest in ((name, ""), (file, mark + part)):
        with suppress(OSError, ValueError, RuntimeError):  # as a NUL in it, or a loop of links
            path = Path(given).absolute()
            names.append(f"{path.parent.resolve() / path.name}{rest}")
    return names


def _within(path: Path | str, folders: Iterable[Path]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)
