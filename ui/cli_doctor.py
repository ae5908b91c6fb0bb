"""`footnote doctor`: what runs the models on this machine, and why."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from ui.cli_options import JsonOption
from ui.terminal import say_json, say_rows

if TYPE_CHECKING:
    from index.inference.runtime import Calibration

_PACKAGES = ("openvino", "torch", "transformers", "sentence-transformers", "tokenizers", "numpy")


class _Notes(logging.Handler):
    """Keeps what is logged, each sentence once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.lines[record.getMessage()] = None


def doctor(as_json: JsonOption = False) -> None:
    """Tell what runs the models here and why; measures it for later choices.

    What OpenVINO needs is made, where it is missing. Takes up to a minute.

    Example: footnote doctor
    """
    from index.calibration import calibrate
    from index.inference.cache import cache_folder, is_writable
    from index.inference.runtime import choose, installed

    choose()  # a wrong variable is told before the measuring
    folder = cache_folder()
    kept = is_writable(folder)
    notes = _Notes()
    logging.getLogger("index.inference").addHandler(notes)
    try:
        calibration = calibrate()
        if kept:
            calibration.write()
        choice = choose()
        models = _models()
    finally:
        logging.getLogger("index.inference").removeHandler(notes)
    rows = {
        "python": sys.version.split()[0],
        **{package: installed(package) or "not installed" for package in _PACKAGES},
        "processor": _processor(),
        "runtime": f"{choice.runtime}: {choice.reason}",
        "measured": _measured(calibration),
        "cache": str(folder) if kept else f"{folder}, which cannot be written to",
        **models,
        **({"notes": "; ".join(notes.lines)} if notes.lines else {}),
    }
    if as_json:
        say_json(rows)
    else:
        say_rows(("what", "found"), rows.items())


def _processor() -> str:
    from index.inference.graphs import capabilities

    try:
        return ", ".join(capabilities())
    except Exception as error:  # the library raises nearly anything where it cannot run
        return f"not known: {error}"


def _measured(calibration: Calibration) -> str:
    """Return each runtime's time for the same batch."""
    found = sorted(calibration.seconds.items(), key=lambda item: item[1])
    return ", ".join(f"{runtime} {1000 * seconds:.0f} ms" for runtime, seconds in found)


def _models() -> dict[str, str]:
    """Return a row of each model: its fingerprint, and what runs it."""
    from index.embedder import load_embedder
    from qa.reader import SpanReader
    from qa.reader_model import DEFAULT_MODEL, check_files

    encoder, reader = load_embedder(), SpanReader.load()
    return {
        "encoder": f"{encoder.name} {encoder.fingerprint[:12]} on {encoder.runtime}",
        "reader": f"{DEFAULT_MODEL} {check_files(DEFAULT_MODEL)[:12]} on {reader.runtime}",
    }
