"""The checks that a ZIP package passes before anything in it is parsed.

Headers lie: sizes are counted while the entries are unpacked, a piece at a time.
"""

from __future__ import annotations

import io
import re
import zipfile

from index.errors import UnreadableFile
from index.formats.limits import MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED

_PIECE = 1024 * 1024
_ENTRY_MARK = b"PK\x01\x02"  # of an entry in the package's directory
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00")
# An office document inside another, such as the numbers behind a chart: it is never opened.
_EMBEDDED = re.compile(r"word/embeddings/[^/]+\.(?:xls|doc|ppt)[xmb]")
PARTS = (".xml", ".rels")  # ends of the names of what is read; pictures may be XML, too
_DOCTYPES = tuple("<!DOCTYPE".encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be"))


def check_package(data: bytes) -> None:
    """Raise `UnreadableFile` for a package that is damaged, a bomb or no Word document."""
    if data.count(_ENTRY_MARK) > MAX_ENTRIES:  # before anything is made of them
        raise UnreadableFile(f"its ZIP package has more than {MAX_ENTRIES} entries")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
            if "word/document.xml" not in names:
                raise UnreadableFile(
                    "it is a ZIP file named .docx but holds no Word document; open it in Word or"
                    " LibreOffice and save it as .docx"
                )
            limit = min(MAX_UNPACKED, MAX_RATIO * len(data))
            for entry in package.infolist():
                limit -= _unpacked(package, entry, limit)
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        raise UnreadableFile(
            f"its ZIP package is damaged ({error}); open it in Word or LibreOffice and save it"
            " again as .docx"
        ) from error


def _unpacked(package: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> int:
    """Return the size of an entry after looking at all of its bytes."""
    size = 0
    last = b""
    is_xml = entry.filename.lower().endswith(PARTS)
    with package.open(entry) as stream:
        while piece := stream.read(_PIECE):
            if not size and piece.startswith(_ARCHIVES) and not _EMBEDDED.fullmatch(entry.filename):
                raise UnreadableFile(
                    f"it holds another archive ({entry.filename[:100]}); take that out and save it"
                    " again"
                )
            size += len(piece)
            if size > limit:
                raise UnreadableFile(
                    f"its ZIP package unpacks to more than {MAX_UNPACKED >> 20} MB or {MAX_RATIO}"
                    " times its own size; save the text alone as .docx"
                )
            if is_xml and any(mark in last + piece for mark in _DOCTYPES):
                raise UnreadableFile(
                    f"its part {entry.filename[:100]} has a DOCTYPE, which no Word document has;"
                    " save it again in Word or LibreOffice"
                )
            last = piece[-32:]
    return size
