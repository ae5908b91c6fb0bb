"""Dense search, exact and approximate."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import derived, vectors
from index.chunker import Cut
from index.derived import Derived
from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.rows import StoreMeta, new_change
from index.store import Store
from index.values import Article, ScoredPassage, text_sha256
from index.vectors import VectorIndex


def rows(*vectors: tuple[float, ...]) -> FloatArray:
    """Return vectors `(len(vectors), dimension)` as float32."""
    return np.array(vectors, dtype=np.float32)


# The cosines with (1, 0) are 0.6, 1, 0 and -1.
WHERE = {
    3: (0.6, 0.8), 5: (1.0, 0.0), 8: (0.0, 1.0), 9: (-1.0, 0.0),
    7: (1.0, 0.0), 11: (0.8, 0.6),
}  # fmt: skip


def plane(ids: Sequence[int]) -> FloatArray:
    """Return the vectors `(len(ids), 2)` of ids."""
    return rows(*(WHERE[i] for i in ids)).reshape(len(ids), 2)


PLANE = VectorIndex.build([3, 5, 8, 9], plane)
QUERY = rows((1, 0))


def found(index: VectorIndex, limit: int = 9, allowed: list[int] | None = None) -> list[int]:
    """Return the ids found for QUERY."""
    [hits] = index.search(QUERY, limit, allowed=allowed)
    return [hit.passage_id for hit in hits]


def test_best_come_first() -> None:
    """Passages come by falling cosine with the query, at most as many as asked for."""
    [hits] = PLANE.search(QUERY, 3)
    assert [hit.passage_id for hit in hits] == [5, 3, 8]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, 0.0])


def test_each_query_has_its_own_hits() -> None:
    """Several queries are answered in their order."""
    assert [[hit.passage_id for hit in hits] for hits in PLANE.search(rows((1, 0), (0, 1)), 1)] == [
        [5],
        [8],
    ]


def test_fewer_passages_than_asked_for() -> None:
    """Where fewer passages stand than were asked for, all come and nothing else."""
    assert found(PLANE, limit=100) == [5, 3, 8, 9]


@pytest.mark.parametrize(
    ("allowed", "ids"), [([9, 3], [3, 9]), ([8], [8]), ([4, 8, 77], [8]), ([], [])]
)
def test_allowed_passages(allowed: list[int], ids: list[int]) -> None:
    """Only allowed passages are found, also where better ones stand outside."""
    assert found(PLANE, limit=2, allowed=allowed) == ids


def test_ids_increase() -> None:
    """The ids are those that the index was made with, increasing."""
    assert PLANE.ids.tolist() == [3, 5, 8, 9]


def test_empty_index() -> None:
    """An index without passages finds nothing, and can be added to."""
    empty = VectorIndex.build([], plane)
    assert found(empty) == []
    assert found(empty.updated((), [7], plane)) == [7]


def test_wrong_dimension() -> None:
    """A query of another dimension is refused in words."""
    with pytest.raises(ValueError, match="queries have 3 dimensions, the index 2"):
        PLANE.search(rows((1, 0, 0)), 1)


def test_update_leaves_the_old_index() -> None:
    """An update gives a new index; the old one finds what it found before."""
    after = PLANE.updated([5, 9], [11], plane)
    assert found(after) == [11, 3, 8]
    assert found(PLANE) == [5, 3, 8, 9]


def test_update_to_nothing() -> None:
    """All passages can be removed."""
    assert found(PLANE.updated([3, 5, 8, 9], [], plane)) == []


def vector(number: int) -> FloatArray:
    """Return a unit vector `(8,)` that no other number has."""
    row = np.random.default_rng(number).standard_normal(8).astype(np.float32)
    unit: FloatArray = row / np.linalg.norm(row)
    return unit


def matrix(ids: Sequence[int]) -> FloatArray:
    """Return the vectors `(len(ids), 8)` of ids."""
    return np.array([vector(i) for i in ids], dtype=np.float32).reshape(len(ids), 8)


@settings(max_examples=30)
@given(
    st.sets(st.integers(1, 60)),
    st.sets(st.integers(1, 60)),
    st.sets(st.integers(61, 90)),
    st.data(),
)
def test_update_equals_a_new_index(
    old: set[int], removed: set[int], new: set[int], data: st.DataObject
) -> None:
    """An index brought up to date finds what one made anew finds, with the same scores."""
    allowed = data.draw(st.none() | st.lists(st.integers(1, 90)))
    before = VectorIndex.build(sorted(old), matrix)
    after = before.updated(removed, sorted(new), matrix)
    left = sorted((old - removed) | new)
    anew = VectorIndex.build(left, matrix)
    assert sorted(after.ids.tolist()) == left
    query = matrix([1000, 1001])
    assert after.search(query, 20, allowed=allowed) == anew.search(query, 20, allowed=allowed)


@settings(max_examples=15)
@given(st.sets(st.integers(1, 1 << 62), max_size=20))
def test_saved_and_loaded(ids: set[int]) -> None:
    """What was saved finds the same after it was loaded."""
    index = VectorIndex.build(sorted(ids), matrix)
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        loaded = VectorIndex.load(Path(folder))
    query = matrix([1000])
    assert loaded.search(query, 50) == index.search(query, 50)
    assert loaded.ids.tolist() == sorted(ids)


def test_scores_are_values() -> None:
    """A hit is the passage's id with a Python float."""
    assert PLANE.search(QUERY, 1) == [[ScoredPassage(5, 1.0)]]


# Both kinds: 2,000 passages about 40 topics, in 16 dimensions

COUNT = 2000
TOPICS = np.random.default_rng(1).standard_normal((40, 16)).astype(np.float32)


def topical(ids: Sequence[int]) -> FloatArray:
    """Return the vectors `(len(ids), 16)` of ids: each near one of the topics."""
    found = [
        TOPICS[i % len(TOPICS)] + 0.4 * np.random.default_rng(i).standard_normal(16) for i in ids
    ]
    drawn = np.array(found, dtype=np.float32).reshape(len(ids), 16)
    unit: FloatArray = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


IDS = list(range(1, COUNT + 1))
QUERIES = topical(range(100_000, 100_050))


def best(ids: Sequence[int], limit: int) -> list[list[ScoredPassage]]:
    """Return what a search over `ids` should find, by plain multiplication."""
    scores = QUERIES @ topical(ids).T
    order = np.argsort(-scores, axis=1)[:, :limit]
    return [
        [ScoredPassage(ids[i], float(row[i])) for i in places]
        for row, places in zip(scores, order, strict=True)
    ]


def recall(found: list[list[ScoredPassage]], expected: list[list[ScoredPassage]]) -> float:
    """Return which share of the expected passages was found, 0..1."""
    pairs = zip(found, expected, strict=True)
    shared = sum(len({h.passage_id for h in one} & {h.passage_id for h in other})
                 for one, other in pairs)  # fmt: skip
    return shared / sum(map(len, expected))


@pytest.fixture(params=["exact", "approximate"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make every index of one kind, whatever its size."""
    monkeypatch.setattr(vectors, "_PROBED", 1 / 2)  # the lists are few
    if request.param == "approximate":
        monkeypatch.setattr(vectors, "EXACT", 0)
    return str(request.param)


@pytest.fixture
def topics(kind: str) -> VectorIndex:
    """Return an index of all passages."""
    made = VectorIndex.build(IDS, topical)
    assert made.approximate == (kind == "approximate")
    return made


def test_finds_the_best(topics: VectorIndex) -> None:
    """Nearly all of the ten best are found, each with its cosine, best first."""
    found = topics.search(QUERIES, 10)
    assert recall(found, best(IDS, 10)) >= (0.97 if topics.approximate else 1.0)
    for query, hits in zip(QUERIES, found, strict=True):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        true = topical([hit.passage_id for hit in hits]) @ query
        assert scores == pytest.approx(true.tolist(), abs=0.01 if topics.approximate else 1e-6)


@pytest.mark.parametrize("step", [1, 7, 400])
def test_finds_the_best_of_those_allowed(topics: VectorIndex, step: int) -> None:
    """Among many or few allowed passages the best are found, wherever they lie."""
    allowed = IDS[::step]
    found = topics.search(QUERIES, 10, allowed=allowed)
    assert recall(found, best(allowed, 10)) >= (0.97 if topics.approximate else 1.0)
    assert all(hit.passage_id in set(allowed) for hits in found for hit in hits)
    assert all(len(hits) == min(10, len(allowed)) for hits in found)


def test_all_come_where_many_are_asked_for(topics: VectorIndex) -> None:
    """Where more are asked for than the nearest lists hold, all lists are read."""
    assert {hit.passage_id for hit in topics.search(QUERIES[:1], COUNT)[0]} == set(IDS)


def test_an_update_finds_the_best(topics: VectorIndex) -> None:
    """After passages went and came the best of what is there are found; none that went."""
    new = list(range(COUNT + 1, COUNT + 301))
    after = topics.updated(IDS[:500], new, topical)
    left = IDS[500:] + new
    assert after.ids.tolist() == left
    assert recall(after.search(QUERIES, 10), best(left, 10)) >= 0.97
    assert not {h.passage_id for hits in after.search(QUERIES, 50) for h in hits} & set(IDS[:500])
    assert topics.ids.tolist() == IDS


def test_updated_to_nothing(topics: VectorIndex) -> None:
    """An index of either kind can lose all its passages, and get others."""
    empty = topics.updated(IDS, [], topical)
    assert empty.ids.tolist() == []
    assert empty.search(QUERIES, 5) == [[] for _ in QUERIES]
    assert empty.search(QUERIES, 5, allowed=[3]) == [[] for _ in QUERIES]
    assert empty.updated((), [2001], topical).search(QUERIES[:1], 5)[0][0].passage_id == 2001


def test_both_kinds_are_saved_and_loaded(topics: VectorIndex, tmp_path: Path) -> None:
    """What was saved finds the same after it was loaded, and can be updated."""
    topics.save(tmp_path)
    loaded = VectorIndex.load(tmp_path)
    assert loaded.approximate == topics.approximate
    assert loaded.ids.tolist() == IDS
    assert loaded.search(QUERIES, 20) == topics.search(QUERIES, 20)
    assert loaded.updated(IDS[:9], [2001], topical).ids.tolist() == [*IDS[9:], 2001]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:7],
        lambda _: b"",
        lambda _: b"junk" * 9,
    ],
)
def test_damaged_file(
    topics: VectorIndex, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """A file that is cut or no FAISS index at all is damage."""
    topics.save(tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss is not a FAISS index"):
        VectorIndex.load(tmp_path)


def test_a_full_disk_is_told(
    topics: VectorIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file cannot be written, saving raises what the system says."""

    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    with pytest.raises(OSError, match="No space left"):
        topics.save(tmp_path)


def test_wrong_dimension_of_either_kind(topics: VectorIndex) -> None:
    """A query of another dimension is refused in words."""
    with pytest.raises(ValueError, match="queries have 2 dimensions, the index 16"):
        topics.search(QUERY, 1)


# Which kind is used when

META = StoreMeta(1, new_change(), "toy", "f" * 64, 16, 240, 40, "2026-01-01T00:00:00+00:00", ())


def changed(root: Path, store: Store, previous: Derived | None, add: int, remove: int) -> Derived:
    """Add articles of one passage each, remove the oldest, and derive from `previous`."""
    first = max(store.passage_ids(), default=0) + 1
    with store.transaction():
        store.delete_articles([f"a{i}" for i in store.passage_ids()[:remove]])
        for number in range(first, first + add):
            text = f"Article number {number}."
            article = Article(f"a{number}", "A", text, f"a{number}", text_sha256(text), None, {})
            assert store.add_article(article, [Cut(0, len(text))]) == [number]
        ids = list(range(first, first + add))
        store.add_vectors(ids, topical(ids))
        store.set_meta(replace(META, change=new_change()))
        return derived.derive(root, store, previous=previous)


def test_kind_follows_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection gets an approximate index as it grows, an exact one as it shrinks by half."""
    monkeypatch.setattr(vectors, "EXACT", 300)
    store = Store.create(tmp_path / "store.sqlite", META)
    root = tmp_path / "derived"
    now: Derived | None = None
    kinds = []
    for add, remove in [(300, 0), (1, 0), (20, 30), (10, 150), (0, 1), (150, 0)]:
        now = changed(root, store, now, add, remove)
        kinds.append((store.count()[1], now.vectors.approximate))
        assert now.vectors.ids.tolist() == store.passage_ids()
        [hits] = now.vectors.search(topical([store.passage_ids()[-1]]), 1)
        assert hits[0].passage_id == store.passage_ids()[-1]
        assert derived.faults(root, store) == []
        loaded = derived.load(root, store)
        assert loaded.vectors.search(QUERIES, 5) == now.vectors.search(QUERIES, 5)
    assert kinds == [
        (300, False),
        (301, True),
        (291, True),
        (151, True),
        (150, False),
        (300, False),
    ]
    store.close()


def test_an_index_is_made_anew_after_much_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of lists fits the number of passages, or the index is made anew."""
    monkeypatch.setattr(vectors, "EXACT", 10)
    made = VectorIndex.build(IDS, topical)
    assert [made.suits(n) for n in (5, 600, COUNT, 7000, 9000)] == [False, True, True, True, False]
