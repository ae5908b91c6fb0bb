"""Seals: short hashes that tell a row that was altered since from one as it was written.

SQLite checksums no content: a byte that flips inside a row is read as if it had been written.
Every row of the store that a question can meet carries the seal of its values, its own id among
them, so that a row put in another's place is noticed too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from index.values import text_sha256

RESTORE = (  # what helps where a text is lost
    "restore the index with `footnote index import FILE` or build it again with"
    " `footnote index rebuild FOLDER`"
)
REPAIR = "`footnote index check --repair` makes it again from the stored texts"

_SIZE = 16  # bytes: enough against chance, and this is no defence against intent
_PIECE = 1 << 16


def seal(*values: object) -> bytes:
    """Return the BLAKE2b, 16 bytes long, of some values with their kinds and lengths."""
    return seal_all(values)


def seal_all(values: Iterable[object]) -> bytes:
    """Return the `seal` of any number of values, which need not be in memory together."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    waiting = bytearray()  # hashing short pieces one by one costs more than the hash
    for value in values:
        if isinstance(value, bytes):
            kind, raw = b"bytes", value
        elif isinstance(value, str):
            kind, raw = b"text", value.encode("utf-8", "surrogatepass")
        else:
            kind, raw = b"other", repr(value).encode("ascii", "backslashreplace")
        waiting += b"%s %d:" % (kind, len(raw))
        waiting += raw
        if len(waiting) > _PIECE:
            digest.update(waiting)
            waiting.clear()
    digest.update(waiting)
    return digest.digest()


def header_seal(entries: Mapping[str, str]) -> str:
    """Return the seal of the header's other entries."""
    ordered = sorted(entries.items(), key=repr)  # a damaged one need not be text
    return seal(*(part for entry in ordered for part in entry)).hex()


def wrong_head(row: Sequence[object]) -> str | None:
    """Return what is wrong with an article's row: `rows.ARTICLE`, the seal last."""
    *values, sealed = row
    if seal(*values) == sealed:
        return None
    return f"the entry of “{row[1]}” ({row[0]}) is not the one written"


def wrong_text(row: Sequence[object], text: object) -> str | None:
    """Return what is wrong with an article's text, whose row is sound."""
    if isinstance(text, str) and text_sha256(text) == row[2]:
        return None
    return f"the text of “{row[1]}” ({row[0]}) is not the one indexed"


def wrong_passage(row: Sequence[object]) -> str | None:
    """Return what is wrong with a passage's row: `rows.PASSAGE`, the seal last."""
    *values, sealed = row
    return None if seal(*values) == sealed else f"passage {row[0]} is not the one indexed"


def wrong_vector(passage_id: int, sealed: object, blob: object, dimension: int) -> str | None:
    """Return what is wrong with a passage's vector."""
    if not isinstance(blob, bytes) or len(blob) != 4 * dimension:
        return f"passage {passage_id} has no vector of {dimension} numbers"
    if seal(passage_id, blob) != sealed:
        return f"the vector of passage {passage_id} is not the one computed"
    return None
