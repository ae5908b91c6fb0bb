"""The SQLite file that is the truth."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np
import pytest

from index.articles import article_id
from index.chunker import Cut
from index.errors import ArticleMissing, IndexDamaged, IndexIncompatible, IndexUnreadable
from index.rows import PassageText, SourceRow, StoreMeta
from index.seals import seal, seal_all
from index.soundness import faults
from index.store import Store
from index.values import Article, Passage, text_sha256

META = StoreMeta(
    generation=1,
    change="c1",
    model="m",
    fingerprint="f",
    dimension=2,
    max_tokens=240,
    overlap_tokens=40,
    created="2026-01-01T00:00:00+00:00",
    roots=("/a", "/b é"),
)


def make(source: str, text: str) -> Article:
    """Return an article as it would be read from `source`."""
    return Article(
        article_id(source),
        source.title(),
        text,
        source,
        text_sha256(text),
        date="2020-02-03",
        metadata={"topic": "räume", "by": "A. B."},
    )


ADA = make("ada", "Ada wrote notes.")
BOB = make("bob", "Bob 😀 read them. Bob slept.")
EAST, NORTH = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)


def put(store: Store, article: Article, *cuts: tuple[int, int]) -> list[int]:
    """Add an article with its passages' vectors and its source; return the passages' ids."""
    ids = store.add_article(article, [Cut(*cut) for cut in cuts])
    store.add_vectors(ids, np.array([EAST] * len(ids)))
    row = SourceRow(article.source, article.id, article.source, "sha")
    store.set_sources([*store.sources(), row])
    return ids


def scramble(path: Path, statement: str, *values: str | int) -> None:
    """Change the file behind the store's back."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement, values)
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the test's store."""
    return tmp_path / "store-1.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Yield a store of two articles and three passages."""
    store = Store.create(path, META)
    with store.transaction():
        put(store, ADA, (0, 16))
        put(store, BOB, (0, 16), (6, 27))
    yield store
    store.close()


def test_what_is_written_can_be_read(store: Store) -> None:
    """Header, articles, passages, places and vectors read as they were written."""
    assert store.meta() == META
    assert store.count() == (2, 3)
    [ada, bob] = store.all_articles()
    assert (ada, bob) == (ADA, BOB)
    assert (bob.text, bob.title, bob.date, bob.metadata) == (
        "Bob 😀 read them. Bob slept.",
        "Bob",
        "2020-02-03",
        {"topic": "räume", "by": "A. B."},
    )
    assert store.passages([3, 1]) == [
        Passage(3, BOB.id, 6, 27, "read them. Bob slept."),
        Passage(1, ADA.id, 0, 16, "Ada wrote notes."),
    ]
    assert list(store.passage_texts(after=1)) == [
        PassageText(2, BOB.id, "Bob", "Bob 😀 read them."),
        PassageText(3, BOB.id, "Bob", "read them. Bob slept."),
    ]
    assert store.sources()[1] == SourceRow("bob", BOB.id, "bob", "sha")
    assert store.passage_ids() == [1, 2, 3]
    assert store.passage_ids([BOB.id, "none"]) == [2, 3]


def test_heads_hold_no_texts(store: Store) -> None:
    """Heads are the articles in the order of arrival, without their texts."""
    heads = store.heads()
    assert list(heads) == [ADA.id, BOB.id]
    assert heads[BOB.id] == BOB
    assert heads[BOB.id].text == ""


def test_vectors_come_in_the_order_asked_for(store: Store) -> None:
    """Vectors come as their passages' ids do."""
    store.add_article(make("eve", "Eve."), [Cut(0, 4)])
    store.add_vectors([4], NORTH[None])
    rows = store.vectors([4, 3])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_no_vectors(store: Store) -> None:
    """Of no passages there are zero rows of the right dimension."""
    assert store.vectors([]).shape == (0, 2)


def test_the_seal_of_many_is_that_of_few() -> None:
    """Values hashed piece by piece give the seal that they give together, which is on disk."""
    digest = hashlib.blake2b(digest_size=16)
    seals = [bytes([n % 256]) * 16 for n in range(9000)]
    values = [*seals, "ä", None, 3]
    for value in seals:
        digest.update(b"bytes 16:" + value)
    digest.update("text 2:ä".encode() + b"other 4:Noneother 1:3")
    assert seal_all(iter(values)) == seal(*values) == digest.digest()


def test_info_lists_copies(store: Store) -> None:
    """An article's line counts characters and passages and names its other places."""
    store.set_sources([*store.sources(), SourceRow("bob2", BOB.id, "bob2", "sha")])
    [_, bob] = store.article_infos()
    assert (bob.characters, bob.passages, bob.source, bob.copies) == (27, 2, "bob", ("bob2",))


def test_reopened(store: Store, path: Path) -> None:
    """What was written is there after the file was closed."""
    store.close()
    again = Store.open(path)
    assert again.meta() == META
    assert list(again.all_articles()) == [ADA, BOB]
    again.close()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_transaction_rolls_back(store: Store, error: type[BaseException]) -> None:
    """An exception inside a transaction undoes all of it."""

    def change() -> None:
        with store.transaction():
            store.delete_articles([ADA.id])
            put(store, make("eve", "Eve."), (0, 4))
            store.set_meta(replace(META, generation=2))
            raise error

    with pytest.raises(error):
        change()
    assert store.meta() == META
    assert list(store.heads()) == [ADA.id, BOB.id]
    assert store.passage_ids() == [1, 2, 3]
    assert [row.source for row in store.sources()] == ["ada", "bob"]


def test_close_rolls_back(path: Path, store: Store) -> None:
    """A transaction that is still open when the connection closes did not happen."""
    writer = Store.open(path)

    def change() -> None:
        with writer.transaction():
            writer.delete_articles([ADA.id])
            writer.close()

    with pytest.raises(apsw.ConnectionClosedError):
        change()
    assert list(store.heads()) == [ADA.id, BOB.id]


def test_ids_are_never_used_twice(store: Store) -> None:
    """A passage's id does not come back after the newest passages were deleted."""
    store.delete_articles([BOB.id])
    assert store.passage_ids() == [1]
    assert put(store, make("eve", "Eve."), (0, 4)) == [4]


def test_deletion_takes_all_of_an_article(store: Store, path: Path) -> None:
    """With an article go its passages, its vectors and its places."""
    store.delete_articles([BOB.id])
    assert store.count() == (1, 1)
    assert store.passages([1, 2, 3]) == [Passage(1, ADA.id, 0, 16, "Ada wrote notes.")]
    assert [row.source for row in store.sources()] == ["ada"]
    connection = apsw.Connection(str(path))
    assert list(connection.execute("SELECT passage_id FROM vectors")) == [(1,)]
    connection.close()


def test_the_same_text_twice_is_refused(store: Store) -> None:
    """The same text under another id breaks the store's promise to hold it once."""
    with pytest.raises(apsw.ConstraintError, match=r"articles\.sha256"):
        store.add_article(make("copy", ADA.text), [])


def test_missing_article(store: Store) -> None:
    """Articles that do not exist are left out of several, and named when asked for alone."""
    assert store.articles(["none", ADA.id]) == {ADA.id: ADA}
    with pytest.raises(ArticleMissing, match="there is no article none in the index"):
        store.article("none")
    assert store.missing([]) is store.missing([ADA.id]) is None
    assert store.missing([ADA.id, "no\0ne \ud800", ADA.id]) == "no\0ne \ud800"


def test_pin_sees_one_generation(store: Store, path: Path) -> None:
    """A pinned connection reads on as before while another one writes; then it sees the new."""
    reader = Store.open(path)
    assert reader.pin().generation == 1
    with store.transaction():
        store.delete_articles([ADA.id])
        store.set_meta(replace(META, generation=2))
    assert store.meta().generation == 2
    assert reader.meta().generation == 1
    assert reader.article(ADA.id).text == "Ada wrote notes."
    assert reader.passage_ids() == [1, 2, 3]
    reader.unpin()
    assert reader.pin().generation == 2
    assert reader.passage_ids() == [2, 3]
    reader.close()


def test_pin_holds_from_its_beginning(store: Store, path: Path) -> None:
    """What was not read before the change is of the pinned generation all the same."""
    reader = Store.open(path)
    reader.pin()
    writer = threading.Thread(target=store.delete_articles, args=([ADA.id, BOB.id],))
    writer.start()
    writer.join()
    assert [article.text for article in reader.all_articles()] == [ADA.text, BOB.text]
    reader.close()


def test_checkpoint_leaves_all_in_the_file(store: Store, path: Path) -> None:
    """After a checkpoint the file alone, without its log, holds everything."""
    store.checkpoint()
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    assert path.with_name(path.name + "-wal").stat().st_size == 0
    assert store.size() == path.stat().st_size
    other = Store.open(copy)
    assert list(other.all_articles()) == [ADA, BOB]
    other.close()


def test_a_store_that_another_program_keeps_locked(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told to be locked, not damaged."""
    store.close()
    monkeypatch.setattr("index.sqlite_file.PATIENCE", 10)
    other = apsw.Connection(str(path))
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(IndexUnreadable, match="kept locked by another program; close it"):
        Store.open(path)
    other.close()
    Store.open(path).close()


def test_another_format_version(store: Store, path: Path) -> None:
    """A file of another format version is refused, naming both and the command that helps."""
    store.close()
    scramble(path, "UPDATE meta SET value = '3' WHERE key = 'format_version'")
    with pytest.raises(IndexIncompatible, match=r"format 3; .* reads format 2.*`footnote index"):
        Store.open(path)


@pytest.mark.parametrize("content", [b"", b"# Not a database\n" * 100, b"SQLite format 3\0"])
def test_not_a_database(path: Path, content: bytes) -> None:
    """A file that is no database is damage, and stays as it is but for being opened."""
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"cannot be read as an index .*again with `footnote"):
        Store.open(path)


def test_missing_file(path: Path) -> None:
    """A file that is not there is not made."""
    with pytest.raises(IndexDamaged, match="unable to open database file"):
        Store.open(path)
    assert not path.exists()


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9])
def test_truncated_file(store: Store, path: Path, part: float) -> None:
    """A file whose end is missing is damage, wherever it was cut."""
    store.checkpoint()
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(IndexDamaged, match="cannot be read as an index"):
        Store.open(path)


@pytest.mark.parametrize(
    ("key", "value"), [("generation", "two"), ("roots", "[1"), ("dimension", "")]
)
def test_damaged_header(store: Store, path: Path, key: str, value: str) -> None:
    """A header entry that cannot be read is damage."""
    scramble(path, "UPDATE meta SET value = ? WHERE key = ?", value, key)
    with pytest.raises(IndexDamaged, match="lacks a readable entry in its header"):
        store.meta()


def test_sound_store_has_no_faults(store: Store) -> None:
    """Nothing is wrong with what was written as it should be."""
    assert list(faults(store)) == []


def test_altered_text_is_a_fault(store: Store, path: Path) -> None:
    """A text that differs from its hash is named by title and id."""
    scramble(path, "UPDATE articles SET text = 'Ada wrote votes.' WHERE id = ?", ADA.id)
    assert list(faults(store)) == [f"the text of “Ada” ({ADA.id}) is not the one indexed"]


def test_missing_vector_is_a_fault(store: Store, path: Path) -> None:
    """A passage without its vector is named, and its vectors cannot be taken."""
    scramble(path, "DELETE FROM vectors WHERE passage_id = 2")
    assert list(faults(store)) == ["passage 2 has no vector of 2 numbers"]
    with pytest.raises(IndexDamaged, match="passage 2 has no vector of 2 numbers; `footnote"):
        store.vectors(store.passage_ids())


def test_short_vector_is_a_fault(store: Store, path: Path) -> None:
    """A vector of another length is named."""
    scramble(path, "UPDATE vectors SET vector = x'0000803f' WHERE passage_id = 3")
    assert list(faults(store)) == ["passage 3 has no vector of 2 numbers"]


@pytest.mark.parametrize(("start", "end"), [(0, 17), (5, 5), (-1, 3)])
def test_passage_outside_its_article_is_a_fault(
    store: Store, path: Path, start: int, end: int
) -> None:
    """A passage that does not lie in its article's text is named."""
    scramble(path, 'UPDATE passages SET start = ?, "end" = ? WHERE id = 1', start, end)
    assert list(faults(store)) == ["passage 1 is not the one indexed"]


def test_text_that_is_not_utf8_is_a_fault(store: Store, path: Path) -> None:
    """Bytes that are no text are reported as damage, by the check as by whoever reads them."""
    scramble(path, "UPDATE articles SET text = CAST(x'41ff42' AS TEXT) WHERE id = ?", ADA.id)
    assert ["cannot be read as an index" in fault for fault in faults(store)] == [True]
    with pytest.raises(IndexDamaged, match="cannot be read"):
        store.article(ADA.id)
    with pytest.raises(IndexDamaged, match="cannot be read"):
        list(store.passage_texts())


def test_damaged_metadata_are_a_fault(store: Store, path: Path) -> None:
    """Metadata that are no JSON are named by their article."""
    scramble(path, "UPDATE articles SET metadata = '{\"a' WHERE id = ?", ADA.id)
    assert list(faults(store)) == [f"the entry of “Ada” ({ADA.id}) is not the one written"]


def test_damaged_page_is_a_fault(path: Path) -> None:
    """A page of rubbish inside the file is reported as damage, by the check as by who reads it."""
    store = Store.create(path, META)
    article = make("long", "Many words stand here. " * 2000)
    with store.transaction():
        put(store, article, *((23 * i, 23 * i + 22) for i in range(2000)))
    store.checkpoint()
    store.close()
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096 - 12, len(content) // 4096 - 2):
        content[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(content)
    store = Store.open(path)
    assert any("damaged" in fault for fault in faults(store))
    with pytest.raises(IndexDamaged, match="cannot be read"):
        store.vectors(store.passage_ids())
    store.close()
