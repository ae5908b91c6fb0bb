"""A whole new store: articles in, cut, embedded in groups, put in force in one step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice

from index import derived
from index.chunker import Chunking, chunk
from index.embedder import Embedder, FloatArray
from index.errors import IndexDamaged, IndexIncompatible
from index.home import Home
from index.store import SourceRow, Store, StoreMeta, new_change
from index.values import Article, Progress, ProgressCallback, Stage

_GROUP = 512  # passages embedded between two writes


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
) -> None:
    """Make a store and its derived indexes beside the one in force, then take its place.

    Memory stays bounded by one group of passages and the derived indexes. Whatever is raised
    on the way, the half-made store is removed and the one in force untouched.
    """
    path = home.new_store()
    store = Store.create(path, meta)
    try:
        chunking = Chunking(meta.max_tokens, meta.overlap_tokens)
        with store.transaction():
            for article in articles:
                store.add_article(article, chunk(article.text, embedder.count_tokens, chunking))
            store.set_sources(rows)
        _embed_all(store, embedder, progress)
        if progress is not None:
            progress(Progress(Stage.WRITE, 0, 1))
        derived.derive(home.derived, store)
        store.checkpoint()
        store.close()
        home.publish(path)
    except BaseException:
        store.close()
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink(missing_ok=True)
        raise
    home.clean(meta.change)
    if progress is not None:
        progress(Progress(Stage.WRITE, 1, 1))


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

    def report(ready: int) -> None:
        if progress is not None:
            progress(Progress(Stage.EMBED, done + ready, end))

    return embedder.encode_passages(texts, progress=report)


def _embed_all(store: Store, embedder: Embedder, progress: ProgressCallback | None) -> None:
    """Give every passage of a new store its vector, a group at a time."""
    _, total = store.count()
    last = done = 0
    while group := list(islice(store.passage_texts(after=last), _GROUP)):
        texts = [f"{passage.title}\n{passage.text}" for passage in group]
        vectors = embed(embedder, texts, progress, done=done, total=total)
        with store.transaction():
            store.add_vectors([passage.passage_id for passage in group], vectors)
        last, done = group[-1].passage_id, done + len(group)
