"""Which runtime the models use: the one told, else what suits the machine.

With a GPU that torch can use, torch; else OpenVINO, unless it cannot be imported or a
calibration (`footnote doctor`) found it slower than torch on this machine.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from index.errors import RuntimeUnknown
from index.inference.cache import cache_folder, read_cached, write_cached

RUNTIME_VARIABLE = "FOOTNOTE_RUNTIME"
_CALIBRATION = "calibration.json"
_GAIN = 1.25  # how much faster torch must be to make up for the seconds that it takes to import


class Runtime(StrEnum):
    """What runs a model."""

    OPENVINO = "openvino"
    TORCH = "torch"


@dataclass(frozen=True, slots=True)
class Choice:
    """A runtime, and why it is the one."""

    runtime: Runtime
    reason: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How long each runtime takes for the same batch on this machine, in seconds."""

    seconds: Mapping[Runtime, float]

    @classmethod
    def read(cls) -> Calibration | None:
        """Return the calibration of this machine, if it was made with these versions."""
        content = read_cached(cache_folder() / _CALIBRATION)
        if content is None:
            return None
        try:
            stored = json.loads(content)
            seconds = {runtime: float(stored["seconds"][runtime]) for runtime in Runtime}
            known = stored["versions"] == versions()
        except (ValueError, KeyError, TypeError):
            return None
        return cls(seconds) if known else None

    def write(self) -> None:
        """Keep the calibration for later choices.

        Raises:
            OSError: the cache folder cannot be written to.

        """
        stored = {"seconds": dict(self.seconds), "versions": versions()}
        write_cached(cache_folder() / _CALIBRATION, json.dumps(stored).encode())


def choose() -> Choice:
    """Return the runtime to use.

    Raises:
        RuntimeUnknown: $FOOTNOTE_RUNTIME names none, or one that is not installed.

    """
    told = os.environ.get(RUNTIME_VARIABLE, "")
    if told:
        return Choice(_told(told), f"${RUNTIME_VARIABLE} says so")
    if name := _torch_gpu():
        return Choice(Runtime.TORCH, f"it can use the GPU: {name}")
    if find_spec("openvino") is None:
        return Choice(Runtime.TORCH, "openvino is not installed")
    calibration = Calibration.read()
    if calibration is None:
        return Choice(Runtime.OPENVINO, "it is the faster on most processors, and starts sooner")
    ratio = calibration.seconds[Runtime.TORCH] / calibration.seconds[Runtime.OPENVINO]
    if ratio * _GAIN < 1:
        return Choice(Runtime.TORCH, f"it was measured {1 / ratio:.1f} times as fast as openvino")
    return Choice(Runtime.OPENVINO, f"it was measured {ratio:.1f} times as fast as torch")


def versions() -> dict[str, str]:
    """Return the installed version of each runtime's package."""
    return {package: installed(package) for package in Runtime}


def installed(package: str) -> str:
    """Return the installed version of a package; "" where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _told(name: str) -> Runtime:
    try:
        runtime = Runtime(name)
    except ValueError:
        raise RuntimeUnknown(
            f"${RUNTIME_VARIABLE} is {name!r}; expected {' or '.join(Runtime)}"
        ) from None
    if find_spec(runtime) is None:
        raise RuntimeUnknown(
            f"${RUNTIME_VARIABLE} is {name!r}, which is not installed; `pip install {name}`,"
            " or leave the variable empty"
        )
    return runtime


def _torch_gpu() -> str:
    """Return the name of the GPU that torch can use, or ""; imports torch only with a driver."""
    if installed("torch").endswith("+cpu"):
        return ""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return ""
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else ""
