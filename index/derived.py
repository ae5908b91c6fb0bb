"""The derived indexes on disk: made from the store, checked when loaded, rebuilt when in doubt.

    derived/<change>/manifest.json   the change they were made from, SHA-256 of every other file
    derived/<change>/vectors.faiss   `VectorIndex`
    derived/<change>/lexical/        `LexicalIndex`

A folder is made under another name and renamed, so one that has its name is whole; it never
changes afterwards. Deleting any of it loses nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.errors import IndexDamaged
from index.lexical import LexicalIndex
from index.store import Store
from index.vectors import VectorIndex

_MANIFEST = "manifest.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Derived:
    """Both derived indexes of one published change."""

    change: str
    vectors: VectorIndex
    lexical: LexicalIndex


def derive(root: Path, store: Store, *, previous: Derived | None = None) -> Derived:
    """Make the derived indexes of what `store` reads now, and save them under `root`.

    Passage ids are never used twice, so what differs from `previous`, when it is given, is
    exactly the difference of the ids.
    """
    change = store.meta().change
    whole = previous is None or not _intact(root / previous.change, previous.change)

    def write(folder: Path) -> None:
        if previous is None or whole:
            ids, rows = store.vectors()
            VectorIndex.build(ids, rows).save(folder)
            LexicalIndex.build(folder, store.passage_texts())
            return
        old = set(previous.vectors.ids.tolist())
        removed = old.difference(store.passage_ids())
        newest = max(old, default=0)
        ids, rows = store.vectors(after=newest)
        previous.vectors.updated(removed, ids, rows).save(folder)
        previous.lexical.updated(folder, removed, store.passage_texts(after=newest))

    return _publish(root, change, write)


def load(root: Path, store: Store) -> Derived:
    """Load the derived indexes of what `store` reads now, or make them when they do not match."""
    change = store.meta().change
    folder = root / change
    if folder.exists():
        try:
            derived = _load(folder, change)
            _match(derived, store)
        except (IndexDamaged, OSError) as error:
            _log.warning("derived indexes are built again: %s", error)
            _discard(folder)
        else:
            return derived
    return derive(root, store)


def clean(root: Path, keep: str) -> None:
    """Remove all derived indexes but those of the change `keep`."""
    for folder in root.glob("*"):
        if folder.name != keep:
            shutil.rmtree(folder, ignore_errors=True)


def faults(root: Path, store: Store) -> list[str]:
    """Return one sentence for each thing found wrong; nothing saved yet is no fault."""
    folder = root / store.meta().change
    if not folder.exists():
        return []
    try:
        _match(_load(folder, store.meta().change), store)
    except (IndexDamaged, OSError) as error:
        return [f"a derived index does not match, and is built again at the next start: {error}"]
    return []


def _discard(folder: Path) -> None:
    """Free a folder's name, then remove it: whoever has it open may keep it from being empty."""
    try:
        gone = Path(tempfile.mkdtemp(prefix="gone-", dir=folder.parent))
        folder.rename(gone)
    except OSError:
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def _publish(root: Path, change: str, write: Callable[[Path], None]) -> Derived:
    """Write a folder under a passing name, then give it its own."""
    try:
        root.mkdir(exist_ok=True)
        passing = Path(tempfile.mkdtemp(prefix="making-", dir=root))
    except PermissionError:  # an index that may only be read: keep the derived part elsewhere
        root = Path(tempfile.mkdtemp(prefix="footnote-"))
        passing = root / "making"
        passing.mkdir()
    try:
        write(passing)
        manifest = {"change": change, "files": _hashes(passing)}
        (passing / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        target = root / change
        try:
            passing.rename(target)
        except OSError:  # another reader was faster
            if not target.exists():
                raise
        return _load(target, change)
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _load(folder: Path, change: str) -> Derived:
    _verify(folder, change)
    return Derived(change, VectorIndex.load(folder), LexicalIndex.load(folder))


def _intact(folder: Path, change: str) -> bool:
    """Say whether a folder still holds what was written: it may be deleted or damaged since."""
    try:
        _verify(folder, change)
    except (IndexDamaged, OSError):
        return False
    return True


def _verify(folder: Path, change: str) -> None:
    """Raise `IndexDamaged` when a folder does not hold what its manifest says."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except ValueError as error:
        raise IndexDamaged(f"{folder / _MANIFEST} is not JSON: {error}") from error
    if manifest != {"change": change, "files": _hashes(folder)}:
        raise IndexDamaged(f"{folder} does not hold the files that its manifest names")


def _match(derived: Derived, store: Store) -> None:
    """Raise `IndexDamaged` when the derived indexes hold other passages than the store."""
    ids = store.passage_ids()
    if sorted(derived.vectors.ids.tolist()) != ids or len(derived.lexical) != len(ids):
        raise IndexDamaged("the derived indexes hold other passages than the store")


def _hashes(folder: Path) -> dict[str, str]:
    """Return relative path → SHA-256 of every file that holds content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _MANIFEST and not path.name.endswith(".lock")
    }
