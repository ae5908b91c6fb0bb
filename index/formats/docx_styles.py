"""What the styles and the numbering of a Word file say about a paragraph: heading, list item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def _value(element: Any, *path: str) -> str:
    """Return the `w:val` of the element at a path, "" where there is none."""
    for name in path:
        element = None if element is None else element.find(f"{_W}{name}")
    return "" if element is None else element.get(f"{_W}val") or ""


class Styles:
    """Knows the styles and lists of one document, and counts the items of its lists."""

    def __init__(self, document: Any) -> None:
        self._styles = {
            style.get(f"{_W}styleId"): style for style in document.styles.element.iter(f"{_W}style")
        }
        self._levels: dict[tuple[str, str], Any] = {}  # by list and level
        for relation in document.part.rels.values():
            if not relation.is_external and relation.reltype.endswith("/numbering"):
                self._read_lists(relation.target_part.element)
        self._counts: Counter[tuple[str, str]] = Counter()

    def _read_lists(self, numbering: Any) -> None:
        """Learn the levels of each list."""
        shapes = {
            shape.get(f"{_W}abstractNumId"): shape for shape in numbering.iter(f"{_W}abstractNum")
        }
        for number in numbering.iter(f"{_W}num"):
            shape = shapes.get(_value(number, "abstractNumId"))
            for level in () if shape is None else shape.iter(f"{_W}lvl"):
                key = number.get(f"{_W}numId") or "", level.get(f"{_W}ilvl") or ""
                self._levels[key] = level

    def _chain(self, paragraph: Any) -> Iterator[Any]:
        """Yield the paragraph's style, the style that one is based on, and so on."""
        name = _value(paragraph, "pPr", "pStyle")
        seen = set()
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            name = _value(self._styles[name], "basedOn")

    def is_heading(self, paragraph: Any) -> bool:
        """Say whether a paragraph is the document's title or a heading."""
        names = (_value(style, "name").lower() for style in self._chain(paragraph))
        return any(name == "title" or name.startswith("heading") for name in names)

    def marker(self, paragraph: Any) -> str:
        """Return what stands before a list item, "" for a paragraph that is none.

        Each call counts the item.
        """
        chain = list(self._chain(paragraph))
        names = [_value(style, "name").lower() for style in chain]
        found, level = "", ""
        for element in (paragraph, *chain):
            found = found or _value(element, "pPr", "numPr", "numId")
            level = level or _value(element, "pPr", "numPr", "ilvl")
        level = level or "0"
        if found == "0":  # taken out of its style's list
            return ""
        if not found and not any(name.startswith(("list bullet", "list number")) for name in names):
            return ""
        shape = self._levels.get((found, level))
        numbered = any(name.startswith("list number") for name in names)
        if shape is not None:
            numbered = _value(shape, "numFmt") not in ("bullet", "none", "")
        if not numbered:
            return "- "
        for other in [key for key in self._counts if key[0] == found and key[1] > level]:
            del self._counts[other]
        self._counts[found, level] += 1
        start = _value(shape, "start")
        first = int(start) if start.isascii() and start.isdigit() else 1
        return f"{first - 1 + self._counts[found, level]}. "
