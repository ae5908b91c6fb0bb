"""What the verbs take and give: lists of sources in, the report of a change out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from index.home import Home
from index.ingest import Plan, Reading
from index.paths import given_path
from index.store import Store
from index.values import BuildReport

Sources = Iterable[Path | str] | Path | str


def source_paths(sources: Sources) -> list[Path]:
    """Return the sources as absolute paths."""
    listed = [sources] if isinstance(sources, Path | str) else list(sources)
    return [given_path(source) for source in listed]


def named(files: Mapping[Path, Path]) -> list[tuple[str, Path]]:
    """Return the places of files with their names in the index: their paths."""
    return [(str(path), place) for path, place in files.items()]


def nothing_read(sources: Iterable[Path | str], reading: Reading) -> str:
    """Return the sentence for sources without a readable article."""
    where = ", ".join(map(str, sources)) or "the list of sources"
    reasons = "; ".join(map(str, reading.skipped[:3]))
    more = len(reading.skipped) - 3
    return f"no article could be read from {where}" + (
        f" ({reasons}{f'; and {more} more' if more > 0 else ''})" if reasons else ""
    )


def report(
    home: Home, planned: Plan, reading: Reading, started: float, embedded: int | None = None
) -> BuildReport:
    """Return what a change did, with the index's size as it is now."""
    store = Store.open(home.current())
    try:
        articles, passages = store.count()
        generation = store.meta().generation
    finally:
        store.close()
    return BuildReport(
        generation=generation,
        articles=articles,
        passages=passages,
        added=planned.added,
        updated=planned.updated,
        unchanged=planned.unchanged,
        removed=planned.removed,
        skipped=reading.skipped,
        duplicates=planned.duplicates,
        warnings=reading.warnings,
        embedded=passages if embedded is None else embedded,
        seconds=time.monotonic() - started,
    )
