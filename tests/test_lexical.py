"""Lexical search."""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import IndexDamaged
from index.lexical import LexicalIndex
from index.rows import PassageText

PASSAGES = [
    PassageText(1, "rail", "Rail", "The train stops here."),
    PassageText(2, "rail", "Rail", "Trains, trains, trains!"),
    PassageText(4, "sea", "Sea", "A ship and a train ferry at the quay of the harbour."),
    PassageText(7, "café", "Café", "Gabriel García Márquez ate there."),
]


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    """Return an index of the four passages."""
    return LexicalIndex.build(tmp_path / "old", PASSAGES)


def found(index: LexicalIndex, question: str, articles: list[str] | None = None) -> list[int]:
    """Return the ids found for a question."""
    return [hit.passage_id for hit in index.search(question, 10, articles=articles)]


def test_best_come_first(index: LexicalIndex) -> None:
    """More of the word in fewer words ranks higher."""
    assert found(index, "When does the train come?") == [2, 1, 4]


def test_scores_are_bm25(index: LexicalIndex) -> None:
    """The score is BM25 with k1 = 1.2 and b = 0.75, over title and text without stop words."""
    terms = [index.words(f"{passage.title}\n{passage.text}") for passage in PASSAGES]
    assert terms[0] == ["rail", "train", "stop", "here"]
    assert terms[1] == ["rail", "train", "train", "train"]
    assert terms[2] == ["sea", "ship", "train", "ferri", "quay", "harbour"]
    assert terms[3] == ["cafe", "gabriel", "garcia", "marquez", "ate"]
    rarity = math.log(1 + (4 - 1 + 0.5) / (1 + 0.5))  # in 1 of 4 passages
    score = rarity * (1.2 + 1) / (1 + 1.2 * (1 - 0.75 + 0.75 * 6 / (19 / 4)))  # once in 6 terms
    [hit] = index.search("ship", 5)
    assert hit.passage_id == 4
    assert hit.score == pytest.approx(score, rel=1e-5)


def test_limit(index: LexicalIndex) -> None:
    """At most as many as asked for come back."""
    assert [hit.passage_id for hit in index.search("train", 2)] == [2, 1]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("SHIPS", [4]),  # case and plural
        ("stopping", [1]),  # "stops"
        ("garcia marquez", [7]),  # without accents
        ("Gabriél", [7]),  # with one too many
        ("rail", [1, 2]),  # in the title alone
        ("ship gabriel", [4, 7]),  # any of the words
        ("zeppelin", []),
    ],
)
def test_words_are_matched_by_stem(index: LexicalIndex, question: str, ids: list[int]) -> None:
    """Case, inflection and accents make no difference; titles are searched too."""
    assert sorted(found(index, question)) == ids


@pytest.mark.parametrize("question", ["", "?!", "the and of", "is it there, or not?", "x" * 41])
def test_question_without_terms(index: LexicalIndex, question: str) -> None:
    """A question of stop words, signs or endless words alone finds nothing."""
    assert index.words(question) == []
    assert index.search(question, 10) == []


def test_signs_of_a_query_language_are_plain_text(index: LexicalIndex) -> None:
    """What other engines read as operators is passed over."""
    assert found(index, 'text:"ship" AND -train* (^~2') == found(index, "text ship train 2")


def test_repeated_word_counts_once(index: LexicalIndex) -> None:
    """A word that the question repeats weighs no more."""
    assert index.search("train train ship", 9) == index.search("ship train", 9)


@pytest.mark.parametrize(
    ("articles", "ids"),
    [(["sea"], [4]), (["rail", "sea"], [2, 1, 4]), (["none"], []), ([], []), (["café"], [])],
)
def test_search_in_some_articles(index: LexicalIndex, articles: list[str], ids: list[int]) -> None:
    """Only passages of the articles asked for are found."""
    assert found(index, "train", articles) == ids


def test_filter_leaves_the_scores(index: LexicalIndex) -> None:
    """The filter adds nothing to a score."""
    every = {hit.passage_id: hit.score for hit in index.search("train", 9)}
    [hit] = index.search("train", 9, articles=["sea"])
    assert hit.score == pytest.approx(every[4])


def test_empty_index(tmp_path: Path) -> None:
    """An index without passages finds nothing, and can be added to."""
    empty = LexicalIndex.build(tmp_path / "old", [])
    assert len(empty) == 0
    assert found(empty, "train") == []
    (tmp_path / "new").mkdir()
    assert found(empty.updated(tmp_path / "new", [], PASSAGES), "ship") == [4]


def test_update_leaves_the_old_index(index: LexicalIndex, tmp_path: Path) -> None:
    """An update writes a new index; the old one finds what it found before, also when deleted."""
    (tmp_path / "new").mkdir()
    more = PassageText(9, "air", "Air", "No train, a ship of the air.")
    after = index.updated(tmp_path / "new", [2, 4], [more])
    assert (len(index), len(after)) == (4, 3)
    assert found(after, "ship train") == [9, 1]
    shutil.rmtree(tmp_path / "old")
    assert sorted(found(index, "ship train")) == [1, 2, 4]


def test_loaded(index: LexicalIndex, tmp_path: Path) -> None:
    """An index that was loaded finds what the one that was built does, with the same scores."""
    loaded = LexicalIndex.load(tmp_path / "old")
    assert len(loaded) == 4
    assert loaded.search("ship train marquez", 9) == index.search("ship train marquez", 9)


def test_missing_index(tmp_path: Path) -> None:
    """A folder without an index is damage."""
    with pytest.raises(IndexDamaged, match="lexical is missing"):
        LexicalIndex.load(tmp_path)


def test_damaged_index(index: LexicalIndex, tmp_path: Path) -> None:
    """An index whose description cannot be read is damage."""
    (tmp_path / "old" / "lexical" / "meta.json").write_text('{"segments": [', encoding="utf-8")
    with pytest.raises(IndexDamaged, match="lexical is not a tantivy index"):
        LexicalIndex.load(tmp_path / "old")


def test_index_that_goes_away_while_it_is_opened(
    index: LexicalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that a change removes between two steps of opening it is no longer an index."""
    real = tantivy.Index

    def opened(*arguments: Any, **options: Any) -> tantivy.Index:
        found = real(*arguments, **options)
        shutil.rmtree(tmp_path / "old")
        return found

    monkeypatch.setattr(tantivy, "Index", opened)
    with pytest.raises(IndexDamaged, match="lexical is not a tantivy index"):
        LexicalIndex.load(tmp_path / "old")


TEXTS = st.lists(st.sampled_from(["red", "hen", "fox", "barn", "the"]), min_size=1, max_size=6)
NUMBERED = st.dictionaries(st.integers(1, 12), TEXTS.map(" ".join), max_size=8)


@settings(max_examples=12)
@given(NUMBERED, st.sets(st.integers(1, 12)), NUMBERED, TEXTS.map(" ".join))
def test_update_equals_a_new_index(
    old: dict[int, str], removed: set[int], more: dict[int, str], question: str
) -> None:
    """An index brought up to date finds the passages that one made anew finds.

    Without removals the scores are the same too. With them they may differ a little: tantivy
    counts the words of removed passages until it merges their segment.
    """
    new = {number + 20: text for number, text in more.items()}
    left = {number: text for number, text in old.items() if number not in removed} | new
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "after").mkdir()
        before = LexicalIndex.build(folder / "old", map(passage, old.items()))
        after = before.updated(folder / "after", removed, map(passage, new.items()))
        anew = LexicalIndex.build(folder / "anew", map(passage, left.items()))
        one = {hit.passage_id: hit.score for hit in after.search(question, 30)}
        other = {hit.passage_id: hit.score for hit in anew.search(question, 30)}
        assert len(after) == len(anew) == len(left)
        assert set(one) == set(other)
        assert set(one) == {
            number
            for number, text in left.items()
            if set(text.split()) & set(question.split()) - {"the"}
        }
        if not removed & set(old):
            assert one == pytest.approx(other)


def passage(row: tuple[int, str]) -> PassageText:
    """Return a passage with its number for a title, which no question holds."""
    number, text = row
    return PassageText(number, f"a{number % 3}", f"t{number}", text)
