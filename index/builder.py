"""A whole new index: files read, cut, embedded in groups, put in force in one step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from index import derived
from index.arithmetic import letting_questions_first
from index.articles import find_files
from index.chunker import Chunking, Cut, chunk
from index.embedder import Embedder, FloatArray, load_embedder
from index.errors import IndexDamaged, IndexIncompatible, IndexLocked, NothingToIndex
from index.home import Home
from index.ingest import Plan, Reading, plan, read_files
from index.reports import Sources, named, nothing_read, report, source_paths
from index.rows import SourceRow, StoreMeta, new_change
from index.soundness import verify_articles
from index.store import Store
from index.values import Article, BuildReport, Notice, Progress, ProgressCallback, Stage

_GROUP = 512  # passages embedded between two writes

KnownVector = Callable[[str, Cut], FloatArray | None]  # article id, place → (dimension,)


def build_index(
    sources: Sources,
    *,
    path: Path | str,
    progress: ProgressCallback | None = None,
    embedder: Embedder | None = None,
    chunking: Chunking | None = None,
    replace_old: bool = True,
) -> BuildReport:
    """Build an index of files and folders at `path`, replacing the one there, if any.

    The new index takes the old one's place in one step, at the end; until then, and after any
    error or Ctrl-C, the old one is untouched and goes on answering.

    Args:
        sources: files and folders, the latter with all that is below them.
        path: the index's own folder.
        progress: called with a `Progress` after each file and batch; what it raises stops
            the build.
        embedder: the encoder; by default the one that comes with Footnote.
        chunking: how articles are cut into passages.
        replace_old: whether it may replace an index; `IndexLocked` is raised where it may not
            and there is one.

    Raises:
        NothingToIndex: no article could be read from the sources.
        IndexLocked: another process is changing the index; told before anything is read.
        IndexMissing: `path` holds something that is not an index.
        IndexNotWritten: the disk is full, or the folder may not be written to.
        ModelError: the encoder cannot be loaded.

    """
    started = time.monotonic()
    roots = source_paths(sources)
    files, notices = find_files(roots)
    home = Home(Path(path))
    with home.making():
        if home.exists() and not replace_old:
            raise IndexLocked(
                f"another process has just made an index at {home.path}; run this again to add"
                " to it"
            )
        reading = _read(files, progress, notices)
        planned = plan({}, (), reading, stored=_no_article)
        if not planned.put:
            raise NothingToIndex(nothing_read(roots, reading))
        encoder = embedder or load_embedder()
        meta = new_meta(home, encoder, chunking or Chunking(), tuple(map(str, roots)))
        build_store(home, meta, planned.put, planned.rows, encoder, progress)
        return report(home, planned, reading, started)


def rebuild_index(
    path: Path | str,
    *,
    progress: ProgressCallback | None = None,
    embedder: Embedder | None = None,
    chunking: Chunking | None = None,
) -> BuildReport:
    """Cut and embed the stored articles again, from their stored texts, and replace the index.

    Works on an index that `open_index` refuses because it was made with another model. The
    articles' files are not looked at.

    Raises:
        IndexMissing, IndexLocked, IndexDamaged, ModelError: as their names say.

    """
    started = time.monotonic()
    home = Home(Path(path))
    home.current()
    with home.writer():
        store = Store.open(home.current())
        try:
            verify_articles(store)
            roots, rows = store.meta().roots, store.sources()
            encoder = embedder or load_embedder(store.meta().model)
            meta = new_meta(home, encoder, chunking or Chunking(), roots)
            build_store(home, meta, store.all_articles(), rows, encoder, progress)
        finally:
            store.close()
        ids = tuple(dict.fromkeys(row.article_id for row in rows))
        done = Plan((), (), (), (), updated=ids, removed=(), unchanged=(), duplicates=())
        return report(home, done, Reading((), (), (), ()), started)


def new_meta(
    home: Home, embedder: Embedder, chunking: Chunking, roots: tuple[str, ...]
) -> StoreMeta:
    """Return the header of a store that is to follow the one in force at `home`, if any."""
    generation = 0
    if home.exists():
        try:
            store = Store.open(home.current())
            try:
                generation = store.meta().generation
            finally:
                store.close()
        except (IndexDamaged, IndexIncompatible):
            pass  # what cannot be read is replaced; its generation is not known
    return StoreMeta(
        generation=generation + 1,
        change=new_change(),
        model=embedder.name,
        fingerprint=embedder.fingerprint,
        dimension=embedder.dimension,
        max_tokens=chunking.max_tokens,
        overlap_tokens=chunking.overlap_tokens,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        roots=roots,
    )


def build_store(
    home: Home,
    meta: StoreMeta,
    articles: Iterable[Article],
    rows: Iterable[SourceRow],
    embedder: Embedder,
    progress: ProgressCallback | None,
    known: KnownVector | None = None,
) -> None:
    """Make a store and its derived indexes beside the one in force, then take its place.

    Memory stays bounded by one group of passages and the derived indexes. Whatever is raised
    on the way, the half-made store is removed and the one in force untouched. `known` gives the
    vectors that need not be computed.
    """
    chunking = Chunking(meta.max_tokens, meta.overlap_tokens)
    with replacing(home) as path:
        store = Store.create(path, meta)
        try:
            with store.transaction():
                for article in articles:
                    cuts = chunk(article.text, embedder.count_tokens, chunking)
                    ids = store.add_article(article, cuts)
                    for passage_id, cut in zip(ids, cuts, strict=True):
                        vector = known(article.id, cut) if known else None
                        if vector is not None:
                            store.add_vectors([passage_id], vector[None])
                store.set_sources(rows)
            _embed_all(store, embedder, progress)
            if progress is not None:
                progress(Progress(Stage.WRITE, 0, 1))
            finish(home, store)
        finally:
            store.close()
        if progress is not None:
            progress(Progress(Stage.WRITE, 1, 1))  # the last chance to stop
    home.clean(meta.change)


@contextmanager
def replacing(home: Home) -> Iterator[Path]:
    """Yield the path for a new store, which is put in force at the end of the block.

    It must be closed by then. Whatever is raised, it is removed, and the one in force untouched.
    """
    path = home.new_store()
    try:
        yield path
        home.publish(path)
    except BaseException:
        home.discard(path)
        raise


def finish(home: Home, store: Store) -> None:
    """Make the derived indexes of a new store, and its file whole without its log."""
    derived.derive(home.derived, store)
    store.checkpoint()


def embed(
    embedder: Embedder,
    texts: list[str],
    progress: ProgressCallback | None,
    *,
    done: int = 0,
    total: int | None = None,
) -> FloatArray:
    """Return the vectors of passages, reporting `done` plus those ready, of `total`."""
    end = len(texts) if total is None else total

    def encoded(ready: int) -> None:
        if progress is not None:
            progress(Progress(Stage.EMBED, done + ready, end))

    with letting_questions_first():
        return embedder.encode_passages(texts, progress=encoded)


def _embed_all(store: Store, embedder: Embedder, progress: ProgressCallback | None) -> None:
    """Give every passage of a new store that has no vector one, a group at a time."""
    total = store.unembedded()
    last = done = 0
    while group := list(islice(store.passage_texts(after=last, unembedded=True), _GROUP)):
        texts = [f"{passage.title}\n{passage.text}" for passage in group]
        vectors = embed(embedder, texts, progress, done=done, total=total)
        with store.transaction():
            store.add_vectors([passage.passage_id for passage in group], vectors)
        last, done = group[-1].passage_id, done + len(group)


def _read(
    files: Mapping[Path, Path], progress: ProgressCallback | None, notices: list[Notice]
) -> Reading:
    reading = read_files(named(files), (), progress)
    return replace(reading, skipped=(*notices, *reading.skipped))


def _no_article(article_id: str) -> Article:
    raise AssertionError(f"a new index holds no article {article_id}")
