"""From files and folders to articles: finding the files, and the canonical form of their text.

The text is normalised here, once. What comes out is frozen: every offset of a passage, a span or
a citation counts its code points.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from index.formats import SUFFIXES, parse
from index.values import Article, Notice, text_sha256

MAX_TITLE = 300  # characters
_SKIPPED_FOLDERS = frozenset(["__pycache__", "node_modules"])  # and hidden ones

_NEW_LINES = dict.fromkeys((0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), "\n")
_SPACES = dict.fromkeys((0x09, 0xA0, 0x2007, 0x202F), " ")  # the tab and the no-break spaces
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0xFEFF))
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_CANONICAL = {**_CONTROLS, **_SURROGATES, **_SPACES, **_NEW_LINES, 0x0A: "\n"}


def normalise(text: str) -> str:
    r"""Return the canonical form of a text; of a canonical text, the text itself.

    NFC; "\n" for every kind of line end; no control characters and no byte order marks; U+FFFD
    for lone surrogates; plain spaces for tabs and no-break spaces; no spaces at the ends of
    lines, no more than one empty line in a row, and nothing blank at the ends.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_CANONICAL))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def article_id(source: str) -> str:
    """Return an article's id: the first 16 hexadecimal digits of its source's SHA-256."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_articles(
    data: bytes, *, name: str, source: str = ""
) -> tuple[list[Article], list[Notice]]:
    """Return a file's articles in their canonical form, and what was done to read them.

    Args:
        data: the file's content.
        name: the file's name, which says its format and may serve as a title.
        source: what the articles' sources begin with; in a file of many articles each article's
            name follows after "#".

    Raises `UnreadableFile` when the file gives none. It runs parsers on whatever the file holds:
    `Parser.read` does the same in a process with limits.

    """
    articles: list[Article] = []
    notices: list[Notice] = []
    taken: dict[str, int] = {}
    for draft in parse(data, name):
        notices += [Notice(source, warning) for warning in draft.warnings]
        place = source
        if part := _one_line(draft.part):
            place = f"{source}#{_unused(part, taken)}"
        text = normalise(draft.text)
        if not text:
            notices.append(Notice(place, "it holds no text after control characters are removed"))
            continue
        metadata = {_one_line(key): normalise(value) for key, value in draft.metadata.items()}
        articles.append(
            Article(
                id=article_id(place),
                title=_title(draft.title) or _title(PurePath(name).stem) or "Untitled",
                text=text,
                source=place,
                sha256=text_sha256(text),
                date=draft.date,
                metadata=metadata,
            )
        )
    return articles, notices


def _one_line(text: str) -> str:
    """Return a text in canonical form and in one line."""
    return " ".join(normalise(text).split())


def _title(text: str) -> str:
    """Return a title of one line; a longer one than allowed ends in "…"."""
    title = _one_line(text)
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1].rstrip() + "…"


def _unused(part: str, taken: dict[str, int]) -> str:
    """Return `part`, or with the first number after it that makes it new, and take it.

    `taken` holds each name with the last number that was put after it.
    """
    name = part
    number = taken.get(part, 1)
    while name in taken:
        number += 1
        name = f"{part} ({number})"
    taken[part] = number
    taken.setdefault(name, 1)
    return name


def find_files(sources: Iterable[Path]) -> tuple[dict[Path, Path], list[Notice]]:
    """Return the article files among files and folders, sorted, and what was passed over.

    Each file comes with its place: where it really is, and what to open. A path and its place
    differ only where a symbolic link was named itself. Folders are searched to any depth. In them
    hidden files and folders are passed over without a word, and symbolic links are followed only
    where they stay inside the folder. A file is returned once, however many ways lead to it.
    """
    found: dict[Path, Path] = {}  # place → path
    notices: list[Notice] = []
    for source in sources:
        for path, place, fault in _candidates(Path(source)):
            fault = fault or _fault(path)
            if fault:
                notices.append(Notice(_printable(path), fault))
                continue
            place = place or path.resolve()
            if place not in found or path == place:
                found[place] = path
    files = sorted((path, place) for place, path in found.items())
    return dict(files), list(dict.fromkeys(notices))


def _printable(path: Path) -> str:
    """Return a path as text that can be stored and shown whatever its bytes are."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _fault(path: Path) -> str:
    """Return why a file is not to be read, "" for a good one."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return _reason(error)
    if not stat.S_ISREG(mode):
        return "it is not a regular file but a device, a pipe or a socket"
    if path.suffix.lower() not in SUFFIXES:
        return f"it is not an article format; supported are {', '.join(SUFFIXES)}"
    if _printable(path) != str(path):
        return "its name is not valid UTF-8; rename it"
    if not os.access(path, os.R_OK):
        return _reason(PermissionError())
    return ""


def _reason(error: Exception) -> str:
    """Return why a path could not be opened."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, PermissionError):
        return "permission denied; allow this user to read it"
    return f"it cannot be opened ({getattr(error, 'strerror', None) or error})"


def _candidates(source: Path) -> Iterator[tuple[Path, Path | None, str]]:
    """Yield a source's files, each with its place and why it is passed over, or "".

    What stands in a folder is its own place, whatever is put there later.
    """
    try:
        if source.is_dir():
            for path, fault in _in_folder(source.resolve()):
                yield path, path, fault
        else:
            yield source.absolute().parent.resolve() / source.name, None, ""
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
        yield source.absolute(), None, _reason(error)


def _in_folder(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files below a folder, each with why it is passed over, or ""."""
    folders, seen = [root], {root}
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries)
        except OSError as error:
            yield folder, _reason(error)
            continue
        for name in names:
            if name.startswith(".") or name in _SKIPPED_FOLDERS:
                continue
            path, fault = _followed(folder / name, root)
            if fault or not path.is_dir():
                yield path, fault
            elif path not in seen:
                seen.add(path)
                folders.append(path)


def _followed(path: Path, root: Path) -> tuple[Path, str]:
    """Return where a path in the folder `root` leads to, and why it may not be followed, or ""."""
    try:
        if not path.is_symlink():
            return path, ""
    except OSError as error:  # the folder may be listed and not entered
        return path, _reason(error)
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        return path, f"it is a symbolic link that leads nowhere ({_reason(error)})"
    if not target.is_relative_to(root):
        return path, f"it is a symbolic link out of the folder {_printable(root)}"
    return target, ""
