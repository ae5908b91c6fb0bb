"""One file that holds an index: written while others write, verified before it replaces."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from fault_tools import Place, encoder, flip, scramble, sound, state

from index import BackupReport, export_index, import_index, open_index
from index.errors import (
    BackupUnusable,
    IndexDamaged,
    IndexLocked,
    IndexMissing,
    IndexNotWritten,
    IndexUnreadable,
)
from index.home import Home
from index.store import Store


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of an index and its backup; do not change it."""
    place = Place(tmp_path_factory.mktemp("backup"))
    place.make()
    export_index(place.index, place.root / "kept.footnote")
    return place.root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """Return a copy of the index."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path)


def contents(index: Path) -> dict[str, bytes]:
    """Return the files of an index, by name, but for the lock and what SQLite maps."""
    return {
        path.relative_to(index).as_posix(): path.read_bytes()
        for path in sorted(index.rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
    }


def test_there_and_back(place: Place, tmp_path: Path) -> None:
    """What is imported answers as what was exported, at a new place and over another index."""
    before = state(place.index)
    file = tmp_path / "b.footnote"
    assert export_index(place.index, file) == BackupReport(
        str(file), 1, 4, 4, bytes=file.stat().st_size
    )
    other = tmp_path / "other"
    assert import_index(file, path=other).generation == 1
    assert state(other) == before
    place.change("update")
    with open_index(place.index, embedder=encoder()) as library:
        assert state(place.index) != before
        report = import_index(file, path=place.index)
        assert (report.generation, report.articles, report.passages) == (3, 4, 4)
        assert library.generation == 3
    assert state(place.index) == before
    assert sound(place.index)
    place.change("update")
    assert sound(place.index)


def test_export_replaces_a_backup_and_nothing_else(place: Place, tmp_path: Path) -> None:
    """An older backup is replaced; a file of another kind, or a folder, is left as it is."""
    file = tmp_path / "b.footnote"
    export_index(place.index, file)
    place.change("update")
    assert export_index(place.index, file).generation == 2
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for wrong in (notes, tmp_path):
        with pytest.raises(BackupUnusable, match="exists and is no backup of an index"):
            export_index(place.index, wrong)
    assert notes.read_text() == "mine"
    with pytest.raises(IndexNotWritten, match="cannot be written: No such file"):
        export_index(place.index, tmp_path / "none" / "b")
    assert not list(tmp_path.glob(".footnote-*"))


def test_export_while_another_writes(place: Place, tmp_path: Path) -> None:
    """A backup made in the middle of a change holds the state before it, whole."""
    before = state(place.index)
    store = Store.open(Home(place.index).current())
    with Home(place.index).writer(), store.transaction():
        store.delete_articles(list(store.heads()))
        export_index(place.index, tmp_path / "b")
    store.close()
    import_index(tmp_path / "b", path=tmp_path / "other")
    assert state(tmp_path / "other") == before


def test_damaged_index_is_not_exported(place: Place, tmp_path: Path) -> None:
    """What is damaged makes no backup."""
    scramble(Home(place.index).current(), "UPDATE articles SET text = 'x' || text")
    with pytest.raises(IndexDamaged, match="nothing was exported; run `footnote index check"):
        export_index(place.index, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def rewritten(change: Callable[[dict[str, bytes]], object]) -> Callable[[Path], None]:
    """Return what writes a backup again with other entries."""

    def rewrite(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        change(entries)
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)

    return rewrite


def noted(**entries: object) -> Callable[[dict[str, bytes]], None]:
    """Return what changes entries of the note."""

    def change(files: dict[str, bytes]) -> None:
        note = json.loads(files["footnote.json"]) | entries
        files["footnote.json"] = json.dumps(note).encode()

    return change


def compressed(file: Path) -> None:
    """Write a backup again, compressed."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "text": lambda file: file.write_text("Some notes.\n" * 99),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-40]),
    "head only": lambda file: file.write_bytes(file.read_bytes()[:3000]),
    "compressed": compressed,
    "traversal": rewritten(lambda entries: entries.update({"../../CURRENT": b"x"})),
    "no note": rewritten(lambda entries: entries.pop("footnote.json")),
    "note is a list": rewritten(lambda entries: entries.update({"footnote.json": b"[1]"})),
    "note is no JSON": rewritten(lambda entries: entries.update({"footnote.json": b"{"})),
    "deep note": rewritten(lambda entries: entries.update({"footnote.json": b"[" * 60_000})),
    "long note": rewritten(lambda entries: entries.update({"footnote.json": b" " * 99_999})),
    "kind": rewritten(noted(footnote=2)),
    "size": rewritten(noted(size=5)),
    "hash": rewritten(noted(sha256="0" * 64)),
    "no hash": rewritten(noted(sha256=None)),
    "other store": rewritten(lambda entries: entries.update({"store.sqlite": b"SQLite?"})),
}


@pytest.mark.parametrize("how", FOREIGN)
def test_foreign_file_changes_nothing(place: Place, how: str) -> None:
    """A file that is no backup, or a damaged one, is refused in a sentence; the index stays."""
    before = contents(place.index)
    file = place.root / "kept.footnote"
    FOREIGN[how](file)
    with pytest.raises(BackupUnusable, match=r"kept\.footnote is no backup of an index, or it"):
        import_index(file, path=place.index)
    assert contents(place.index) == before
    assert not (place.root.parent / "CURRENT").exists()
    with pytest.raises(BackupUnusable):
        import_index(file, path=place.root / "other")


def test_flipped_bit_changes_nothing(place: Place) -> None:
    """Whatever bit of a backup is flipped, it is refused or imports what was exported."""
    before, old = state(place.index), contents(place.index)
    file, draw = place.root / "kept.footnote", random.Random(1)  # noqa: S311
    whole = file.read_bytes()
    refused = 0
    for _ in range(12):
        file.write_bytes(whole)
        flip(file, draw.randrange(8 * len(whole)))
        try:
            import_index(file, path=place.index)
        except BackupUnusable:
            refused += 1
            assert contents(place.index) == old
        else:
            assert state(place.index) == before
            old = contents(place.index)
    assert refused > 8


def forged(place: Place, forge: Callable[[Path], object]) -> Path:
    """Return the backup with another store, and with its hash."""
    store, file = place.root / "store", place.root / "kept.footnote"
    with zipfile.ZipFile(file) as archive:
        store.write_bytes(archive.read("store.sqlite"))
    forge(store)
    content = store.read_bytes()

    def change(entries: dict[str, bytes]) -> None:
        entries["store.sqlite"] = content
        noted(size=len(content), sha256=hashlib.sha256(content).hexdigest())(entries)

    rewritten(change)(file)
    return file


def run(*statements: str) -> Callable[[Path], None]:
    """Return what changes a store by statements."""

    def change(store: Path) -> None:
        for statement in (*statements, "PRAGMA wal_checkpoint(TRUNCATE)"):
            scramble(store, statement)

    return change


def knot(store: Path) -> None:
    """Make pages of the header's table point to the next, a hundred times each."""
    with closing(apsw.Connection(str(store))) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'"
        [(root,)] = connection.execute(query)
        [(size,)] = connection.execute("PRAGMA page_size")
    pages = bytearray(store.read_bytes())
    last = len(pages) // size
    leaf = pages[(root - 1) * size : root * size]

    def inner(child: int) -> bytes:
        """Return a page of a table's tree with a hundred times the same child."""
        place = int(size - 5).to_bytes(2)
        head = b"\5\0\0" + (100).to_bytes(2) + place + b"\0" + child.to_bytes(4) + place * 100
        return head.ljust(size - 5, b"\0") + child.to_bytes(4) + b"\1"

    pages[(root - 1) * size : root * size] = inner(last + 1)
    pages += inner(last + 2) + inner(last + 3) + leaf
    pages[28:32] = (last + 3).to_bytes(4)
    store.write_bytes(pages)


def deep(store: Path) -> None:
    """Nest the header's list of sources deeper than it can be read."""
    with closing(Store.open(store)) as opened:
        with opened.transaction():
            opened._set_header({"roots": "[" * 100_000})
        opened.checkpoint()


LONG = (
    "CREATE VIEW meta AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
    " LIMIT 4000000) SELECT n AS key, n AS value FROM c"
)
FORGED = {
    "trigger": (
        run("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM articles; END"),
        "its store has other tables",
    ),
    "view": (run("CREATE VIEW v AS SELECT 1"), "its store has other tables"),
    "view for a table": (run("DROP TABLE meta", LONG), "its store cannot be read"),
    "deep list of sources": (deep, "it is damaged (maximum recursion depth"),
    "knot": (knot, "its store cannot be read"),
}


@pytest.mark.parametrize("how", FORGED)
def test_store_that_does_more_than_it_should_is_refused(place: Place, how: str) -> None:
    """What a store of ours does not hold is not run, and none takes longer than its size allows."""
    before = contents(place.index)
    forge, reason = FORGED[how]
    file = forged(place, forge)
    with pytest.raises(BackupUnusable, match=re.escape(reason)):
        import_index(file, path=place.index)
    assert contents(place.index) == before


def test_store_of_another_format_is_named_so(place: Place) -> None:
    """A backup of another version of Footnote is told from a damaged one."""
    other = run("UPDATE meta SET value = '99' WHERE key = 'format_version'", "CREATE TABLE new (x)")
    with pytest.raises(BackupUnusable, match="was made by another version of Footnote"):
        import_index(forged(place, other), path=place.index)


def test_import_where_it_may_not(place: Place, tmp_path: Path) -> None:
    """An import waits for no writer, and puts nothing into a folder that is no index."""
    file = place.root / "kept.footnote"
    with Home(place.index).writer(), pytest.raises(IndexLocked):
        import_index(file, path=place.index)
    with pytest.raises(IndexMissing, match="exists and is not an index"):
        import_index(file, path=place.folder)
    with pytest.raises(BackupUnusable, match="cannot be read: No such file"):
        import_index(tmp_path / "none", path=place.index)
    with pytest.raises(IndexMissing):
        export_index(tmp_path / "none", tmp_path / "b")
    with pytest.raises(IndexUnreadable, match=r"xxx cannot be read \(File name too long"):
        import_index(file, path=tmp_path / ("x" * 300))
    with pytest.raises(IndexNotWritten, match="cannot be written: File name too long"):
        export_index(place.index, tmp_path / ("x" * 300))
    foreign = tmp_path / os.fsdecode(b"caf\xe9")
    with pytest.raises(IndexNotWritten, match=r"the path .*/caf\\udce9/b is not in UTF-8"):
        export_index(place.index, foreign / "b")


def test_a_pipe_is_no_backup(place: Place, tmp_path: Path) -> None:
    """Nothing waits for the other end of a pipe, and no folder is taken for a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BackupUnusable, match="exists and is no backup of an index"):
        export_index(place.index, tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(BackupUnusable, match="is no file but a folder, a device or a pipe"):
            import_index(path, path=place.index)


def test_names_that_begin_with_a_tilde(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup may be called like the lock files of Word."""
    monkeypatch.chdir(place.root)
    assert export_index(place.index, "~$b").file == str(place.root / "~$b")
    assert import_index("~$b", path="~$i").articles == 4
    assert sound(place.root / "~$i")


def test_import_over_a_damaged_index(place: Place) -> None:
    """A backup brings back an index that can no longer be read."""
    before = state(place.index)
    Home(place.index).current().write_bytes(b"rubbish" * 999)
    import_index(place.root / "kept.footnote", path=place.index)
    assert state(place.index) == before
    (place.index / "CURRENT").write_text("store-none.sqlite")
    import_index(place.root / "kept.footnote", path=place.index)
    assert state(place.index) == before
