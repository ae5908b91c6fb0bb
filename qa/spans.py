"""The best span → the whole of what was asked: full dates, numbers with their unit, all of a list.

A reader that was trained on short answers stops early: at "12 May" before the year, at "31" before
the unit, at the first of three names. What belongs to the span and stands beside it is added, by
rules on the text alone; what a question names itself ("how many metres") is not repeated.
"""

from __future__ import annotations

import regex

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.?|Feb\.?|Mar\.?|Apr\.?|Jun\.?|Jul\.?|Aug\.?|Sept?\.?|Oct\.?|Nov\.?|Dec\.?)"
)
_YEAR = r"(?:1\d|20)\d\d(?!\d|[.,]\d|%)"
_DAY_MONTH = regex.compile(
    rf"(?:\b{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?)?|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH})$"
)
_THEN_YEAR = regex.compile(rf",? (?:of )?{_YEAR}")
_NUMBER = regex.compile(
    r"(?:\p{N}[\p{N}.,]*|(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?))(?: (?:hundred|thousand))?$"
)
_SCALE = regex.compile(r" (?:hundred|thousand|million|billion|trillion)\b")
_UNIT = regex.compile(
    r"(?: ?(?:%|°[CF]?)|[ -](?:per ?cent|percentage points|degrees(?: (?:Celsius|Fahrenheit))?"
    r"|(?:square |cubic )?(?:kilomet(?:re|er)s?|met(?:re|er)s?|centimet(?:re|er)s?"
    r"|millimet(?:re|er)s?|miles?|feet|foot|inch(?:es)?|yards?)"
    r"|km|m|cm|mm|kg|g|t|kilograms?|grams?|tonnes?|tons?|pounds?|lit(?:re|er)s?|gallons?|hectares?"
    r"|acres?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|euros?|dollars?|francs?"
    r"|kronor|watts?|kilowatts?|megawatts?|volts?)\b)"
)
_ITEM = (
    r"(?:\p{Lu}[\p{L}\p{M}\p{N}'’.-]*(?:(?: (?:of|the|de|von|van|da|del|al|ibn|bin))* "
    r"\p{Lu}[\p{L}\p{M}\p{N}'’-]*)*|\p{N}+)"
)
_ENUMERATION = regex.compile(rf"{_ITEM}(?:, (?:the )?{_ITEM})*,? (?:and|or|&) (?:the )?{_ITEM}")
_OPENER = regex.compile(
    r"(?:After|All|Also|And|As|At|Both|But|By|During|For|From|If|In|It|Later|On|Since|So|The|Then|There"
    r"|These|They|Those|Under|When|While|With) (?=\p{Lu})"
)
_AROUND = 300  # characters of the text before and behind a span in which its list may stand

_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURAL = regex.compile(
    r"\b(?:(?:which|what|name|list)(?: (?:are|were|the|all|of|other|else|some|any|main|different"
    rf"|first|last|(?P<count>{'|'.join(_COUNTS)}|\d{{1,2}})))*"
    r" (?-i:\p{Lu}\w+ )?(?P<noun>(?!\w*(?:ss|us|is)\b)[a-z]{2,}s|people|men|women|children)\b"
    r"|who (?:were|are)\b|what (?:are|were) (?:the )?(?P<names>names|two|three|four)\b)",
    regex.IGNORECASE,
)
_NOT_PLURAL = regex.compile(
    r"was|is|does|has|his|its|this|year's|series|species|means|news|physics|mathematics|politics"
    r"|economics|united|states|always",
    regex.IGNORECASE,
)


def several(question: str) -> int:
    """Return how many things a question asks for: 1, a number that it names, or 0 for "some"."""
    match = _PLURAL.search(question)
    if match is None or _NOT_PLURAL.fullmatch(match["noun"] or ""):
        return 1
    count = (match["count"] or match["names"] or "").lower()
    if count.isdigit():
        return int(count)
    return _COUNTS.index(count) + 2 if count in _COUNTS else 0


def complete(question: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span [start, end) of a text with what belongs to it, in code points."""
    span = text[start:end]
    if _DAY_MONTH.search(span) and (year := _THEN_YEAR.match(text, end)):
        return start, year.end()
    if _NUMBER.search(span):
        if scale := _SCALE.match(text, end):
            end = scale.end()
        unit = _UNIT.match(text, end)
        if unit and unit[0].strip(" -").lower().rstrip("s") not in question.lower():
            end = unit.end()
        return start, end
    if several(question) != 1:
        return _enumeration(text, start, end)
    return start, end


def _enumeration(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the list of names or numbers that a span is an item of, or the span."""
    for match in _ENUMERATION.finditer(text, max(0, start - _AROUND), end + _AROUND):
        first = match.start()
        if opener := _OPENER.match(text, first):
            first = opener.end()
        if first <= start and end <= match.end():
            return first, match.end()
    return start, end


def alike(one: str, other: str) -> bool:
    """Say whether two spans look like things of one kind: names, numbers, or other words."""
    return _look(one) == _look(other)


def _look(text: str) -> str:
    if any(character.isdigit() for character in text):
        return "number"
    return "name" if any(word[:1].isupper() for word in text.split()) else "words"
