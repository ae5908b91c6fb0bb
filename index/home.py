"""The folder that an index lives in, and how its parts change places.

CURRENT              the name of the store in force, replaced atomically
store-<id>.sqlite    the truth
making-<id>.sqlite   a new one on its way; it takes the name above when it is whole
derived/             what can be made again from the store
writer.lock          held by the one process that changes the index
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index import derived
from index.errors import (
    IndexDamaged,
    IndexLocked,
    IndexMissing,
    IndexNotWritten,
    IndexUnreadable,
)
from index.paths import given_path, in_utf8, quoted
from index.seals import RESTORE
from index.store import Store

_CURRENT, _LOCK = "CURRENT", "writer.lock"
_STORE, _MAKING = "store-", "making-"
_STORE_NAME = re.compile(r"store-[0-9a-f]{12}\.sqlite")
_NAMES = re.compile(
    rf"CURRENT(\.new)?|derived|writer\.lock|({_STORE_NAME.pattern}|making-\w+\.sqlite)(-\w+)?"
)
_LONGEST = 80  # characters of a store's name
_FIND = "`footnote index check --repair` looks for the store"


class Home:
    """Paths of an index and the two steps that make a change visible.

    Raises:
        IndexMissing: the path is not in UTF-8.

    """

    def __init__(self, path: Path) -> None:
        self.path = in_utf8(given_path(path), IndexMissing)
        self.derived = self.path / "derived"

    def exists(self) -> bool:
        """Say whether there is an index here.

        Raises:
            IndexUnreadable: the system does not tell.

        """
        try:
            return (self.path / _CURRENT).is_file()
        except OSError as error:
            raise IndexUnreadable.refused(self.path, error) from error

    def current(self) -> Path:
        """Return the store in force.

        Raises:
            IndexMissing: there is no index here.
            IndexDamaged: the pointer names no file.
            IndexUnreadable: the system does not let the pointer be read.

        """
        store, before = self._pointed(), None
        while not store.is_file():
            if store == before:
                raise IndexDamaged(
                    f"{self.path / _CURRENT} names the store {store.name!r}, which is not there;"
                    f" {_FIND if self.stores() else RESTORE}"
                )
            store, before = self._pointed(), store  # it may have been replaced since
        return store

    def open_store(self) -> Store:
        """Open the store in force.

        Raises:
            IndexMissing, IndexDamaged, IndexUnreadable, IndexIncompatible: as their names say.

        """
        for _ in range(2):
            with suppress(IndexDamaged):  # it may be replaced before it is opened
                return Store.open(self.current())
        return Store.open(self.current())

    def in_force(self, store: Path) -> bool:
        """Say whether this is the store in force."""
        try:
            return self.current() == store
        except (IndexMissing, IndexDamaged):
            return False

    def stores(self) -> list[Path]:
        """Return all stores that are whole; those not in force are left from a kill."""
        return sorted(self.path.glob(f"{_STORE}*.sqlite"))

    def _pointed(self) -> Path:
        """Return the path of the store that the pointer names, whether it is there or not."""
        try:
            text = (self.path / _CURRENT).read_text(encoding="utf-8", errors="replace")
            name = text.strip().partition("\n")[0][:_LONGEST]  # it may be anything
        except IsADirectoryError:
            raise self._pointer_is_folder() from None
        except (FileNotFoundError, NotADirectoryError):
            if self.stores():
                raise IndexDamaged(f"{self.path / _CURRENT} is missing; {_FIND}") from None
            raise IndexMissing(
                f"there is no index at {self.path}; make one with"
                f" `footnote index rebuild FOLDER --index {quoted(self.path)}`"
            ) from None
        except OSError as error:
            if IndexUnreadable.is_refusal(error):
                raise IndexUnreadable.refused(self.path / _CURRENT, error) from error
            raise IndexDamaged(
                f"{self.path / _CURRENT} cannot be read: {error.strerror}"
            ) from error
        return self.path / (Path(name).name or "(nothing)")

    def _pointer_is_folder(self) -> IndexDamaged:
        return IndexDamaged(
            f"{self.path / _CURRENT} is a folder and not the file that names the store; remove it,"
            f" then {_FIND}"
        )

    def prepare(self) -> bool:
        """Make the folder, or see that it is one an index may be written to; say whether it is new.

        Raises:
            IndexMissing: the path holds something else, or the folder cannot be made.
            IndexUnreadable: the system does not tell what it holds.

        """
        try:
            new = not self.path.exists()
            ours = new or self._is_ours()
        except OSError as error:
            raise IndexUnreadable.refused(self.path, error) from error
        if not ours:
            raise IndexMissing(
                f"{self.path} exists and is not an index; give an empty or a new folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexMissing(f"{self.path} cannot be made: {error.strerror}") from error
        return new

    @contextmanager
    def making(self) -> Iterator[None]:
        """Hold the writer's lock where an index is to be; a folder made in vain is removed.

        Raises:
            IndexMissing, IndexLocked, IndexNotWritten: as `prepare` and `writer`.

        """
        new = self.prepare()
        with self.writer():
            try:
                yield
            except BaseException:
                with suppress(OSError):  # Windows removes no file that is open
                    if new and [child.name for child in self.path.iterdir()] == [_LOCK]:
                        (self.path / _LOCK).unlink()
                        self.path.rmdir()
                raise

    def _is_ours(self) -> bool:
        """Say whether this is an index, or what is left of one: other data is never written to.

        Other programs' folders can have a file CURRENT too, as LevelDB's do.
        """
        if not self.path.is_dir():
            return False
        with suppress(IndexMissing, IndexDamaged):
            if _STORE_NAME.fullmatch(self._pointed().name):
                return True
        names = all(_NAMES.fullmatch(child.name) for child in self.path.iterdir())
        return names and derived.holds_nothing_else(self.derived)

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the writer's lock; the kernel frees it when the process dies.

        Raises:
            IndexLocked: another process or thread is changing the index.
            IndexDamaged: the pointer is a folder, so no change could be put in force.
            IndexNotWritten: the folder may not be written to.

        """
        lock = FileLock(self.path / _LOCK, timeout=0)
        try:
            if (self.path / _CURRENT).is_dir():
                raise self._pointer_is_folder()
            lock.acquire()
        except Timeout:
            raise IndexLocked(
                f"the index at {self.path} is being changed by another process; try again when it"
                " has finished"
            ) from None
        except OSError as error:
            raise IndexNotWritten(
                f"{self.path} cannot be written to ({error.strerror}), and the index is as it was;"
                " see that this user may write there and the disk has room"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def new_store(self) -> Path:
        """Return the path of a store that is not there yet."""
        return self.path / f"{_MAKING}{uuid.uuid4().hex[:12]}.sqlite"

    def publish(self, store: Path) -> None:
        """Put a finished store, which no connection has open, in force in one step."""
        whole = _whole(store)
        passing = self.path / f"{_CURRENT}.new"
        try:
            store.replace(whole)
            with passing.open("w", encoding="utf-8") as file:
                file.write(whole.name)
                file.flush()
                os.fsync(file.fileno())
            passing.replace(self.path / _CURRENT)
        except OSError as error:
            raise IndexNotWritten(
                f"{passing} could not be written: {error.strerror}; see that the disk has room"
            ) from error
        _sync_folder(self.path)

    def discard(self, store: Path) -> None:
        """Remove a new store, unless it is in force: what fails can fail after that step."""
        if not self.in_force(_whole(store)):
            for name in (store.name, _whole(store).name):
                for file in self.path.glob(f"{name}*"):
                    file.unlink(missing_ok=True)

    def clean(self, change: str) -> None:
        """Remove stores not in force and derived indexes of other changes; for the writer only."""
        current = self.current().name
        for prefix in (_STORE, _MAKING):
            for file in self.path.glob(f"{prefix}*.sqlite*"):
                if not file.name.startswith(current):
                    file.unlink(missing_ok=True)
        derived.clean(self.derived, keep=change)


def _whole(store: Path) -> Path:
    """Return the name that a new store takes when it is whole."""
    return store.with_name(store.name.replace(_MAKING, _STORE, 1))


def _sync_folder(folder: Path) -> None:
    """Make a folder's entries durable, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows cannot open folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
