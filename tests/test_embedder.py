"""The encoder: the same vectors on each runtime, and folders that only torch can run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embedder import (
    DEFAULT_MODEL,
    Embedder,
    SentenceTransformerEmbedder,
    load_embedder,
    model_fingerprint,
    model_folder,
)
from index.errors import ModelError
from index.inference.runtime import Runtime
from index.mean_pooling import Layout, MeanPoolingEmbedder, read_layout

FINGERPRINT = "3c28bf45824d009a2fb67065a6f3fca72290d8c16847a42117f738ba8b6ce488"
TEXTS = (
    "When was the bridge opened?",
    "",
    "The bridge was opened on 24 May 1883; 1,800 vehicles and 150,300 people crossed it that day.",
    "Ünïcode, 東京, cafe\u0301, 😀, \u200b and a\ttab",
    "A long text is read as far as the encoder reads. " * 100,
)


@pytest.fixture(scope="module")
def ours() -> Embedder:
    """The default encoder on OpenVINO."""
    loaded = load_embedder(runtime=Runtime.OPENVINO)
    assert isinstance(loaded, MeanPoolingEmbedder)
    return loaded


@pytest.fixture(scope="module")
def theirs() -> Embedder:
    """The default encoder on torch."""
    loaded = load_embedder(runtime=Runtime.TORCH)
    assert isinstance(loaded, SentenceTransformerEmbedder)
    return loaded


def test_runtimes_give_the_same_vectors(ours: Embedder, theirs: Embedder) -> None:
    """Passages and questions have a cosine of at least 0.999, and norm 1, in the order given."""
    for one, other in (
        (ours.encode_passages(TEXTS), theirs.encode_passages(TEXTS)),
        (ours.encode_questions(TEXTS), theirs.encode_questions(TEXTS)),
    ):
        assert one.shape == (len(TEXTS), ours.dimension)
        assert one.dtype == np.float32
        assert np.linalg.norm(one, axis=1) == pytest.approx(1, abs=1e-5)
        assert float((one * other).sum(axis=1).min()) >= 0.999
        assert float((one[0] * other[2]).sum()) < 0.9  # texts differ


def test_runtimes_agree_on_what_an_index_records(ours: Embedder, theirs: Embedder) -> None:
    """An index made on one runtime is used on the other, and so are those made before."""
    for embedder in (ours, theirs):
        assert embedder.name == DEFAULT_MODEL
        assert embedder.fingerprint == FINGERPRINT
        assert embedder.dimension == 384
        assert [embedder.count_tokens(text) for text in TEXTS[:2]] == [6, 0]
    assert [*map(ours.count_tokens, TEXTS)] == [*map(theirs.count_tokens, TEXTS)]


def test_nothing_to_encode(ours: Embedder) -> None:
    """No texts give no rows."""
    assert ours.encode_passages([]).shape == (0, 384)


def test_progress_is_told_after_each_batch(ours: Embedder) -> None:
    """Batches are of eight texts."""
    seen: list[int] = []
    ours.encode_passages(["a"] * 20, progress=seen.append)
    assert seen == [8, 16, 20]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The default encoder's folder, without its weights."""
    shutil.copytree(
        model_folder(DEFAULT_MODEL), tmp_path / "m", ignore=shutil.ignore_patterns("*.safetensors")
    )
    return tmp_path / "m"


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON file."""
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")


def test_the_default_layout_is_read(folder: Path) -> None:
    """all-MiniLM-L6-v2 reads 256 word pieces and gives 384 numbers."""
    assert read_layout(folder) == Layout(longest=256, dimension=384)


def test_the_newer_layout_is_read(folder: Path) -> None:
    """So does the folder that sentence_transformers 6 writes of it."""
    edit(folder / "1_Pooling/config.json", lambda _: {"pooling_mode": "mean"})
    edit(folder / "sentence_bert_config.json", lambda _: {"transformer_task": "feature-extraction"})
    edit(folder / "tokenizer_config.json", lambda c: {**c, "model_max_length": 200})
    kinds = ["base.modules.transformer.Transformer", "sentence_transformer.modules.pooling.Pooling"]
    edit(
        folder / "modules.json",
        lambda modules: [
            {**module, "type": f"sentence_transformers.{kind}"}
            for module, kind in zip(modules, kinds, strict=False)
        ],
    )
    assert read_layout(folder) == Layout(longest=200, dimension=384)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("1_Pooling/config.json", lambda c: {**c, "pooling_mode_cls_token": True}),
        ("1_Pooling/config.json", lambda _: {"pooling_mode": "cls"}),
        ("config_sentence_transformers.json", lambda c: {**c, "prompts": {"query": "query: "}}),
        ("sentence_bert_config.json", lambda c: {**c, "do_lower_case": True}),
        ("config.json", lambda c: {**c, "model_type": "mpnet"}),
        ("modules.json", lambda c: c[:1]),
        ("modules.json", lambda c: [*c, {**c[0], "type": "sentence_transformers.models.Dense"}]),
        ("modules.json", lambda c: [{**c[0], "type": "mine.Transformer"}, *c[1:]]),
        ("modules.json", lambda c: [{**c[0], "path": "0_Transformer"}, *c[1:]]),
        ("modules.json", lambda _: []),
        ("modules.json", lambda _: {"0": 1}),
        ("config.json", lambda _: None),
    ],
)
def test_other_layouts_are_left_to_torch(
    folder: Path, file: str, change: Callable[[Any], Any]
) -> None:
    """What is not a BERT with a mean over its tokens is not read as one."""
    edit(folder / file, change)
    assert read_layout(folder) is None


def test_a_missing_file_is_left_to_torch(folder: Path) -> None:
    """sentence_transformers knows what a folder may lack."""
    (folder / "modules.json").unlink()
    assert read_layout(folder) is None


def test_damaged_weights_are_refused_on_each_runtime(folder: Path) -> None:
    """A folder that cannot be loaded is one sentence, whatever the runtime."""
    (folder / "model.safetensors").write_bytes(b"no tensors")
    for runtime in Runtime:
        with pytest.raises(ModelError, match="cannot be loaded as a sentence-transformers model"):
            load_embedder(str(folder), runtime=runtime)


def test_the_fingerprint_follows_the_files(folder: Path) -> None:
    """It is another after a change, and the same again when the change is undone."""
    before = model_fingerprint(folder)
    content = (folder / "vocab.txt").read_bytes()
    (folder / "vocab.txt").write_bytes(content + b"x")
    assert model_fingerprint(folder) != before
    (folder / "vocab.txt").write_bytes(content)
    assert model_fingerprint(folder) == before
