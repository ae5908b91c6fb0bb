"""A store's file as SQLite opens it: for changes, for reading only, or with distrust; its errors.

SQLite says by its own errors what is wrong with a file or a disk; here they become Footnote's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from index.errors import FootnoteError, IndexDamaged, IndexNotWritten, IndexUnreadable
from index.rows import SCHEMA
from index.seals import RESTORE

UNREADABLE = (  # what SQLite says of a file that was altered behind its back
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,  # of a log that must be looked through and may only be read
    apsw.BusyError,  # another program keeps all of it to itself
    apsw.SQLError,  # the schema lies in the file, too
    apsw.FormatError,
    apsw.MismatchError,
    apsw.TooBigError,
    apsw.InterruptError,  # a foreign one took too long
    UnicodeDecodeError,
)
_NO_ROOM = {  # what a reader meets on a full disk: it writes to the log's index
    apsw.SQLITE_FULL,
    apsw.SQLITE_IOERR_WRITE,
    apsw.SQLITE_IOERR_FSYNC,
    apsw.SQLITE_IOERR_TRUNCATE,
    apsw.SQLITE_IOERR_SHMOPEN,
    apsw.SQLITE_IOERR_SHMSIZE,
    apsw.SQLITE_IOERR_SHMMAP,
}
_STEPS = 1_000_000  # of SQLite's machine, that any foreign store may take
_STEPS_PER_BYTE = 5  # and one of this size; honest ones took 0.3 at most
PATIENCE = 5000  # milliseconds that a statement waits for another connection
_UNWRITABLE = (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError)


def schema_of(connection: apsw.Connection) -> list[tuple[Any, ...]]:
    """Return what a file holds: type, name, table and SQL of each."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    return list(connection.execute(query))


def expected_schema() -> list[tuple[Any, ...]]:
    """Return what a file of this format holds, as `schema_of`."""
    connection = apsw.Connection(":memory:")
    make_tables(connection)
    return schema_of(connection)


def make_tables(connection: apsw.Connection) -> None:
    """Make the tables of this format in an empty file."""
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)


def configured(connection: apsw.Connection) -> apsw.Connection:
    """Return a connection that waits for others, and whose changes last once they are made."""
    connection.set_busy_timeout(PATIENCE)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def identity(path: Path) -> tuple[int, ...]:
    """Return what tells a file from another at its path: device, inode, size, time, log's size."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, _log_size(path)


def _log_size(path: Path) -> int:
    with suppress(OSError):
        return path.with_name(path.name + "-wal").stat().st_size
    return 0


def connect(path: Path) -> apsw.Connection:
    """Return a connection to a store's file, also where nothing may be written beside it.

    SQLite must write there to see another connection's changes: without, the file is read as one
    that nobody changes, and whoever keeps the connection sees to it (`Store.in_place`).
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return configured(connection)
    except (apsw.ReadOnlyError, apsw.CantOpenError):
        refusal = OSError(connection.system_errno, os.strerror(connection.system_errno))
        if refusal.errno in (errno.EMFILE, errno.ENFILE):
            raise IndexUnreadable.refused(path, refusal) from None
        connection.close()
    if _log_size(path):
        raise IndexUnreadable(
            f"{path} may only be read here, and its last change lies in the log beside it; run"
            " `footnote index list` once as a user who may write there"
        )
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return configured(apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=flags))


def connect_distrusting(path: Path) -> apsw.Connection:
    """Return a connection that bounds what reading may take, to a file of a harmless header."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    left = _STEPS + _STEPS_PER_BYTE * path.stat().st_size

    def exhausted() -> bool:
        nonlocal left
        left -= _STEPS
        return left < 0

    connection.set_progress_handler(exhausted, _STEPS)
    header = [row for row in schema_of(connection) if row[1] == "meta"]
    if header != [row for row in expected_schema() if row[1] == "meta"]:
        raise apsw.NotADBError("its header is no table of an index")
    return configured(connection)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn what SQLite says of a disk into one of Footnote's own errors."""
    try:
        yield
    except _UNWRITABLE as error:
        raise _unwritten(file, error) from error


def _unwritten(file: Path, error: Exception) -> IndexNotWritten:
    return IndexNotWritten(
        f"{file} could not be written ({error}), and the index is as it was before; see that"
        " the disk has room and the folder may be written to"
    )


def failed(path: Path, error: Exception) -> FootnoteError:
    """Return Footnote's error for one of SQLite's that came while something was read."""
    if getattr(error, "extendedresult", None) in _NO_ROOM:
        return _unwritten(path, error)
    if isinstance(error, apsw.ReadOnlyError):
        return IndexUnreadable(f"{path} may only be read here and is being changed; try again")
    if isinstance(error, apsw.BusyError):
        return IndexUnreadable(f"{path} is kept locked by another program; close it, or try again")
    if isinstance(error, apsw.CantOpenError):
        try:
            path.open("rb").close()  # SQLite does not tell why
        except OSError as refusal:
            if IndexUnreadable.is_refusal(refusal):
                return IndexUnreadable.refused(path, refusal)
    return IndexDamaged(f"{path} cannot be read as an index ({error}); {RESTORE}")
