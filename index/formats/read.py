"""From a path to bytes and from bytes to drafts, through the checks that all formats share.

`read_bytes` opens the file; `parse` touches no file, so it can run in a process that may open
none.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path, PurePath

from index.errors import UnreadableFile
from index.formats import docx, html, jsonl, markdown, pdf, text
from index.formats.draft import Draft
from index.formats.limits import MAX_BYTES

_READERS: dict[str, Callable[[bytes, str], list[Draft]]] = {
    ".docx": docx.read,
    ".htm": html.read,
    ".html": html.read,
    ".jsonl": jsonl.read,
    ".markdown": markdown.read,
    ".md": markdown.read,
    ".ndjson": jsonl.read,
    ".pdf": pdf.read,
    ".text": text.read,
    ".txt": text.read,
}
SUFFIXES = tuple(_READERS)

# Beginnings that no text has, what they are the beginning of, and the suffix that is read.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (rb"%PDF-\d\.\d", "a PDF file", ".pdf"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP file", ""),
    (rb"\xd0\xcf\x11\xe0", "an old Office file (.doc) or one with a password", ""),
    (rb"\{\\rtf", "an RTF file", ""),
    (rb"\x89PNG", "a PNG image", ""),
    (rb"\xff\xd8\xff", "a JPEG image", ""),
    (rb"GIF8[79]a.{0,16}\x00", "a GIF image", ""),
    (rb"RIFF....WEBP", "a WebP image", ""),
    (rb"\x1f\x8b", "a gzip file", ""),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z file", ""),
    (rb"\xfd7zXZ\x00", "an xz file", ""),
    (rb"Rar!\x1a\x07", "a RAR file", ""),
    (rb"\x28\xb5\x2f\xfd", "a Zstandard file", ""),
    (rb"\x7fELF", "a program", ""),
    (rb"SQLite format 3\x00", "an SQLite database", ""),
)
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_LINK = (
    "it is a symbolic link, or below one, that was put there after it was found; it is not followed"
)
_PDF_HEAD = 1024  # bytes in which viewers look for the mark of a PDF file


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file of an allowed size; never wait for a pipe or a device.

    `path` is one without symbolic links. It may have been found long before: a link that stands
    in it now is not followed.

    Raises `UnreadableFile` with the reason, and nothing else but `MemoryError`.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            status = os.fstat(file.fileno())
            if os.path.realpath(path) != str(path):
                raise UnreadableFile(_LINK)
            if not os.path.samestat(status, path.lstat()):
                raise UnreadableFile("it was replaced while it was opened; run this again")
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFile("it is not a regular file but a folder, a device or a pipe")
            if status.st_size > MAX_BYTES:
                raise UnreadableFile(_too_large(status.st_size))
            data = file.read(MAX_BYTES + 1)  # it may have grown since
    except FileNotFoundError as error:
        raise UnreadableFile("there is no such file") from error
    except IsADirectoryError as error:
        raise UnreadableFile("it is not a regular file but a folder, a device or a pipe") from error
    except PermissionError as error:
        raise UnreadableFile("permission denied; allow this user to read it") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if getattr(error, "errno", None) == errno.ELOOP:
            raise UnreadableFile(_LINK) from error
        raise UnreadableFile(
            f"it cannot be opened ({getattr(error, 'strerror', None) or error})"
        ) from error
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_too_large(len(data)))
    if not data.strip():
        raise UnreadableFile("the file holds no text")
    return data


def _opened(path: str, flags: int) -> int:
    """Open a file that is no link, without waiting for the other end of a pipe."""
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"):
        flags |= getattr(os, name, 0)
    return os.open(path, flags)


def parse(data: bytes, name: str) -> list[Draft]:
    """Return the articles, at least one, of a file of that name and content.

    Raises `UnreadableFile` with the reason, and nothing else but `MemoryError`.
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise UnreadableFile(f"it is not an article format; supported are {', '.join(SUFFIXES)}")
    _check_kind(data, suffix)
    try:
        drafts = _READERS[suffix](data, path.stem)
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableFile(
            f"it cannot be read as a {suffix} file ({reason}); open it in its own program and save"
            " it again"
        ) from error
    if not any(draft.text.strip() for draft in drafts):
        raise UnreadableFile("the file holds no text")
    return drafts


def _too_large(size: int) -> str:
    """Return the reason for refusing a file of `size` bytes."""
    return (
        f"it is {size / 1e6:.1f} MB large, and at most {MAX_BYTES >> 20} MB are read;"
        " split it into smaller files"
    )


def _check_kind(data: bytes, suffix: str) -> None:
    """Raise `UnreadableFile` when the content is of another kind than the suffix says."""
    if suffix == ".pdf" and b"%PDF-" in data[:_PDF_HEAD]:
        return
    for pattern, kind, right in _KINDS:
        if not re.match(pattern, data, re.DOTALL):
            continue
        if kind == "a ZIP file":
            if suffix == ".docx":
                return
            if b"word/document.xml" in data:
                kind, right = "a Word file", ".docx"
        advice = f"rename it to {right}" if right else f"supported are {', '.join(SUFFIXES)}"
        raise UnreadableFile(f"it is {kind} named {suffix}; {advice}")
    if suffix in (".pdf", ".docx"):
        raise UnreadableFile(f"it is named {suffix} but does not begin like a {suffix} file")
    if suffix in (".txt", ".text") and _PAGE.match(data):
        raise UnreadableFile(f"it is an HTML file named {suffix}; rename it to .html")
