"""The cache folder: what can be made again, each file with its own hash at its head."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from index.paths import given_path

CACHE_VARIABLE = "FOOTNOTE_CACHE"
_HEAD = 64  # hexadecimal digits of the SHA-256 of what follows


def cache_folder() -> Path:
    """Return the folder of $FOOTNOTE_CACHE, or the one in the user's cache; it may not exist."""
    if variable := os.environ.get(CACHE_VARIABLE):
        return given_path(variable)
    import platformdirs

    return platformdirs.user_cache_path("footnote", appauthor=False)


def is_writable(folder: Path) -> bool:
    """Say whether files can be written to the folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def read_cached(path: Path) -> bytes | None:
    """Return what was written to a file of the cache; None if it is missing or damaged."""
    try:
        with path.open("rb") as file:
            head, content = file.read(_HEAD), file.read()
    except OSError:
        return None
    return content if head == hashlib.sha256(content).hexdigest().encode() else None


def write_cached(path: Path, content: bytes) -> None:
    """Write a file of the cache in one step, so that a reader sees all of it or nothing.

    Raises:
        OSError: it cannot be written; what was there is untouched.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(content).hexdigest().encode())
            file.write(content)
        Path(part).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(part).unlink()
        raise
