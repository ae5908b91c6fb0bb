"""What the drivers share: the job is read, the index and each question are timed.

    <python of an environment> drive_<peer>.py JOB.json RESULT.json

Knows the standard library only, as it runs in every environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every side; the fields are those of the JSON file."""

    encoder: str  # folder of a sentence-transformers model
    reader: str  # folder of a Hugging Face question-answering model, float32
    read: int  # passages that the reader reads of a question
    depth: int  # passages asked of each retriever
    scratch: str  # a folder for the side's own files
    passages: list[dict[str, str]]  # key, title, text
    warm_up: list[str]  # questions that are not counted
    questions: list[str]


Ask = Callable[[str], tuple[str, float | None]]  # question → first answer or "", its confidence


class Side(Protocol):
    """One of those compared; its models are loaded when it is made, before the clock runs."""

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages whose versions are told."""

    def index(self) -> None:
        """Index the passages; timed."""

    def ways(self) -> Iterable[tuple[str, Ask]]:
        """Yield each way of asking with its name; all questions are asked before the next."""


def drive(make: Callable[[Job], Side]) -> None:
    """Do the job of the first file named on the command line; write the second."""
    source, target = map(Path, sys.argv[1:3])
    job = Job(**json.loads(source.read_text(encoding="utf-8")))
    side = make(job)
    begun = time.perf_counter()
    side.index()
    seconds = time.perf_counter() - begun
    ways = {}
    for name, ask in side.ways():
        for question in job.warm_up:
            _timed(ask, question)
        ways[name] = [_timed(ask, question) for question in job.questions]
    result = {
        "versions": {package: _version(package) for package in side.packages},
        "index_seconds": seconds,
        "ways": ways,
    }
    target.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def _timed(ask: Ask, question: str) -> dict[str, Any]:
    """Ask a question; what is raised counts as no answer and is told."""
    error = None
    begun = time.perf_counter()
    try:
        text, confidence = ask(question)
    except Exception as raised:
        text, confidence, error = "", None, f"{type(raised).__name__}: {raised}"
    milliseconds = 1000 * (time.perf_counter() - begun)
    return {
        "milliseconds": milliseconds, "text": text, "confidence": confidence, "error": error,
    }  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from source"
