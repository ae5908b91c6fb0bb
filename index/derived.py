"""The derived indexes on disk: made from the store, checked when loaded, rebuilt when in doubt.

    derived/<change>/manifest.json   the change they were made from, SHA-256 of every other file
    derived/<change>/vectors.faiss   `VectorIndex`
    derived/<change>/lexical/        `LexicalIndex`

A folder is made under another name, `making-…`, and renamed, so one that has its name is whole;
it never changes afterwards. Deleting any of it loses nothing. Whoever makes one holds the lock
`making-….lock` meanwhile, which the kernel frees when the process dies: only then is it removed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from index.errors import READ_ONLY, IndexDamaged, IndexNotWritten, IndexUnreadable
from index.lexical import LexicalIndex
from index.soundness import verify
from index.store import Store
from index.vectors import VectorIndex

_MANIFEST = "manifest.json"
_MAKING, _GONE = "making-", "gone-"
_NAME = re.compile(rf"[0-9a-f]{{32}}|{_MAKING}|{_GONE}")  # a change's, and what is on its way
_FAULTY = (IndexDamaged, FileNotFoundError, NotADirectoryError, IsADirectoryError)
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
    exactly the difference of the ids. Vectors are read in batches, so memory stays bounded by
    the indexes themselves.

    Raises:
        IndexDamaged: a text or a vector in the store is not as it was written.
        IndexNotWritten: there is no room for them.

    """
    change = store.meta().change
    whole = previous is None or not _intact(root / previous.change, previous.change)

    def write(folder: Path) -> None:
        ids = store.passage_ids()
        if previous is None or whole:
            VectorIndex.build(ids, store.vectors).save(folder)
            LexicalIndex.build(folder, store.passage_texts())
            return
        old = previous.vectors.ids
        removed = np.setdiff1d(old, ids, assume_unique=True).tolist()
        newest = int(old[-1]) if len(old) else 0
        if previous.vectors.suits(len(ids)):
            added = ids[bisect_right(ids, newest) :]
            previous.vectors.updated(removed, added, store.vectors).save(folder)
        else:
            VectorIndex.build(ids, store.vectors).save(folder)
        previous.lexical.updated(folder, removed, store.passage_texts(after=newest))

    return _publish(root, change, write)


def load(root: Path, store: Store) -> Derived:
    """Load the derived indexes of what `store` reads now, or make them when they do not match.

    Raises:
        IndexDamaged: the store does not hold the rows that it should.
        IndexUnreadable: the system does not let them be read.
        IndexNotWritten: they must be made, and there is no room for them.

    """
    verify(store)
    change = store.meta().change
    folder = root / change
    try:
        if folder.exists():
            derived = _load(folder, change)
            _match(derived, store)
            return derived
    except _FAULTY as error:
        _log.warning("derived indexes are built again: %s", error)
        _discard(folder)
    except OSError as error:
        raise IndexUnreadable.refused(folder, error) from error
    return derive(root, store)


def holds_nothing_else(root: Path) -> bool:
    """Say whether all that lies in the folder, if it is there, has a name that is made here."""
    return not root.is_dir() or all(_NAME.match(child.name) for child in root.iterdir())


def clean(root: Path, keep: str) -> None:
    """Remove all derived indexes but those of the change `keep`, and those being made."""
    for found in root.glob("*"):
        if found.name.startswith(_MAKING):
            _clean_made(found.with_name(found.name.removesuffix(".lock")))
        elif found.name != keep:
            shutil.rmtree(found, ignore_errors=True)


def _clean_made(folder: Path) -> None:
    """Remove a half-made folder and its lock, unless a process is still making it."""
    lock = _lock(folder)
    try:
        with lock.acquire(timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)
    except (Timeout, OSError):
        return


def _lock(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock")


def faults(root: Path, store: Store) -> list[str]:
    """Return one sentence for each thing found wrong; nothing saved yet is no fault.

    Raises `IndexUnreadable` as `load` does.
    """
    folder = root / store.meta().change
    try:
        if folder.exists():
            _match(_load(folder, store.meta().change), store)
    except _FAULTY as error:
        return [f"a derived index does not match, and is built again at the next start: {error}"]
    except OSError as error:
        raise IndexUnreadable.refused(folder, error) from error
    return []


def _discard(folder: Path) -> None:
    """Free a folder's name, then remove it: whoever has it open may keep it from being empty."""
    try:
        gone = Path(tempfile.mkdtemp(prefix=_GONE, dir=folder.parent))
        folder.rename(gone)
    except OSError:
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def _publish(root: Path, change: str, write: Callable[[Path], None]) -> Derived:
    """Write a folder under a passing name, then give it its own."""
    try:
        with _making(root) as passing:
            write(passing)
            manifest = {"change": change, "files": _hashes(passing)}
            (passing / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            target = passing.with_name(change)
            try:
                passing.rename(target)
            except OSError:  # another reader was faster
                if not target.exists():
                    raise
            return _load(target, change)
    except OSError as error:
        raise IndexNotWritten(
            f"the search indexes could not be written to {root}: {error.strerror or error};"
            " see that the disk has room"
        ) from error


@contextmanager
def _making(root: Path) -> Iterator[Path]:
    """Yield a new folder to make derived indexes in, which nobody removes meanwhile.

    Where an index may only be read it lies elsewhere, and goes when it has been loaded.
    """
    try:
        root.mkdir(exist_ok=True)
        passing = root / f"{_MAKING}{uuid.uuid4().hex}"
        lock = _lock(passing)
        lock.acquire()  # before the folder is there
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
        with tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True) as folder:
            passing = Path(folder) / _MAKING
            passing.mkdir()
            yield passing
        return
    try:
        passing.mkdir()
        yield passing
    finally:
        shutil.rmtree(passing, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


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
    if not np.array_equal(derived.vectors.ids, ids) or len(derived.lexical) != len(ids):
        raise IndexDamaged("the derived indexes hold other passages than the store")


def _hashes(folder: Path) -> dict[str, str]:
    """Return relative path → SHA-256 of every file that holds content."""
    return {
        path.relative_to(folder).as_posix(): _hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _MANIFEST and not path.name.endswith(".lock")
    }


def _hash(path: Path) -> str:
    """Return a file's SHA-256, read piece by piece: an index may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
