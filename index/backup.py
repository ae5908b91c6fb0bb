"""One file that holds a whole index, to keep elsewhere or to take to another machine.

A backup is a zip file of two entries that are not compressed:

    footnote.json   what it is: {"footnote": 1, "generation": …, "size": …, "sha256": …, …}
    store.sqlite    the store; what is derived from it is made again
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from index.builder import finish, replacing
from index.errors import (
    BackupUnusable,
    FootnoteError,
    IndexDamaged,
    IndexIncompatible,
    IndexNotWritten,
)
from index.home import Home
from index.paths import given_path, in_utf8
from index.rows import new_change
from index.soundness import faults
from index.store import Store
from index.values import BackupReport

_KIND = 1  # of the layout above
_NOTE, _STORE = "footnote.json", "store.sqlite"
_LONGEST_NOTE = 1 << 16  # bytes
_BLOCK = 1 << 20
_USELESS = (  # what is raised over a file that is no backup
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RecursionError,  # its JSON is nested too deep
)


def export_index(path: Path | str, file: Path | str) -> BackupReport:
    """Write the index at `path` to one file, as it is at this moment; changes may go on.

    The file takes its name when it is whole, and replaces an older backup of that name.

    Raises:
        IndexDamaged: the index is not sound, so this would be no backup.
        BackupUnusable: there is something else of that name.
        IndexNotWritten: the file cannot be written.
        IndexMissing, IndexIncompatible: as their names say.

    """
    target = in_utf8(given_path(file), IndexNotWritten)
    try:
        if target.exists() and not _is_backup(target):
            raise BackupUnusable(f"{target} exists and is no backup of an index; give a new name")
        with tempfile.TemporaryDirectory(prefix=".footnote-", dir=target.parent) as folder:
            return _export(Home(Path(path)), Path(folder), target)
    except OSError as error:
        raise IndexNotWritten(f"{target} cannot be written: {error.strerror or error}") from error


def _export(home: Home, folder: Path, target: Path) -> BackupReport:
    copy = folder / _STORE
    with closing(home.open_store()) as store:
        store.copy(copy)
    with closing(Store.open(copy)) as store:
        if wrong := next(faults(store), None):
            raise IndexDamaged(
                f"the index is damaged ({wrong}), and nothing was exported; run"
                " `footnote index check --repair` first"
            )
        generation, (articles, passages) = store.meta().generation, store.count()
    with copy.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    note = {
        "footnote": _KIND,
        "generation": generation,
        "articles": articles,
        "passages": passages,
        "size": copy.stat().st_size,
        "sha256": sha256,
    }
    passing = folder / "backup"
    with zipfile.ZipFile(passing, "w") as archive:
        archive.writestr(_NOTE, json.dumps(note, indent=1))
        archive.write(copy, _STORE)
    with passing.open("rb+") as written:
        os.fsync(written.fileno())
    passing.replace(target)
    return BackupReport(str(target), generation, articles, passages, target.stat().st_size)


def import_index(file: Path | str, *, path: Path | str) -> BackupReport:
    """Put the index of a backup at `path`, replacing the one there, if any, in one step.

    Every byte is compared with what was exported before anything is replaced; until then, and
    after any error, the index that was there answers. It is made with the model of the backup.

    Raises:
        BackupUnusable: the file is no backup, or damaged.
        IndexMissing: `path` holds something that is not an index.
        IndexLocked, IndexNotWritten: as their names say.

    """
    source = given_path(file)
    home = Home(Path(path))
    try:
        with _archive(source) as archive:
            note = _note(archive)
            home.prepare()
            with home.writer():
                return _import(archive, note, home, source)
    except _USELESS as error:
        raise BackupUnusable(
            f"{source} is no backup of an index, or it is damaged ({error}); nothing was changed"
        ) from error
    except OSError as error:
        raise IndexNotWritten(
            f"{home.path} could not be written: {error.strerror or error}"
        ) from error


def _archive(source: Path) -> zipfile.ZipFile:
    """Open a file that may be a backup; never wait for a pipe."""
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise BackupUnusable(f"{source} is no file but a folder, a device or a pipe")
        return zipfile.ZipFile(source)
    except OSError as error:
        raise BackupUnusable(f"{source} cannot be read: {error.strerror or error}") from error


def _import(
    archive: zipfile.ZipFile, note: dict[str, Any], home: Home, source: Path
) -> BackupReport:
    with replacing(home) as new:
        _unpack(archive, note, new)
        before = _generation(home)
        try:
            store = Store.open(new, foreign=True)
        except IndexDamaged as error:
            raise ValueError("its store cannot be read") from error
        except IndexIncompatible as error:
            raise BackupUnusable(f"{source} was made by another version of Footnote") from error
        with closing(store):
            if not store.known_schema():
                raise ValueError("its store has other tables")
            if wrong := next(faults(store), None):
                raise ValueError(wrong)
            meta = store.meta()
            generation = meta.generation if before is None else before + 1
            after = replace(meta, generation=generation, change=new_change())
            with store.transaction():
                store.set_meta(after)
            finish(home, store)
            articles, passages = store.count()
    home.clean(after.change)
    return BackupReport(str(source), generation, articles, passages, source.stat().st_size)


def _unpack(archive: zipfile.ZipFile, note: dict[str, Any], target: Path) -> None:
    """Copy the store out of a backup and compare it with the note."""
    digest, left = hashlib.sha256(), note["size"]
    try:
        with archive.open(_STORE) as content, target.open("xb") as file:
            while block := content.read(_BLOCK):
                left -= file.write(block)
                digest.update(block)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise IndexNotWritten(
            f"{target} could not be written: {error.strerror or error}; see that the disk has room"
        ) from error
    if left or digest.hexdigest() != note["sha256"]:
        raise ValueError("its store is not the one that was exported")


def _note(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return what a backup says of itself.

    Raises:
        ValueError: it is not laid out as a backup is. No entry's name is ever used as a path.

    """
    entries = archive.infolist()
    if [entry.filename for entry in entries] != [_NOTE, _STORE]:
        raise ValueError("it holds other files")
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        raise ValueError("its files are compressed or encrypted")
    if entries[0].file_size > _LONGEST_NOTE:
        raise ValueError(f"{_NOTE} is too long")
    note = json.loads(archive.read(_NOTE))
    expected = {"footnote": int, "size": int, "sha256": str}
    if not isinstance(note, dict) or any(
        not isinstance(note.get(key), kind) for key, kind in expected.items()
    ):
        raise ValueError(f"{_NOTE} lacks an entry")
    if note["footnote"] != _KIND:
        raise ValueError(f"it is of kind {note['footnote']}, and this Footnote reads kind {_KIND}")
    return note


def _is_backup(file: Path) -> bool:
    """Say whether a file may be replaced by a backup: it looks like an older one."""
    if not file.is_file():  # to open a pipe is to wait for its other end
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist() == [_NOTE, _STORE]
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _generation(home: Home) -> int | None:
    """Return the generation in force, when there is an index that can be read."""
    try:
        with closing(home.open_store()) as store:
            return store.meta().generation
    except FootnoteError:
        return None
