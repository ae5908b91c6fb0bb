"""Conversations kept in one SQLite file, so that they are there after a restart.

Turns are kept as plain data: an answer as `Answer.to_dict` gives it, so no article's text is in
the file beyond what was quoted. What is deleted is gone, with the feedback given in it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from index.errors import FootnoteError

LONGEST_TITLE = 80  # code points
_FORMAT = 1
_BUSY_MS = 5000  # how long to wait for another Footnote that writes
_SCHEMA = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, place TEXT NOT NULL, title TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE TABLE turn (
    conversation TEXT NOT NULL REFERENCES conversation ON DELETE CASCADE,
    number INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the list of conversations."""

    id: str
    title: str
    changed: str  # ISO 8601, UTC


class History:
    """The conversations about one index; safe for use from several threads.

    Several indexes may share a file: `place` says which one's conversations are meant. Without a
    `path` they are kept in memory.

    Raises `FootnoteError` when the file cannot be used.
    """

    def __init__(self, path: Path | None = None, *, place: str = "") -> None:
        self._name = "the conversations" if path is None else str(path)
        self._place = storable(place)
        self._lock = threading.Lock()
        with self._failures():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)  # nobody else's to read
            self._db = apsw.Connection(":memory:" if path is None else str(path))
            self._db.set_busy_timeout(_BUSY_MS)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA secure_delete = ON")
            with self._db:
                self._prepare()

    def _prepare(self) -> None:
        version = self._value("PRAGMA user_version")
        if version == 0:
            self._db.execute(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {_FORMAT}")
        elif version != _FORMAT:
            raise FootnoteError(
                f"{self._name} was written by another version of Footnote (format {version},"
                f" here {_FORMAT}): move it away to begin with none."
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def all(self) -> list[Kept]:
        """List the conversations, the latest first."""
        with self._failures():
            rows = self._db.execute(
                "SELECT id, title, changed FROM conversation WHERE place = ?"
                " ORDER BY changed DESC, rowid DESC",
                (self._place,),
            ).fetchall()
        return [Kept(*map(str, row)) for row in rows]

    def turns(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return the turns of a conversation, oldest first; none when it is not kept."""
        with self._failures():
            rows = self._db.execute(
                "SELECT data FROM turn JOIN conversation ON id = conversation"
                " WHERE id = ? AND place = ? ORDER BY number",
                (storable(conversation_id), self._place),
            ).fetchall()
        return [json.loads(str(data)) for (data,) in rows]

    def save(self, conversation_id: str, number: int, turn: dict[str, Any], title: str) -> None:
        """Keep a turn; with a title it begins the conversation.

        Otherwise the turn of a conversation that was deleted meanwhile is not kept.
        """
        with self._failures(), self._db:
            if title:
                self._db.execute(
                    "INSERT OR IGNORE INTO conversation VALUES (?, ?, ?, ?)",
                    (conversation_id, self._place, short_title(title), _now()),
                )
            self._db.execute(
                "UPDATE conversation SET changed = ? WHERE id = ?", (_now(), conversation_id)
            )
            if self._db.changes():
                self._db.execute(
                    "INSERT OR REPLACE INTO turn VALUES (?, ?, ?)",
                    (conversation_id, number, json.dumps(turn)),
                )

    def title(self, conversation_id: str) -> str:
        """Return what a conversation is called; nothing when it is not kept."""
        with self._failures():
            sought = (storable(conversation_id),)
            return str(self._value("SELECT title FROM conversation WHERE id = ?", sought) or "")

    def rename(self, conversation_id: str, title: str) -> None:
        """Call a conversation otherwise; a blank title changes nothing."""
        if new := short_title(title):
            with self._failures():
                self._db.execute(
                    "UPDATE conversation SET title = ? WHERE id = ?",
                    (new, storable(conversation_id)),
                )

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation with its turns."""
        with self._failures():
            self._db.execute("DELETE FROM conversation WHERE id = ?", (storable(conversation_id),))

    def _value(self, statement: str, bound: tuple[str, ...] = ()) -> Any:
        row = self._db.execute(statement, bound).fetchone()
        return row[0] if row else None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Hold the lock, and say in one sentence what the file's fault is."""
        with self._lock:
            try:
                yield
            except (apsw.Error, OSError) as error:
                raise FootnoteError(
                    f"{self._name} cannot be used ({error}): move it away, or give another file."
                ) from error


def short_title(text: str) -> str:
    """Return a text as a title: one line, not too long."""
    line = " ".join(storable(text).split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def storable(text: str) -> str:
    """Return a text without what UTF-8 cannot hold."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
