"""Is a store as it was written? What is wrong with it, and what of it can still be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from index.chunker import Cut
from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.rows import ARTICLE, PASSAGE, place_of
from index.seals import REPAIR, RESTORE, wrong_head, wrong_passage, wrong_text, wrong_vector
from index.store import Store


def verify(store: Store) -> None:
    """Compare the header with the rows: of one that is lost no other row tells.

    Raises:
        IndexDamaged: an article, a place of one, or a passage is missing or in excess.

    """
    verify_articles(store)
    if store.noted_seals()[1] != store.passages_seal():
        raise IndexDamaged(f"{store.path} does not hold the passages it should; {REPAIR}")


def verify_articles(store: Store) -> None:
    """Do what `verify` does, without looking at passages."""
    if store.noted_seals()[0] != store.articles_seal():
        raise IndexDamaged(f"{store.path} does not hold the articles it should; {RESTORE}")


def faults(store: Store) -> Iterator[str]:
    """Yield one sentence for each thing found wrong in a store's file."""
    try:
        yield from _faults(store)
    except IndexDamaged as error:
        yield str(error)


def _faults(store: Store) -> Iterator[str]:
    for (message,) in store.read("PRAGMA integrity_check"):
        if message != "ok":
            yield f"SQLite finds the file damaged: {message}"
    dimension = store.meta().dimension
    try:
        verify(store)
    except IndexDamaged as error:
        yield str(error)
    for *row, text in store.read(f"SELECT {ARTICLE}, text FROM articles ORDER BY number"):  # noqa: S608
        if wrong := wrong_head(row) or wrong_text(row, text):
            yield wrong
    query = (
        'SELECT p.id, p.article_id, p.start, p."end", p.seal, length(a.text), v.seal, v.vector'
        " FROM passages AS p LEFT JOIN articles AS a ON a.id = p.article_id"
        " LEFT JOIN vectors AS v ON v.passage_id = p.id"
    )
    for *row, length, sealed, blob in store.read(query):
        passage_id, _, start, end, _ = row
        if wrong := wrong_passage(row):
            yield wrong
        elif length is None or not 0 <= start < end <= length:
            yield f"passage {passage_id} lies outside its article"
        if wrong := wrong_vector(passage_id, sealed, blob, dimension):
            yield wrong


def sound_passages(store: Store) -> dict[tuple[str, Cut], int]:
    """Return (article id, place) → passage id of the passages that are as they were written.

    Where the file can be read no further, those before are all.
    """
    found: dict[tuple[str, Cut], int] = {}
    with suppress(IndexDamaged):
        for row in store.read(f"SELECT {PASSAGE} FROM passages NOT INDEXED"):  # noqa: S608
            with suppress(IndexDamaged):
                article_id, start, end = place_of(row)
                found[article_id, Cut(start, end)] = row[0]
    return found


def sound_vector(store: Store, passage_id: int, dimension: int) -> FloatArray | None:
    """Return the vector `(dimension,)` of a passage, when it is as it was written."""
    query = "SELECT seal, vector FROM vectors WHERE passage_id = ?"
    with suppress(IndexDamaged):
        for sealed, blob in store.read(query, (passage_id,)):
            if not wrong_vector(passage_id, sealed, blob, dimension):
                return np.frombuffer(blob, dtype="<f4").astype(np.float32)
    return None
