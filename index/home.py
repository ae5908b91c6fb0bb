"""The folder that an index lives in, and how its parts change places.

CURRENT              the name of the store in force, replaced atomically
store-<id>.sqlite    the truth; a full rebuild makes a new one beside it
derived/             what can be made again from the store
writer.lock          held by the one process that changes the index
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index import derived
from index.errors import IndexDamaged, IndexLocked, IndexMissing
from index.store import Store

_CURRENT = "CURRENT"


class Home:
    """Paths of an index and the two steps that make a change visible."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.derived = self.path / "derived"

    def exists(self) -> bool:
        """Say whether there is an index here."""
        return (self.path / _CURRENT).is_file()

    def current(self) -> Path:
        """Return the store in force.

        Raises:
            IndexMissing: there is no index here.
            IndexDamaged: the pointer names no file.

        """
        store, before = self._pointed(), None
        while not store.is_file():
            if store == before:
                raise IndexDamaged(
                    f"{self.path / _CURRENT} names the store {store.name!r}, which is not there;"
                    " build the index again with `footnote index rebuild FOLDER`"
                )
            store, before = self._pointed(), store  # it may have been replaced since
        return store

    def open_store(self) -> Store:
        """Open the store in force.

        Raises:
            IndexMissing, IndexDamaged, IndexIncompatible: as their names say.

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

    def _pointed(self) -> Path:
        """Return the path of the store that the pointer names, whether it is there or not."""
        try:
            name = (self.path / _CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            raise IndexMissing(
                f"there is no index at {self.path}; make one with"
                f" `footnote index rebuild FOLDER --index {self.path}`"
            ) from None
        except OSError as error:
            raise IndexDamaged(
                f"{self.path / _CURRENT} cannot be read: {error.strerror}"
            ) from error
        return self.path / (Path(name).name or "(nothing)")

    def prepare(self) -> None:
        """Make the folder, or see that it is one an index may be written to.

        Raises:
            IndexMissing: the path holds something else.

        """
        if self.path.exists() and not self.exists():
            ours = {"derived", "writer.lock", f"{_CURRENT}.new"}
            others = not self.path.is_dir() or any(
                child.name not in ours and not child.name.startswith("store-")
                for child in self.path.iterdir()
            )
            if others:
                raise IndexMissing(
                    f"{self.path} exists and is not an index; give an empty or a new folder"
                )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexMissing(f"{self.path} cannot be made: {error.strerror}") from error

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the writer's lock; the kernel frees it when the process dies.

        Raises:
            IndexLocked: another process or thread is changing the index.

        """
        lock = FileLock(self.path / "writer.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise IndexLocked(
                f"the index at {self.path} is being changed by another process; try again when it"
                " has finished"
            ) from None
        except OSError as error:
            raise IndexLocked(f"{self.path} cannot be written to: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def new_store(self) -> Path:
        """Return the path of a store that is not there yet."""
        return self.path / f"store-{uuid.uuid4().hex[:12]}.sqlite"

    def publish(self, store: Path) -> None:
        """Put a finished store in force, in one step."""
        passing = self.path / f"{_CURRENT}.new"
        with passing.open("w", encoding="utf-8") as file:
            file.write(store.name)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(self.path / _CURRENT)
        _sync_folder(self.path)

    def clean(self, change: str) -> None:
        """Remove stores not in force and derived indexes of other changes; for the writer only."""
        current = self.current().name
        for file in self.path.glob("store-*.sqlite*"):
            if not file.name.startswith(current):
                file.unlink(missing_ok=True)
        derived.clean(self.derived, keep=change)


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
