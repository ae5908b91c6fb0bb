"""Plain text files, and the decoding that all text formats share."""

from __future__ import annotations

import codecs
import re

from index.errors import UnreadableFile
from index.formats.draft import Draft, first_line_title, iso_date, readable_stem

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings that a file may declare: those of the web whose ASCII range is ASCII.
_DECLARABLE = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp125\d|cp866|cp874|koi8-[ru]|mac-(roman|cyrillic)|tis-620"
    r"|shift_jis|cp932|euc_jp|euc_kr|cp949|gb2312|gbk|gb18030|big5|big5hkscs"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_DATE_LINES = 5  # a date line stands among the first so many lines that are not empty
_DATE_LABEL = re.compile(r"(?:date|published(?:\s+on)?|posted(?:\s+on)?)\s*:?\s+", re.IGNORECASE)


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the one article of a text file."""
    text, warnings = decode(data)
    title = first_line_title(text.replace("\r\n", "\n").replace("\r", "\n"))
    return [Draft(title or readable_stem(stem), text, _date_line(text), warnings=warnings)]


def _date_line(text: str) -> str | None:
    """Return the date of a line that holds a whole date and nothing else, near the top."""
    lines = [line for line in text[:4000].splitlines() if line.strip()]
    for line in lines[:_DATE_LINES]:
        date = iso_date(_DATE_LABEL.sub("", line.strip(), count=1))
        if date and len(date) == len("YYYY-MM-DD"):
            return date
    return None


def decode(data: bytes, declared: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the text of `data` and warnings about how it was decoded.

    Tried in this order: a byte order mark, the encoding that the file declares, strict UTF-8,
    Windows-1252. Binary data raise `UnreadableFile`.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _decode_marked(data, codec), ()
    if (place := data.find(b"\0")) >= 0:
        raise UnreadableFile(
            f"it holds a NUL byte at position {place}, so it is binary data or UTF-16 without a"
            " byte order mark; save it as UTF-8 text"
        )
    warnings: list[str] = []
    if codec := _codec(declared):
        try:
            return data.decode(codec), ()
        except UnicodeDecodeError:
            warnings.append(f"it declares {declared} but is not valid {declared}; that was ignored")
    try:
        return data.decode("utf-8"), tuple(warnings)
    except UnicodeDecodeError as error:
        text = _decode_windows(data, error.start)
        return text, (*warnings, "it is not valid UTF-8; it was read as Windows-1252")


def _decode_marked(data: bytes, codec: str) -> str:
    """Return the text after a byte order mark."""
    name = codec.removesuffix("-sig").upper()
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"it begins as {name} but is not valid {name} at byte {error.start};"
            " save it as UTF-8 text"
        ) from error
    if "\0" in text:
        raise UnreadableFile("it holds NUL characters, so it is binary data; save it as UTF-8 text")
    return text


def _decode_windows(data: bytes, place: int) -> str:
    """Return the Windows-1252 text of data that are not UTF-8 at byte `place`."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = "\x00"
    if _CONTROL.search(text):
        raise UnreadableFile(
            f"it is neither UTF-8 text (byte {place} is not) nor Windows-1252 text;"
            " save it as UTF-8 text"
        )
    return text


def _codec(declared: str) -> str:
    """Return Python's codec for a declared encoding, or "" for one that is not to be trusted.

    As browsers do, ASCII and Latin-1 are read as Windows-1252, which contains them.
    """
    try:
        name = codecs.lookup(declared.strip()).name if declared.strip() else ""
    except (LookupError, ValueError):  # an unknown name, or one with a NUL
        return ""
    if name in ("ascii", "iso8859-1"):
        return "cp1252"
    return name if _DECLARABLE.fullmatch(name) else ""
