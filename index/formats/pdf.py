"""PDF files: their text by pypdfium2, or by pypdf where that fails."""

from __future__ import annotations

import io
import re
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from index.errors import UnreadableFile
from index.formats.draft import Draft, first_line_title, iso_date, readable_stem
from index.formats.limits import MAX_PAGES
from index.formats.lines import Break, Line, guessed_lines, joined

_ENCRYPTED = "it is encrypted; save a copy without a password"
_NO_TITLE = re.compile(  # what programs write there by themselves
    r"untitled.*|document\d*|microsoft \w+ - .*|\W*"
    r"|.*\.(docx?|odt|rtf|tex|dvi|pdf|indd|qxd|html?|pptx?)",
    re.IGNORECASE,
)
_WIDE = re.compile("[\U00010000-\U0010ffff]")  # two units of UTF-16, in which PDFium counts
_ROW = re.compile(  # PDFium has the last two for the hyphen of a word divided between lines
    "([^\r\n\ufffe\x02]+)([\ufffe\x02]?)"
)


@dataclass(slots=True)
class _Content:
    """What a reader found in a file."""

    pages: list[list[Line]] = field(default_factory=list)
    info: Mapping[str, str] = field(default_factory=dict)
    drawn: list[int] = field(default_factory=list)  # numbers of pages with images and no text
    warnings: tuple[str, ...] = ()


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the one article of a PDF file."""
    try:
        content = _by_pdfium(data)
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        content = _by_pypdf(data, error)
    count = len(content.pages)
    text = joined(content.pages)
    if not text.strip():
        pages = "1 page holds" if count == 1 else f"{count} pages hold"
        if content.drawn:
            raise UnreadableFile(f"its {pages} images and no text; run OCR on it first")
        raise UnreadableFile(f"its {pages} no text; if they are scans, run OCR on it first")
    warnings = content.warnings
    if content.drawn:
        numbers = ", ".join(map(str, content.drawn))
        warnings += (f"these of its {count} pages hold images and no text: {numbers}",)
    info = content.info
    named = info.get("Title", "")
    title = "" if _NO_TITLE.fullmatch(named) else named
    created = re.match(r"(?:D:)?((?:19[89]|20\d)\d)(\d\d)(\d\d)", info.get("CreationDate", ""))
    metadata = {"pages": str(count)}
    if author := info.get("Author", ""):
        metadata["author"] = author
    return [
        Draft(
            title or first_line_title(text) or readable_stem(stem),
            text,
            iso_date("-".join(created.groups())) if created else None,
            metadata,
            warnings=warnings,
        )
    ]


def _check_count(count: int) -> None:
    """Refuse a file of too many pages."""
    if count > MAX_PAGES:
        raise UnreadableFile(
            f"it has {count} pages, and at most {MAX_PAGES} are read; split it into smaller files"
        )


def _by_pdfium(data: bytes) -> _Content:
    """Return what pypdfium2 finds."""
    import pypdfium2
    import pypdfium2.raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise UnreadableFile(_ENCRYPTED) from error
        raise
    try:
        _check_count(len(document))
        content = _Content(info=_cleaned(document.get_metadata_dict()))
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            text_page = page.get_textpage()
            lines = _page_lines(text_page)
            if not lines and any(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])):
                content.drawn.append(number)
            content.pages.append(lines)
            text_page.close()
            page.close()
        return content
    finally:
        document.close()


def _cleaned(info: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a document's info that hold something, each in one line."""
    return {key: value for key, raw in info.items() if (value := " ".join(str(raw).split()))}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line with its place on the page, in points from the left and from the bottom."""

    text: str
    left: float
    right: float
    bottom: float
    height: float


def _page_lines(text_page: Any) -> list[Line]:
    """Return the lines of a page, with breaks where its geometry has them."""
    import pypdfium2

    try:
        rows = _rows(text_page)
    except pypdfium2.PdfiumError:  # a character without a place
        return guessed_lines(re.sub("[\ufffe\x02]", "-\n", text_page.get_text_range()))
    pitches = sorted(
        pitch for last, row in pairwise(rows) if (pitch := last.bottom - row.bottom) > 0
    )
    usual = pitches[len(pitches) // 4] if len(pitches) > 2 else 0.0
    lines: list[Line] = []
    for place, row in enumerate(rows):
        before = Break.UNKNOWN
        if place:
            edge = max(other.right for other in rows[max(0, place - 3) : place + 3])
            before = _break(rows[place - 1], row, usual or 1.3 * row.height, edge)
        lines.append(Line(row.text, before))
    return lines


def _break(last: _Row, row: _Row, pitch: float, edge: float) -> Break:
    """Return what stands between two rows, given the usual pitch and the column's right edge."""
    step = last.bottom - row.bottom
    if step < -0.5 * row.height:
        return Break.UNKNOWN
    if abs(row.height - last.height) > 0.15 * last.height or step > 1.35 * pitch:
        return Break.PARAGRAPH
    letter = (row.right - row.left) / max(1, len(row.text))
    room = edge - last.right
    if room > letter * (2 + 1.2 * len(row.text.split(None, 1)[0])):
        return Break.LINE  # the next word had room there: the break was meant
    return Break.JOIN


def _rows(text_page: Any) -> list[_Row]:
    """Return the rows of a page's text that hold a visible character."""
    text = text_page.get_text_range()
    wide = [match.start() for match in _WIDE.finditer(text)]
    rows: list[_Row] = []
    for match in _ROW.finditer(text):
        row = match[1].strip()
        if not row:
            continue
        first = match.start(1) + match[1].index(row)
        left, bottom, _, top = _box(text_page, first + bisect(wide, first))
        last = first + len(row) - 1
        _, _, right, _ = _box(text_page, last + bisect(wide, last))
        row += "-" if match[2] else ""
        rows.append(_Row(row, left, right, bottom, top - bottom))
    return rows


def _box(text_page: Any, unit: int) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of the character at a UTF-16 unit of the page's text.

    Top and bottom are those of its font. PDFium's characters are not always those of its text.
    """
    import pypdfium2.raw

    index = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(text_page, unit)
    box: tuple[float, float, float, float] = text_page.get_charbox(max(0, index), loose=True)
    return box


def _by_pypdf(data: bytes, cause: Exception) -> _Content:
    """Return what pypdf finds in a file that pypdfium2 could not read because of `cause`."""
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile(_ENCRYPTED)
        _check_count(len(reader.pages))
        info = {str(key).removeprefix("/"): value for key, value in (reader.metadata or {}).items()}
        content = _Content(info=_cleaned(info))
        for number, page in enumerate(reader.pages, start=1):
            lines = guessed_lines(page.extract_text())
            if not lines and len(page.images):
                content.drawn.append(number)
            content.pages.append(lines)
        if not content.pages:
            raise ValueError("it has no pages")
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        raise UnreadableFile(
            f"its PDF structure is damaged ({str(cause).rstrip('.')}); open it in a PDF viewer and"
            " save it again"
        ) from error
    content.warnings = ("its PDF structure is damaged; what could be recovered was read",)
    return content
