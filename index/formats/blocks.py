"""Plain text put together from blocks, in the one layout that all marked-up formats share.

Blocks stand apart by a blank line; the lines of a list or a table by a new line. List items
begin with "- " or "1. ", the cells of a table's row are joined by " | ".
"""

from __future__ import annotations

from collections.abc import Iterable


class Blocks:
    """Collects blocks in their order; `text` joins them."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._lines: list[str] = []  # of the list or table that is open
        self._depth = 0
        self._marker = ""

    def add(self, text: str) -> None:
        """Add a paragraph, or a line while a list or table is open; empty text adds nothing."""
        if not text.strip():
            return
        line, self._marker = self._marker + text.strip("\n"), ""
        (self._lines if self._depth else self._blocks).append(line)

    def row(self, cells: Iterable[str]) -> None:
        """Add a table's row."""
        texts = [" ".join(cell.split()) for cell in cells]
        if any(texts):
            self.add(" | ".join(texts))

    def item(self, marker: str) -> None:
        """Put `marker` before what is added next."""
        self._marker = marker

    def open(self) -> None:
        """Begin a list or a table; they may stand inside each other."""
        self._depth += 1

    def close(self) -> None:
        """End what `open` began."""
        self._depth -= 1
        self._marker = ""
        if not self._depth and self._lines:
            self._blocks.append("\n".join(self._lines))
            self._lines = []

    def text(self) -> str:
        """Return everything that was added."""
        return "\n\n".join(self._blocks)
