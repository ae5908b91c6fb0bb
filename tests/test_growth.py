"""The growth benchmark's material, and how it compares with exact search."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from stand_ins import HashEmbedder

from index import build_index
from index.home import Home
from index.values import ScoredPassage

recombined = import_module("benchmarks.recombined")
growth = import_module("benchmarks.growth")

TEXTS = {
    "ada.txt": "Ada wrote notes. They were long.\n\nShe knew Charles. He built engines.",
    "tea.txt": "Tea needs hot water. It is brewed for three minutes.",
    "sea.txt": "The sea is salt. Rivers are not.",
}


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Return the path of an index of three articles."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [tmp_path / name for name in TEXTS]
    build_index(files, path=tmp_path / "index", embedder=HashEmbedder())
    return tmp_path / "index"


def test_grows_to_any_size(real: Path) -> None:
    """So many passages come as were asked for, the real ones first, each within its article."""
    made = list(recombined.grown(recombined.Real.read(real), 40, seed=1))
    assert sum(len(each.cuts) for each in made) == 40
    assert {each.article.text for each in islice(made, 3)} == set(TEXTS.values())
    sentences = {s.strip() + "." for text in TEXTS.values() for s in text.split(".") if s.strip()}
    for each in made:
        assert len(each.vectors) == len(each.cuts)
        assert np.linalg.norm(each.vectors, axis=1) == pytest.approx(1, abs=1e-5)
        for cut in each.cuts:
            text = each.article.text[cut.start : cut.end]
            assert text == text.strip()
            assert text.split(".")[0].strip() + "." in sentences


def test_built_by_the_products_own_steps(real: Path, tmp_path: Path) -> None:
    """What was built is an index as any other, without a fault."""
    built = growth.build(real, tmp_path / "grown", 30, seed=1)
    assert (built.passages, built.recombined) == (30, 27)
    assert built.store > 0
    assert built.vectors > 0
    with growth.open_index(tmp_path / "grown", embedder=HashEmbedder()) as index:
        assert index.check().sound


def test_recall_and_scores_against_exact(real: Path) -> None:
    """Recall counts what of the exact ten best was found, and scores are held against the true."""
    store = Home(real).open_store()
    question = store.vectors([2])
    true = (question @ store.vectors([1, 2, 3]).T)[0]
    exact = [ScoredPassage(i, float(true[i - 1])) for i in (2, 1, 3)]
    assert growth.compared([exact], question, store) == (1.0, growth.Off(0.0, 0.0, 0.0))
    share, off = growth.compared([[ScoredPassage(2, float(true[1]) - 0.25)]], question, store)
    assert share == pytest.approx(1 / 3)
    assert off.most == pytest.approx(0.25)
    store.close()
