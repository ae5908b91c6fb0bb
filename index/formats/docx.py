"""Word files: their paragraphs, lists and tables in the order of the document.

python-docx opens the package; the text is taken from its elements, because python-docx leaves out
content controls, accepted insertions and text boxes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from index.formats.blocks import Blocks
from index.formats.docx_styles import Styles
from index.formats.draft import Draft, first_line_title, readable_stem
from index.formats.package import PARTS, check_package

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARKS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Fields' instructions, what was deleted or moved away, and the second copy of a drawing.
_UNSEEN = frozenset(["pPr", "rPr", "instrText", "del", "moveFrom", "Fallback", "object"])
_NOTES = ("/footnotes", "/endnotes")  # ends of the types of relations


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the one article of a Word file."""
    check_package(data)
    import docx

    document = docx.Document(io.BytesIO(data))
    writer = _Writer(Styles(document))
    writer.body(document.element.body)
    for notes in _notes(document):
        writer.body(notes)
    writer.end_list()
    text = writer.blocks.text()
    properties = document.core_properties
    title = " ".join((properties.title or "").split()) or writer.heading or first_line_title(text)
    created = properties.created
    author = " ".join((properties.author or "").split())
    return [
        Draft(
            title or readable_stem(stem),
            text,
            created.date().isoformat() if created else None,
            {"author": author} if author else {},
        )
    ]


def _notes(document: Any) -> Iterator[Any]:
    """Yield the footnotes and endnotes of a document, one element each."""
    from docx.oxml import parse_xml

    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_NOTES):
            part = relation.target_part
            if not part.partname.lower().endswith(PARTS):  # and so not checked
                continue
            for note in parse_xml(part.blob):
                if note.get(f"{_W}type") is None:  # a separator line has one
                    yield note


def _name(element: Any) -> str:
    """Return an element's name without its namespace, "" for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class _Writer:
    """Writes the elements of a document as plain text."""

    def __init__(self, styles: Styles) -> None:
        self.blocks = Blocks()
        self.heading = ""  # the first one
        self._styles = styles
        self._in_list = False

    def body(self, element: Any) -> None:
        """Write the blocks inside an element; those of a wrapper count as the element's own."""
        for child in element:
            name = _name(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self.end_list()
                self._table(child)
            elif name not in _UNSEEN:
                self.body(child)

    def _paragraph(self, element: Any) -> None:
        """Write a paragraph, then those of the text boxes that hang on it."""
        text = _text(element).strip()
        if text:
            heading = self._styles.is_heading(element)
            marker = "" if heading else self._styles.marker(element)
            if not marker:
                self.end_list()
            elif not self._in_list:
                self.blocks.open()
                self._in_list = True
            self.blocks.item(marker)
            self.blocks.add(text)
            if heading and not self.heading:
                self.heading = " ".join(text.split())
        for box in _boxes(element):
            self.body(box)

    def end_list(self) -> None:
        """End the list that is open."""
        if self._in_list:
            self.blocks.close()
            self._in_list = False

    def _table(self, element: Any) -> None:
        """Write a table; one of a single column is a frame around its blocks."""
        rows = [_cells(row) for row in element.iter(f"{_W}tr") if _table_of(row) is element]
        if all(len(cells) < 2 for cells in rows):
            for cells in rows:
                for cell in cells:
                    self.body(cell)
            return
        self.blocks.open()
        for cells in rows:
            self.blocks.row(_cell_text(cell) for cell in cells)
        self.blocks.close()


def _table_of(element: Any) -> Any:
    """Return the innermost table around an element."""
    return next(element.iterancestors(f"{_W}tbl"))


def _cells(row: Any) -> list[Any]:
    """Return the cells of a row, those of tables inside it left out."""
    table = _table_of(row)
    return [cell for cell in row.iter(f"{_W}tc") if _table_of(cell) is table]


def _cell_text(cell: Any) -> str:
    """Return a cell's paragraphs, also of tables and boxes inside it, as one text."""
    return " ".join(_text(part) for part in cell.iter(f"{_W}p") if not _is_copy(part))


def _boxes(element: Any) -> list[Any]:
    """Return the text boxes inside an element, without the second copy that some have."""
    return [box for box in element.iter(f"{_W}txbxContent") if not _is_copy(box)]


def _is_copy(element: Any) -> bool:
    """Say whether an element belongs to the second copy of a drawing."""
    return any(_name(parent) == "Fallback" for parent in element.iterancestors())


def _text(element: Any) -> str:
    """Return the text inside a paragraph as a reader sees it, without that of text boxes."""
    parts = []
    for child in element:
        name = _name(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _MARKS:
            parts.append(_MARKS[name])
        elif name not in _UNSEEN and name != "txbxContent":
            parts.append(_text(child))
    return "".join(parts)
