"""How long the stages of an answer take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what happens inside the block as a stage."""
        started = time.perf_counter()
        yield
        self._stages[stage] = 1000 * (time.perf_counter() - started)

    def timings(self) -> Mapping[str, float]:
        """Return the stages so far, and the total."""
        return {**self._stages, "total": 1000 * (time.perf_counter() - self._started)}
