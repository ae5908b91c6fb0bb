"""What kind of thing a question asks for, and whether a span is of that kind.

Rules over the question's words and the span's form; English only. They know too little to
choose an answer, and enough to doubt a date that answers "how many".
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """The kinds of answer that the rules tell apart."""

    NUMBER = "number"
    TIME = "time"
    NAME = "name"
    OTHER = "other"


_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    "|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    "|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|quarter|third|twice|none|no"
    "|single|several|many|few"
)
_TIMES = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|spring"
    "|summer|autumn|winter|morning|afternoon|evening|night|noon|midnight|dawn|dusk|century"
    "|decades?|years?|months?|weeks?|days?|hours?|minutes?|age|era|period|war|during|after|before"
    "|when|since|until|ago|later"
)
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
_TIME = re.compile(rf"\d|\b(?:{_TIMES})\b", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|tall|high|wide|deep|heavy|big|large|fast|often)\b"
    r"|\bwhat (?:percentage|percent|share|number|magnitude|proportion|size|length|height)\b"
    r"|^(?:number|magnitude|length|height|weight|size|population) of\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\bwhen\b(?! (?:a|an|the)\b)|\b(?:what|which|in what|on what) (?:year|date|day|month|time)\b"
    r"|\bat what time\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"^(?:[^,]*, )?(?:who|whom|whose)\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def kind_asked(question: str) -> Kind:
    """Return the kind of answer that a question asks for; OTHER when the rules cannot tell."""
    for pattern, kind in (
        (_ASKS_NUMBER, Kind.NUMBER),
        (_ASKS_TIME, Kind.TIME),
        (_ASKS_NAME, Kind.NAME),
    ):
        if pattern.search(question):
            return kind
    return Kind.OTHER


def kind_fit(question: str, text: str) -> float:
    """Return 1.0 when a span is of the kind asked for, -1.0 when not, 0.0 when nobody can tell."""
    match kind_asked(question):
        case Kind.NUMBER:
            return 1.0 if _NUMBER.search(text) else -1.0
        case Kind.TIME:
            return 1.0 if _TIME.search(text) else -1.0
        case Kind.NAME:
            named = any(character.isupper() for character in text) and not _DIGIT.match(text)
            return 1.0 if named else -1.0
        case _:
            return 0.0
