"""What is written of failures: those of our own modules, without a word of what was asked."""

from __future__ import annotations

import logging
import traceback

OURS = frozenset({"index", "qa", "ui"})


def own_errors() -> logging.Handler:
    """Return a handler that writes our own errors to stderr and drops all other lines."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    handler.addFilter(lambda record: record.name.partition(".")[0] in OURS)
    handler.setFormatter(_Places())
    return handler


class _Places(logging.Formatter):
    """Says what kind of error it was and where; its own text may hold what was asked."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.name}: {record.getMessage()}"
        kind, _, trace = record.exc_info or (None, None, None)
        if kind is None:
            return line
        return "".join((f"{line}\nTraceback:\n", *traceback.format_tb(trace), kind.__name__))
