"""OpenVINO's forward pass: a graph made once from torch's model, compared with it, and kept.

A graph is kept compiled for this processor, in the cache folder, under a name that tells the
model, the version of OpenVINO and the number format. One that does not agree with torch is
remembered as refused, with the reason.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.arithmetic import PASSES
from index.inference.cache import cache_folder, is_writable, read_cached, write_cached
from index.inference.forward import FloatArray, Forward, Inputs
from index.inference.runtime import Runtime

if TYPE_CHECKING:
    import torch

_FORMAT = 1  # raised when graphs are made in another way
_KEPT = 4  # graphs of one kind of model
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A model as torch has it, and how to tell whether another forward pass does the same."""

    module: torch.nn.Module
    differs: Callable[[Forward], str]  # in what its results differ; "" if they agree


class OpenVINOForward:
    """The forward pass of a compiled graph."""

    runtime = Runtime.OPENVINO

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._names = [min(output.get_names(), key=str.isdigit) for output in compiled.outputs]

    def __call__(self, inputs: Inputs) -> dict[str, FloatArray]:
        """See `Forward`."""
        with PASSES:
            self._request.infer(inputs.named(), share_inputs=True)
            return {name: self._request.get_tensor(name).data.copy() for name in self._names}


def load_graph(kind: str, fingerprint: str, source: Callable[[], Source]) -> Forward | None:
    """Return the forward pass of a model's graph, made now where there is none.

    None where OpenVINO cannot be used: it does not run, what it makes does not agree with
    torch, or the cache folder cannot be written, so that a graph would be made at each start.

    Args:
        kind: "encoder" or "reader", for names and messages.
        fingerprint: a hash of the model's files.
        source: loads the model with torch; called only to make a graph.

    """
    try:
        path = graph_path(kind, fingerprint)
    except Exception as error:  # the library raises nearly anything where it cannot run
        _log.warning("openvino cannot be used, so torch runs the %s: %s", kind, error)
        return None
    if reason := refusal(path):
        _log.warning("torch runs the %s: %s", kind, reason)
        return None
    content = read_cached(path)
    if content is not None:
        with suppress(RuntimeError):  # it is made again
            return OpenVINOForward(_core().import_model(content, "CPU", _options()))
    if not is_writable(path.parent):
        _log.warning("torch runs the %s: %s cannot be written to", kind, path.parent)
        return None
    return _make(kind, path, source())


def graph_path(kind: str, fingerprint: str) -> Path:
    """Return where the graph of a model is kept; the file need not be there."""
    parts = (fingerprint, _FORMAT, import_openvino().__version__, *capabilities())
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return cache_folder() / f"{kind}-{key}.graph"


def refusal(path: Path) -> str:
    """Return why the graph of this path is not used; "" where it is, or is not known."""
    return (read_cached(path.with_suffix(".refused")) or b"").decode()


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report the import over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def capabilities() -> list[str]:
    """Return the number formats that the processor computes in, as OpenVINO names them."""
    return sorted(map(str, _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")))


@lru_cache(maxsize=1)
def _core() -> Any:
    return import_openvino().Core()


def _options() -> dict[str, str]:
    """Return how graphs are compiled; $OMP_NUM_THREADS bounds the threads, as it does torch's."""
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if "BF16" in capabilities() else "f32",
    }
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit() and int(threads):
        options["INFERENCE_NUM_THREADS"] = threads
    return options


def _make(kind: str, path: Path, source: Source) -> Forward | None:
    """Make, compare and keep a graph; None when it is of no use."""
    try:
        content = _converted(source.module)
        forward = OpenVINOForward(_core().import_model(content, "CPU", _options()))
        reason = source.differs(forward)
    except (OSError, MemoryError) as error:  # it may go well the next time
        _log.warning("torch runs the %s: its graph could not be made: %s", kind, error)
        return None
    except Exception as error:  # whatever the library raises, torch can run the model
        reason = f"the graph that openvino made cannot be used: {error}"
    try:
        if reason:
            write_cached(path.with_suffix(".refused"), reason.encode())
        else:
            write_cached(path, content)
            _clean(kind, path.parent)
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error.strerror)
    if reason:
        _log.warning("torch runs the %s: %s", kind, reason)
        return None
    return forward


def _converted(module: torch.nn.Module) -> bytes:
    """Return a model as a graph with float16 weights, compiled and exported."""
    import torch

    openvino = import_openvino()
    example = {each.name: torch.ones((2, 16), dtype=torch.int64) for each in fields(Inputs)}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracing, about branches that are not taken
        file = Path(folder) / "graph.xml"
        graph = openvino.convert_model(module.to("cpu"), example_input=example)
        openvino.save_model(graph, file, compress_to_fp16=True)
        stream = BytesIO()
        _core().compile_model(file, "CPU", _options()).export_model(stream)
        return stream.getvalue()


def _clean(kind: str, folder: Path) -> None:
    """Remove the oldest graphs of a kind."""
    graphs = sorted(folder.glob(f"{kind}-*.graph"), key=lambda path: -path.stat().st_mtime)
    for path in graphs[_KEPT:]:
        path.unlink(missing_ok=True)
