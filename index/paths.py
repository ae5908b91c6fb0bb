"""Paths that people give, and paths that they are told to give."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from index.errors import FootnoteError


def given_path(path: Path | str) -> Path:
    """Return a path as an absolute one, with a home folder for a leading `~`.

    Where something of that very name is there, or there is no such home, the `~` is part of the
    name: what a shell puts in the place of `*` can begin with it.
    """
    given = Path(path)
    if str(given).startswith("~") and not os.path.lexists(given):
        with suppress(RuntimeError):
            given = given.expanduser()
    return given.absolute()


def in_utf8(path: Path, error: type[FootnoteError]) -> Path:
    """Return a path that SQLite can open, as it stands.

    Raises:
        FootnoteError: it is not in UTF-8; of the class that is given.

    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
        raise error(f"the path {shown} is not in UTF-8; give another one") from None
    return path


def quoted(path: Path | str) -> str:
    """Return a path as it is typed in a command line."""
    return shlex.quote(str(path))
