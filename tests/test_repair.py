"""What a check finds, and what of it is made again from the stored texts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_tools import Place, encoder, flip, put, scramble, sound, state
from stand_ins import HashEmbedder

from index import build_index, open_index, repair_index
from index.errors import FootnoteError, IndexDamaged, IndexIncompatible, IndexMissing
from index.home import Home
from index.seals import seal

PARTS = "UPDATE passages SET start = start + 1 WHERE id = 2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of an index; do not change it."""
    place = Place(tmp_path_factory.mktemp("repair"))
    place.make()
    return place.root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """Return a copy of the index."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path)


def behind(statement: str) -> Callable[[Place], None]:
    """Return what changes the store behind its back, and takes what is derived away."""

    def change(place: Place) -> None:
        scramble(Home(place.index).current(), statement)
        shutil.rmtree(place.index / "derived")

    return change


def derived_file(pattern: str) -> Callable[[Place], None]:
    """Return what flips a bit of a derived file."""
    return lambda place: flip(next((place.index / "derived").rglob(pattern)), 99)


def renamed(place: Place) -> None:
    """Let the pointer name another store."""
    (place.index / "CURRENT").write_text("store-other.sqlite")


REPAIRABLE: dict[str, tuple[Callable[[Place], None], str, int]] = {
    # what happened → how, what is said of it, passages that are embedded again
    "vector": (
        behind("UPDATE vectors SET vector = zeroblob(128) WHERE passage_id = 2"),
        "the vector of passage 2 is not the one computed",
        1,
    ),
    "no vector": (
        behind("DELETE FROM vectors WHERE passage_id IN (1, 4)"),
        "passage 4 has no vector of 32 numbers",
        2,
    ),
    "passage": (behind(PARTS), "passage 2 is not the one indexed", 1),
    "no passage": (
        behind("DELETE FROM passages WHERE id = 3"),
        "does not hold the passages it should",
        1,
    ),
    "swapped vectors": (
        behind(
            "UPDATE vectors SET passage_id = passage_id - 5 WHERE passage_id IN (1, 4);"
            "UPDATE vectors SET passage_id = -passage_id WHERE passage_id < 0"
        ),
        "the vector of passage 1 is not the one computed",
        2,
    ),
    "faiss": (derived_file("vectors.faiss"), "a derived index does not match", 0),
    "tantivy": (derived_file("*.term"), "a derived index does not match", 0),
    "manifest": (derived_file("manifest.json"), "a derived index does not match", 0),
    "pointer": (renamed, "CURRENT names the store 'store-other.sqlite', which is not there", 0),
    "no pointer": (lambda place: (place.index / "CURRENT").unlink(), "CURRENT is missing", 0),
}


def named(place: Place) -> tuple[str, ...]:
    """Return what a check says; where nothing can be opened, that."""
    try:
        with open_index(place.index, embedder=encoder()) as library:
            return library.check().faults
    except IndexDamaged as error:
        return (str(error),)


@pytest.mark.parametrize("what", REPAIRABLE)
def test_repaired(place: Place, what: str) -> None:
    """What follows from the texts is named, refused or passed over, and made again from them."""
    before = state(place.index)
    damage, said, embedded = REPAIRABLE[what]
    damage(place)
    assert any(said in fault for fault in named(place))
    again = encoder()
    report = repair_index(place.index, embedder=again)
    assert report.sound
    assert any(said in done for done in report.repaired), report
    assert len(again.encoded) == embedded
    assert state(place.index) == before
    assert sound(place.index)
    assert repair_index(place.index, embedder=again).repaired == ()


def test_index_of_the_store_is_made_again(place: Place) -> None:
    """A store whose own look-up tables are damaged is written again from its rows."""
    before = state(place.index)
    store = Home(place.index).current()
    scramble(
        store,
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'index'"
        " AND name = 'passages_by_article'",
    )
    assert not sound(place.index)
    assert repair_index(place.index, embedder=encoder()).sound
    assert state(place.index) == before


LOST: dict[str, tuple[str, str]] = {
    "text": (
        "UPDATE articles SET text = replace(text, '1932', '1923')",
        "the text of “Bridge” .* is not the one indexed",
    ),
    "text is no text": (
        "UPDATE articles SET text = CAST(x'41ff42' AS TEXT) WHERE number = 1",
        "cannot be read as an index",
    ),
    "title": (
        "UPDATE articles SET title = 'Fridge' WHERE title = 'Bridge'",
        "the entry of “Fridge” .* is not the one written",
    ),
    "date": ("UPDATE articles SET date = '2021-05-06' WHERE date IS NOT NULL", "the entry of “On"),
    "article": ("DELETE FROM articles WHERE number = 2", "does not hold the articles it should"),
    "place": ("UPDATE sources SET file = 'x' WHERE rowid = 1", "not hold the articles it should"),
    "header": ("UPDATE meta SET value = '7' WHERE key = 'generation'", "lacks a readable entry"),
}


@pytest.mark.parametrize("what", LOST)
def test_lost_text_is_refused(place: Place, what: str) -> None:
    """What only a backup or the files can give back is named, never served and left as it is."""
    statement, said = LOST[what]
    scramble(Home(place.index).current(), statement)
    before = Home(place.index).current().read_bytes()
    with pytest.raises(FootnoteError, match=said):
        state(place.index)
    help_ = r"; restore the index with `footnote index import FILE` or build it again with"
    with pytest.raises(IndexDamaged, match=f"{said}.*{help_}"):
        repair_index(place.index, embedder=encoder())
    assert Home(place.index).current().read_bytes() == before


def test_no_store_at_all(place: Place) -> None:
    """Where no store can be read there is nothing to repair from."""
    put(Home(place.index).current(), b"rubbish" * 99)
    renamed(place)
    with pytest.raises(IndexDamaged, match=r"no store in .* can be read; restore the index with"):
        repair_index(place.index, embedder=encoder())
    with pytest.raises(IndexMissing, match="there is no index at"):
        repair_index(place.folder, embedder=encoder())


def test_repair_with_another_model(place: Place) -> None:
    """Vectors of another model are not mixed in; the command that makes all anew is named."""
    other = HashEmbedder(dimension=32, fingerprint="f" * 64)
    behind("DELETE FROM vectors WHERE passage_id = 1")(place)
    with pytest.raises(
        IndexIncompatible, match=r"no vector of 32 numbers, and .*`footnote index r"
    ):
        repair_index(place.index, embedder=other)


def test_sound_index_is_left_alone(place: Place) -> None:
    """A repair of a sound index changes nothing."""
    before = Home(place.index).current().read_bytes()
    report = repair_index(place.index, embedder=encoder())
    assert (report.sound, report.repaired, report.articles, report.passages) == (True, (), 4, 4)
    assert Home(place.index).current().read_bytes() == before


def test_restored_by_the_named_command(place: Place) -> None:
    """What a repair refuses, a build from the files makes whole."""
    scramble(Home(place.index).current(), LOST["header"][0])
    build_index(place.folder, path=place.index, embedder=encoder())
    assert sound(place.index)


def test_seals_tell_values_apart() -> None:
    """A seal depends on each value, its kind and where it ends."""
    seals = {
        seal(*values)
        for values in [("ab", "c"), ("a", "bc"), ("abc",), (b"abc",), ("1",), (1,), (None,), ()]
    }
    assert len(seals) == 8
    assert all(len(one) == 16 for one in seals)
