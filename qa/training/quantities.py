"""Rules that change a number or a date of a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qa.training.passages import Case

_MONTH_NAMES = """
January February March April May June July August September October November December
"""
_DAY_NAMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_COUNTING = "two three four five six seven eight nine ten eleven twelve"
_ORDERING = "second third fourth fifth sixth seventh eighth ninth tenth"
_MONTHS, _DAYS = _MONTH_NAMES.split(), _DAY_NAMES.split()
_CARDINALS, _ORDINALS = _COUNTING.split(), _ORDERING.split()
_LATEST_YEAR = 2016

_YEAR = re.compile(r"(?<![\w,.–-])(?:1[0-9]|20)\d\d(?=s?\b)(?![–-]\d|,\d)")
_DIGITS = re.compile(r"(?<![\w.,:$£€–-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w:–-]|[.,]\d)")
_DECADE = re.compile(r"['’]?s\b")
_NTH = re.compile(r"(?<![\w-])\d{1,2}(?:st|nd|rd|th)\b")
_SPELLED = [
    (words, re.compile(rf"(?<![\w-])(?<!\d )(?<!\ba )(?<!per )(?:{'|'.join(words)})(?![\w-])"))
    for words in (_CARDINALS, _ORDINALS)
]
_NAMED = [
    (words, re.compile(rf"(?<=\s)(?:{'|'.join(words)})(?![\w-])")) for words in (_MONTHS, _DAYS)
]
# "Before 1990" may hold of 1985 too, and a range or a list in part.
_OPEN = re.compile(
    r"\b(?:before|by|after|since|until|till|prior to|from|between|following|than)"
    r"(?: the)?(?: (?:early|late|mid|year|end of|[A-Z][a-z]+))?[ -]*$"
    r"|\d\w*,? (?:to|and|or|through|-)(?: the)?(?: [A-Z][a-z]+)? $",
    re.I,
)
_RANGE = re.compile(r"\w*,? (?:to|and|or|through) (?:the )?(?:[A-Z][a-z]+ )?\d|-? ?[–-]")
_MONTH = "|".join(_MONTHS)
_DAY_BEFORE = re.compile(rf"\b(?:{_MONTH}|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.? $")
_DAYS_OFF = (-6, -3, -2, -1, 1, 2, 4, 7)
_DAY_AFTER = re.compile(rf"(?: of)? (?:{_MONTH})\b")
# A count of what is asked for: "What are the two kinds of", "which three".
_COUNTED = re.compile(r"\b(?:what|which|name)(?: (?:are|were|is))?(?: of)?(?: the)? $", re.I)


def date(case: Case) -> str | None:
    """Change a year, a decade, a month or a weekday."""
    text = case.passage.text
    places: list[tuple[re.Match[str], Iterable[str]]] = []
    for match in _YEAR.finditer(case.question):
        decade = _DECADE.match(case.question, match.end())
        shifts = (10, 20, 30, -10, -20) if decade else (1, 2, 3, 5, 8, 10, 14, -1, -2, -4, -7, -11)
        years = [int(match[0]) + shift for shift in shifts]
        places.append((match, [str(y) for y in years if y <= _LATEST_YEAR]))
    for words, pattern in _NAMED:
        places += [(match, words) for match in pattern.finditer(case.question)]
    places = [(match, new) for match, new in places if match[0] in text and _stands(match, case)]
    if not places:
        return None
    place, new = case.rng.choice(places)
    here: Iterable[str] = new
    if place[0].isdigit():
        round_ = _DECADE.match(case.question, place.end()) is not None
        here = [y for y in _YEAR.findall(text) if round_ == (f"{y}s" in text)]
    here = [w for w in here if w in text]
    return case.swap(place.start(), place[0], here, [w for w in new if w not in text])


def number(case: Case) -> str | None:
    """Change a number, in digits or spelled out, or an ordinal."""
    places: list[tuple[re.Match[str], Sequence[str]]] = []
    for match in _DIGITS.finditer(case.question):
        day = _is_day(match, case.question)
        places.append((match, _near_day(match[0]) if day else _near(match[0])))
    places += [(m, _near_nth(m[0])) for m in _NTH.finditer(case.question)]
    for words, pattern in _SPELLED:
        places += [(m, words) for m in pattern.finditer(case.question)]
    places = [
        (match, new)
        for match, new in places
        if case.passage.has(match[0])
        and _stands(match, case)
        and not _COUNTED.search(case.question[: match.start()])
    ]
    if not places:
        return None
    place, new = case.rng.choice(places)
    here = new
    if _DIGITS.fullmatch(place[0]) and not _is_day(place, case.question):
        here = [w for w in _DIGITS.findall(case.passage.text) if _like(place[0], w)]
    absent = [w for w in new if not case.passage.has(w)]
    return case.swap(place.start(), place[0], [w for w in here if case.passage.has(w)], absent)


def _stands(place: re.Match[str], case: Case) -> bool:
    """Say whether a number or date of the question holds by itself, so that a change matters."""
    return (
        case.loose_end <= place.start()
        and not _OPEN.search(case.question[: place.start()])
        and not _RANGE.match(case.question, place.end())
    )


def _is_day(place: re.Match[str], question: str) -> bool:
    before = _DAY_BEFORE.search(question[: place.start()])
    return bool(place[0].isdigit() and (before or _DAY_AFTER.match(question, place.end())))


def _near_day(digits: str) -> list[str]:
    return [str(day) for step in _DAYS_OFF if 0 < (day := int(digits) + step) < 31]


def _like(one: str, two: str) -> bool:
    """Say whether two numbers look alike: commas, point, and within a factor of three."""
    values = [float(n.replace(",", "")) for n in (one, two)]
    return (
        ("," in one, "." in one) == ("," in two, "." in two)
        and min(values) > 0
        and max(values) <= 3 * min(values)
    )


def _near(digits: str) -> list[str]:
    whole, point, fraction = digits.partition(".")
    value = int(whole.replace(",", ""))
    steps = [1, 2, 3, -1, -2]
    if value >= 20:
        unit = 10 ** (len(str(value)) - 1) // (2 if value < 100 else 1)
        steps = [unit, 2 * unit, -unit // 2, value]
    values = [value + step for step in steps if value + step > (999 if "," in whole else 1)]
    return [(f"{v:,}" if "," in whole else str(v)) + point + fraction for v in values]


def _near_nth(nth: str) -> list[str]:
    near = [int(nth[:-2]) + step for step in (-3, -2, -1, 1, 2, 3)]
    endings = {1: "st", 2: "nd", 3: "rd"}
    return [f"{n}{'th' if 10 < n < 14 else endings.get(n % 10, 'th')}" for n in near if 0 < n < 22]
