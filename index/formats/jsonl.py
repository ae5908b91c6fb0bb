"""JSON Lines files: one article a line, as an object with its text under `text`."""

from __future__ import annotations

import json

from index.errors import UnreadableFile
from index.formats.draft import Draft, as_text, iso_date, readable_stem
from index.formats.text import decode

TEXT_KEYS = ("text", "body", "content")
MAX_WARNINGS = 20  # bad lines that are named one by one; the rest are counted


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the article of each good line; the first one carries the warnings of the file."""
    source, warnings = decode(data)
    drafts: list[Draft] = []
    faults: list[str] = []
    for number, line in enumerate(source.split("\n"), start=1):
        if line.strip():
            try:
                drafts.append(_article(line, number, stem))
            except ValueError as error:
                faults.append(f"line {number} {error}")
    if not drafts:
        raise UnreadableFile(
            f"none of its lines is an article ({faults[0]}); each line must be a JSON object"
            ' with its text under "text"'
            if faults
            else "the file holds no text"
        )
    more = len(faults) - MAX_WARNINGS
    shown = faults[:MAX_WARNINGS] + ([f"{more} more lines were left out"] if more > 0 else [])
    first = drafts[0]
    drafts[0] = Draft(
        first.title, first.text, first.date, first.metadata, first.part, (*warnings, *shown)
    )
    return drafts


def _article(line: str, number: int, stem: str) -> Draft:
    """Return the article of a line; `ValueError` says what is wrong with it."""
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON ({error.msg} at column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON that can be read ({error})") from error
    if not isinstance(fields, dict):
        raise ValueError("is not a JSON object")
    key = next((key for key in TEXT_KEYS if isinstance(fields.get(key), str)), None)
    if key is None:
        raise ValueError('has no text under "text", "body" or "content"')
    text = fields.pop(key)
    if not text.strip():
        raise ValueError("has an empty text")
    name = as_text(fields.pop("id", None))
    part = name or as_text(fields.get("url")) or f"line {number}"
    title = as_text(fields.pop("title", None)) or f"{readable_stem(stem)}, {name or part}"
    date = iso_date(as_text(fields.get("date")) or "")
    if date:
        del fields["date"]
    metadata = {field: value for field, raw in fields.items() if (value := as_text(raw))}
    return Draft(title, text, date, metadata, part)
