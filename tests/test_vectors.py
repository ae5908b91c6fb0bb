"""Dense search."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.embedder import FloatArray
from index.errors import IndexDamaged
from index.values import ScoredPassage
from index.vectors import VectorIndex


def rows(*vectors: tuple[float, ...]) -> FloatArray:
    """Return vectors `(len(vectors), dimension)` as float32."""
    return np.array(vectors, dtype=np.float32)


# The cosines with (1, 0) are 0.6, 1, 0 and -1.
PLANE = VectorIndex.build([3, 5, 8, 9], rows((0.6, 0.8), (1, 0), (0, 1), (-1, 0)))
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


def test_ids() -> None:
    """The ids are those that the index was made with."""
    assert PLANE.ids.tolist() == [3, 5, 8, 9]


def test_empty_index() -> None:
    """An index without passages finds nothing, and can be added to."""
    empty = VectorIndex.build([], np.zeros((0, 2), dtype=np.float32))
    assert found(empty) == []
    assert found(empty.updated((), [7], QUERY)) == [7]


def test_wrong_dimension() -> None:
    """A query of another dimension is refused in words."""
    with pytest.raises(ValueError, match="queries have 3 dimensions, the index 2"):
        PLANE.search(rows((1, 0, 0)), 1)


def test_update_leaves_the_old_index() -> None:
    """An update gives a new index; the old one finds what it found before."""
    after = PLANE.updated([5, 9], [11], rows((0.8, 0.6)))
    assert found(after) == [11, 3, 8]
    assert found(PLANE) == [5, 3, 8, 9]


def test_update_to_nothing() -> None:
    """All passages can be removed."""
    assert found(PLANE.updated([3, 5, 8, 9], [], rows())) == []


def vector(number: int) -> FloatArray:
    """Return a unit vector `(8,)` that no other number has."""
    row = np.random.default_rng(number).standard_normal(8).astype(np.float32)
    unit: FloatArray = row / np.linalg.norm(row)
    return unit


def matrix(ids: list[int]) -> FloatArray:
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
    before = VectorIndex.build(sorted(old), matrix(sorted(old)))
    after = before.updated(removed, sorted(new), matrix(sorted(new)))
    left = sorted((old - removed) | new)
    anew = VectorIndex.build(left, matrix(left))
    assert sorted(after.ids.tolist()) == left
    query = matrix([1000, 1001])
    assert after.search(query, 20, allowed=allowed) == anew.search(query, 20, allowed=allowed)


@pytest.fixture(params=["exact", "approximate"])
def threshold(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make every index of a passage or more exact, or approximate."""
    monkeypatch.setattr("index.vectors.EXACT", 10**9 if request.param == "exact" else 0)
    return str(request.param)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.sets(st.integers(1, 1 << 62), max_size=20))
def test_saved_and_loaded(threshold: str, ids: set[int]) -> None:
    """What was saved finds the same after it was loaded."""
    index = VectorIndex.build(sorted(ids), matrix(sorted(ids)))
    assert index.approximate is (threshold == "approximate" and bool(ids))
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        loaded = VectorIndex.load(Path(folder))
    query = matrix([1000])
    assert loaded.search(query, 50) == index.search(query, 50)
    assert loaded.ids.tolist() == sorted(ids)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:7], lambda _: b"", lambda _: b"junk" * 9]
)
@pytest.mark.usefixtures("threshold")
def test_damaged_file(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A file that is cut or no FAISS index at all is damage."""
    VectorIndex.build([3, 5], rows((0.6, 0.8), (1, 0))).save(tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss is not a FAISS index"):
        VectorIndex.load(tmp_path)


def clustered(count: int) -> FloatArray:
    """Return unit vectors `(count, 32)` around 40 centres."""
    draw = np.random.default_rng(7)
    around = np.repeat(draw.standard_normal((40, 32)), -(-count // 40), axis=0)[:count]
    points = around + 0.6 * draw.standard_normal((count, 32))
    unit: FloatArray = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    return unit


LARGE = clustered(4000)


@pytest.fixture(scope="module")
def large() -> VectorIndex:
    """Return an approximate index of the passages 1 to 4000."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.vectors.EXACT", 1000)
        return VectorIndex.build(range(1, 4001), LARGE)


def best(query: FloatArray, among: Sequence[int], limit: int) -> list[int]:
    """Return the passages of LARGE with the highest inner products, all compared."""
    scores = LARGE[np.array(among) - 1] @ query
    return [among[i] for i in np.argsort(-scores, kind="stable")[:limit]]


def test_approximate_recall(large: VectorIndex) -> None:
    """An approximate index finds nearly all of the best ten, with nearly their cosines."""
    assert large.approximate
    assert large.ids.tolist() == list(range(1, 4001))
    queries = clustered(4100)[4000:]
    found = large.search(queries, 10)
    shares = []
    for query, hits in zip(queries, found, strict=True):
        wanted = best(query, range(1, 4001), 10)
        shares.append(len(set(wanted).intersection(hit.passage_id for hit in hits)) / 10)
        for hit in hits:
            assert hit.score == pytest.approx(float(LARGE[hit.passage_id - 1] @ query), abs=0.02)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert np.mean(shares) > 0.9


def test_approximate_among_allowed_passages(large: VectorIndex) -> None:
    """A few allowed passages are all compared, wherever they lie."""
    [hits] = large.search(LARGE[:1], 9, allowed=[1, 900, 2500, 3999, 4001])
    assert sorted(hit.passage_id for hit in hits) == [1, 900, 2500, 3999]
    assert hits[0].passage_id == 1
    assert large.search(LARGE[:1], 9, allowed=[]) == [[]]


def test_approximate_update(large: VectorIndex) -> None:
    """What was removed is not found, what was added is, and the index before stays."""
    after = large.updated([1, 2, 3], [5001], LARGE[:1])
    assert after.approximate
    assert after.ids.tolist() == [*range(4, 4001), 5001]
    assert after.search(LARGE[:1], 1)[0][0].passage_id == 5001
    assert large.search(LARGE[:1], 1)[0][0].passage_id == 1


def test_which_index_suits(large: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small collections want an exact index, and one of twice the size other centroids."""
    monkeypatch.setattr("index.vectors.EXACT", 1000)
    assert [count for count in (4, 1000, 1001) if PLANE.suits(count)] == [4, 1000]
    counts = (1000, 1001, 4000, 7900, 8100)
    assert [count for count in counts if large.suits(count)] == [1001, 4000, 7900]


def test_scores_are_values() -> None:
    """A hit is the passage's id with a Python float."""
    assert PLANE.search(QUERY, 1) == [[ScoredPassage(5, 1.0)]]
