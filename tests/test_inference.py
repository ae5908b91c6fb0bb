"""Which runtime runs the models, and the graphs that OpenVINO runs: made once, checked, kept."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.errors import RuntimeUnknown
from index.inference import graphs, runtime
from index.inference.cache import CACHE_VARIABLE, cache_folder, read_cached, write_cached
from index.inference.forward import FloatArray, Forward, Inputs, TorchForward
from index.inference.graphs import Source, load_graph
from index.inference.runtime import RUNTIME_VARIABLE, Calibration, Runtime, choose

if TYPE_CHECKING:
    import torch

ROOT = Path(__file__).resolve().parents[1]
BATCH = Inputs.padded([[1, 5, 6, 2], [1, 7, 2]], pad=0, second=[2, 1])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, on a machine without a GPU, and no runtime told."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    monkeypatch.setattr(runtime, "_torch_gpu", str)
    return tmp_path / "cache"


# The batch


def test_rows_are_padded_to_the_longest() -> None:
    """Ids are filled up, the mask tells tokens, and types the second text without its padding."""
    assert BATCH.input_ids.tolist() == [[1, 5, 6, 2], [1, 7, 2, 0]]
    assert BATCH.attention_mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert BATCH.token_type_ids.tolist() == [[0, 0, 1, 1], [0, 1, 1, 0]]
    assert {array.dtype for array in BATCH.named().values()} == {np.dtype(np.int64)}


# The cache


def test_what_is_written_is_read(cache: Path) -> None:
    """A file is read as it was written, and no part of it is left over."""
    write_cached(cache / "a", b"one")
    write_cached(cache / "a", b"two")
    assert read_cached(cache / "a") == b"two"
    assert [path.name for path in cache.iterdir()] == ["a"]
    assert read_cached(cache / "b") is None


@pytest.mark.parametrize("at", [0, 63, 64, 70])
def test_a_damaged_file_is_not_read(cache: Path, at: int) -> None:
    """A changed byte, in the hash or in the content, or a cut, makes a file one that is missing."""
    write_cached(cache / "a", b"content")
    written = bytearray((cache / "a").read_bytes())
    (cache / "a").write_bytes(written[:at])
    assert read_cached(cache / "a") is None
    written[at] ^= 1
    (cache / "a").write_bytes(written)
    assert read_cached(cache / "a") is None


def test_a_write_that_fails_leaves_what_was_there(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last step fails the old file stands, and the new one's part is removed."""
    write_cached(cache / "a", b"old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_cached(cache / "a", b"new")
    assert read_cached(cache / "a") == b"old"
    assert [path.name for path in cache.iterdir()] == ["a"]


# The choice


def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """What $FOOTNOTE_RUNTIME names is used, whatever else speaks for another."""
    monkeypatch.setattr(runtime, "_torch_gpu", lambda: "a GPU")
    monkeypatch.setenv(RUNTIME_VARIABLE, "openvino")
    assert choose().runtime is Runtime.OPENVINO
    monkeypatch.setenv(RUNTIME_VARIABLE, "torch")
    assert choose().runtime is Runtime.TORCH


def test_an_unknown_runtime_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none is one sentence with those that are."""
    monkeypatch.setenv(RUNTIME_VARIABLE, "tensorrt")
    with pytest.raises(RuntimeUnknown, match=r"is .tensorrt.; expected openvino or torch$"):
        choose()


def test_a_runtime_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable cannot ask for what is not there; without it torch is used."""
    monkeypatch.setattr(runtime, "find_spec", lambda _: None)
    assert choose().runtime is Runtime.TORCH
    monkeypatch.setenv(RUNTIME_VARIABLE, "openvino")
    with pytest.raises(RuntimeUnknown, match="pip install openvino"):
        choose()


def test_a_gpu_speaks_for_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a GPU torch is chosen, and the reason names it."""
    monkeypatch.setattr(runtime, "_torch_gpu", lambda: "Some GPU")
    assert choose().runtime is Runtime.TORCH
    assert "Some GPU" in choose().reason


@pytest.mark.parametrize(
    ("openvino", "torch", "expected"),
    [
        (1.0, 2.0, Runtime.OPENVINO),
        (1.0, 0.9, Runtime.OPENVINO),  # not worth the import
        (1.0, 0.5, Runtime.TORCH),
    ],
)
def test_the_calibration_is_heeded(openvino: float, torch: float, expected: Runtime) -> None:
    """Without one it is OpenVINO; with one, torch only if it is clearly faster."""
    assert choose().runtime is Runtime.OPENVINO
    Calibration({Runtime.OPENVINO: openvino, Runtime.TORCH: torch}).write()
    assert choose().runtime is expected
    assert "was measured" in choose().reason


def test_a_calibration_of_other_versions_is_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade, or when only one runtime was measured, a calibration says nothing."""
    Calibration({Runtime.OPENVINO: 1.0, Runtime.TORCH: 0.1}).write()
    assert choose().runtime is Runtime.TORCH
    monkeypatch.setattr(runtime, "versions", lambda: {"torch": "0"})
    assert choose().runtime is Runtime.OPENVINO
    Calibration({Runtime.TORCH: 0.1}).write()
    assert choose().runtime is Runtime.OPENVINO


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"seconds": 3}', b"\xff"])
def test_a_senseless_calibration_is_not_heeded(content: bytes) -> None:
    """Whatever the file holds, there is a choice."""
    write_cached(cache_folder() / "calibration.json", content)
    assert choose().runtime is Runtime.OPENVINO


# Graphs


@dataclass
class Maker:
    """Gives a small BERT to make graphs of, and counts how often it is asked."""

    answer: str = ""  # what its comparison says
    made: int = 0
    seen: list[Mapping[str, FloatArray]] = field(default_factory=list)

    def __call__(self) -> Source:
        """Return the model and its comparison."""
        self.made += 1
        return Source(self.module(), self.differs)

    @staticmethod
    def module() -> torch.nn.Module:
        """Return the same weights at each call."""
        import torch
        from transformers import BertConfig, BertModel

        torch.manual_seed(0)
        model: torch.nn.Module = BertModel(BertConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=16, max_position_embeddings=32,
        ))  # fmt: skip
        return model.train(False)

    def differs(self, forward: Forward) -> str:
        """Keep the outputs, and say what was told."""
        self.seen.append(forward(BATCH))
        return self.answer


@pytest.fixture
def maker() -> Maker:
    """A maker whose graphs agree."""
    return Maker()


def graph(cache: Path) -> Path:
    """Return the one graph in the cache."""
    (path,) = cache.glob("*.graph")
    return path


def test_a_graph_does_what_torch_does(maker: Maker) -> None:
    """The outputs have torch's names and its values, for a shape not seen when it was made."""
    forward = load_graph("encoder", "f1", maker)
    assert forward is not None
    assert forward.runtime is Runtime.OPENVINO
    expected, found = TorchForward(maker.module())(BATCH), forward(BATCH)
    assert set(found) == {"last_hidden_state", "pooler_output"}
    for name in found:
        assert found[name].shape == expected[name].shape
        assert found[name].dtype == np.float32
        real = BATCH.attention_mask > 0 if found[name].ndim == 3 else slice(None)
        assert found[name][real] == pytest.approx(expected[name][real], abs=0.1)


def test_outputs_are_the_callers_own(maker: Maker) -> None:
    """A later pass does not change what an earlier one gave."""
    forward = load_graph("encoder", "f1", maker)
    assert forward is not None
    first = forward(BATCH)["last_hidden_state"]
    kept = first.copy()
    forward(Inputs.padded([[9, 9, 9, 9], [9, 9, 9]], pad=0))
    assert (first == kept).all()


def test_a_graph_is_made_once(maker: Maker, cache: Path) -> None:
    """The second start takes what the first kept; another model has a graph of its own."""
    first, second = load_graph("encoder", "f1", maker), load_graph("encoder", "f1", maker)
    assert first is not None
    assert second is not None
    assert (first(BATCH)["pooler_output"] == second(BATCH)["pooler_output"]).all()
    assert maker.made == 1
    load_graph("encoder", "f2", maker)
    load_graph("reader", "f1", maker)
    assert maker.made == 3
    assert len(list(cache.glob("*.graph"))) == 3


@pytest.mark.parametrize("damage", ["cut", "bit", "gone", "another's"])
def test_a_damaged_graph_is_made_again(maker: Maker, cache: Path, damage: str) -> None:
    """A graph that is not what was kept, or that OpenVINO cannot read, is made again."""
    load_graph("encoder", "f1", maker)
    path = graph(cache)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    elif damage == "another's":  # whole, but no graph
        write_cached(path, b"text")
    else:
        path.write_bytes(content if damage == "bit" else content[:5000])
    assert load_graph("encoder", "f1", maker) is not None
    assert maker.made == 2
    assert load_graph("encoder", "f1", maker) is not None
    assert maker.made == 2


def test_a_graph_that_differs_is_refused(
    maker: Maker, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not used, also at the next start, which does not make it again; each says why."""
    maker.answer = "it is 3 off"
    for _ in range(2):
        caplog.clear()
        assert load_graph("encoder", "f1", maker) is None
        assert [record.getMessage() for record in caplog.records] == [
            "torch runs the encoder: it is 3 off"
        ]
    assert maker.made == 1
    assert list(cache.glob("*.graph")) == []


def test_a_comparison_that_fails_is_a_refusal(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong with OpenVINO, torch is there."""

    def fail(forward: Forward) -> str:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(maker, "differs", fail)
    assert load_graph("encoder", "f1", maker) is None
    assert "cannot be used: no such operation" in caplog.text


def test_a_full_disk_is_no_refusal(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What may go well the next time is tried again then."""

    def fail(forward: Forward) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(maker, "differs", fail)
        assert load_graph("encoder", "f1", maker) is None
    assert "No space left" in caplog.text
    assert load_graph("encoder", "f1", maker) is not None


def test_without_openvino_torch_is_used(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A library that cannot be imported stops nothing."""

    def fail() -> None:
        raise ImportError("libtbb.so.12: cannot open shared object file")

    monkeypatch.setattr(graphs, "import_openvino", fail)
    assert load_graph("encoder", "f1", maker) is None
    assert "torch runs the encoder: libtbb.so.12" in caplog.text


def test_a_cache_that_cannot_be_written_stops_nothing(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then torch is used, since a graph would be made at each start."""
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with caplog.at_level(logging.WARNING):
        assert load_graph("encoder", "f1", maker) is None
    assert "cannot be written to" in caplog.text
    assert maker.made == 0


def test_old_graphs_are_removed(maker: Maker, cache: Path) -> None:
    """The four newest graphs of a kind are kept, and those of the other kind."""
    cache.mkdir()
    for kind, number in [("encoder", n) for n in range(6)] + [("reader", 0)]:
        (cache / f"{kind}-{number}.graph").touch()
        os.utime(cache / f"{kind}-{number}.graph", (number, number))
    load_graph("encoder", "f1", maker)
    names = {path.name for path in cache.iterdir()}
    assert {"encoder-3.graph", "encoder-4.graph", "encoder-5.graph", "reader-0.graph"} < names
    assert len(names) == 5


def test_openvino_reports_nothing() -> None:
    """Importing it and making a graph loads no part of its telemetry, which uses the network."""
    code = (
        "import sys; from index.inference.graphs import import_openvino\n"
        "openvino = import_openvino()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)\n"
        "print([name for name, module in sys.modules.items()"
        " if name.startswith('openvino_telemetry') and module])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split("\n")[:2] == ["openvino.tools.ovc.telemetry_stub", "[]"]


def test_calibration_measures_each_runtime(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`footnote doctor` tells the choice, keeps the measurement, and makes what is missing."""
    code = "import json, sys; from ui import cli\nassert cli.main(['doctor', '--json']) == 0"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found = json.loads(done.stdout)
    assert set(found) >= {"openvino", "torch", "processor", "runtime", "measured", "cache"}
    assert "was measured" in found["runtime"]
    assert Calibration.read() is not None
    assert {path.name.partition("-")[0] for path in cache.glob("*.graph")} == {"encoder", "reader"}
    assert "notes" not in found
