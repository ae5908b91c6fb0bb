"""Make a damaged index whole again from the texts that it stores.

A text is the truth and never made up: where one is damaged or lost nothing is repaired, and the
error names what helps. All else follows from the texts: passages are cut again, vectors that are
not as they were written computed again, search indexes derived again.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from index import derived
from index.builder import build_store, new_meta
from index.chunker import Chunking, Cut
from index.embedder import Embedder, FloatArray, load_embedder
from index.errors import FootnoteError, IndexDamaged, IndexIncompatible, IndexMissing
from index.home import Home
from index.paths import quoted
from index.seals import RESTORE
from index.soundness import faults, sound_passages, sound_vector, verify_articles
from index.store import Store
from index.values import CheckReport, ProgressCallback


def repair_index(
    path: Path | str,
    *,
    progress: ProgressCallback | None = None,
    embedder: Embedder | None = None,
) -> CheckReport:
    """Check the index at `path` and make again whatever its stored texts allow.

    Either all of it is repaired or the index is left as it was. A repaired index is a new
    generation where its store had to be written again. `embedder` is the encoder, by default the
    one that the index was made with; it is loaded only when a passage needs it.

    Raises:
        IndexDamaged: a text is damaged or lost; the message names it and what helps.
        IndexIncompatible: vectors are damaged, and the encoder is not the one they came from.
        IndexMissing, IndexLocked, IndexNotWritten, ModelError: as their names say.

    """
    home = Home(Path(path))
    if not (home.exists() or home.stores()):
        home.current()  # raises what is wrong
    with home.writer():
        done = [*_point(home), *_repair_store(home, progress, embedder)]
        with closing(Store.open(home.current())) as store:
            if found := derived.faults(home.derived, store):
                derived.load(home.derived, store)
                done += found
            left = (*faults(store), *derived.faults(home.derived, store))
            return CheckReport(*store.count(), left, tuple(done))


def _point(home: Home) -> list[str]:
    """Put the newest store in force that can be read, when the pointer names none."""
    try:
        home.current()
    except (IndexDamaged, IndexMissing) as error:
        found = max(((*_worth(path), path) for path in home.stores()), default=None)
        if found is None or found[1] < 0:
            raise IndexDamaged(f"no store in {home.path} can be read; {RESTORE}") from error
        home.publish(found[2])
        return [str(error)]
    return []


def _worth(path: Path) -> tuple[bool, int]:
    """Return whether a store is sound, and its generation, -1 when it cannot be read."""
    try:
        with closing(Store.open(path)) as store:
            return not any(faults(store)), store.meta().generation
    except FootnoteError:
        return False, -1


def _repair_store(
    home: Home, progress: ProgressCallback | None, embedder: Embedder | None
) -> list[str]:
    """Write the store again from its texts, with those vectors that are sound; say why."""
    with closing(Store.open(home.current())) as store:
        found = list(faults(store))
        if not found:
            return []
        meta = store.meta()
        verify_articles(store)
        for _ in store.all_articles():
            pass  # each text is compared with its hash before anything is written
        encoder = embedder or load_embedder(meta.model)
        if encoder.fingerprint != meta.fingerprint:
            raise IndexIncompatible(
                f"{found[0]}, and the model {meta.model} is no longer the one that the index was"
                f" made with; run `footnote index rebuild --index {quoted(home.path)}`"
            )
        sound = sound_passages(store)

        def known(article_id: str, cut: Cut) -> FloatArray | None:
            passage_id = sound.get((article_id, cut))
            return None if passage_id is None else sound_vector(store, passage_id, meta.dimension)

        chunking = Chunking(meta.max_tokens, meta.overlap_tokens)
        build_store(
            home,
            new_meta(home, encoder, chunking, meta.roots),
            store.all_articles(),
            store.sources(),
            encoder,
            progress,
            known,
        )
    return found
