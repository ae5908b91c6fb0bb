"""The value that every format ends in, and what the formats share: titles, dates, field values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_TITLE_LINE = 120  # a longer first line is no title
_SENTENCE_ENDS = (".", "!", "?", "…", ":", ";", ",")

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_TIME = r"(?:,?\s+(?:at\s+)?\d{1,2}:\d\d\b.*)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[T ]\d\d:\d\d.*)?)?)?",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_TIME}",
    )
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as its file has it, before its text is brought into the canonical form."""

    title: str
    text: str = field(repr=False)
    date: str | None = None  # YYYY-MM-DD, or YYYY-MM or YYYY where the file says no more
    metadata: Mapping[str, str] = field(default_factory=dict)
    part: str = ""  # stable name inside a file of many articles; "" where a file is one article
    warnings: tuple[str, ...] = ()  # what was done to read it, each one sentence


def iso_date(text: str) -> str | None:
    """Return the date that `text` is, as far as it goes: YYYY-MM-DD, YYYY-MM or YYYY.

    Understood are ISO 8601, "14 March 2025" and "March 14, 2025", each with a time after it or
    not; the time is left out. None when the text is anything else, or no day of the calendar.
    """
    for pattern in _DATES:
        if match := pattern.fullmatch(text.strip()):
            year, month, day = match["year"], match["month"], match["day"]
            number = _MONTHS.get(month.lower(), 0) or int(month) if month else 1
            try:
                whole = datetime.date(int(year), number, int(day or 1)).isoformat()
            except ValueError:
                return None
            return whole if day else whole[:7] if month else whole[:4]
    return None


def readable_stem(stem: str) -> str:
    """Return a file's stem as a title: separators become spaces, the first letter a capital."""
    words = re.sub(r"[\s_-]+", " ", stem).strip() or stem
    return words[:1].upper() + words[1:]


def first_line_title(text: str) -> str | None:
    """Return the first line when it looks like a title: short, no sentence, then a blank line."""
    first, _, rest = text.strip().partition("\n")
    line, _, body = rest.partition("\n")
    title = first.strip()
    if line.strip() or not body.strip():
        return None
    if len(title) > MAX_TITLE_LINE or title.endswith(_SENTENCE_ENDS):
        return None
    return title


def as_text(value: object) -> str | None:
    """Return a field's value as text: scalars, and lists of them joined by ", "; else None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (str, int, float)):
        return str(value).strip() or None
    if isinstance(value, (list, tuple)):
        items = [as_text(item) for item in value if not isinstance(item, (list, tuple))]
        return ", ".join(item for item in items if item) or None
    return None
