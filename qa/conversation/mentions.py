"""Names and noun phrases that a later question can point back to, found by rules alone.

English and rough on purpose: capitals, determiners, titles, dates and a few lists of words. What
the rules leave open (is "Vikram" a man or a lander?) stays open, and the evidence decides later.
Knows no index and no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from qa.conversation.english import (
    BREAKS,
    DETERMINERS,
    GROUP_WORDS,
    MONTHS,
    NUMBER_WORDS,
    PARTICLES,
    PERSON_WORDS,
    PLACE_PREPOSITIONS,
    PLACE_WORDS,
    PLURALS,
    SINGULARS,
    TIME_WORDS,
    TITLES,
)
from qa.conversation.gender import Gender, gender_of_words
from qa.conversation.tokens import Token, tokens

_LONGEST_PHRASE = 6  # tokens of a noun phrase before its "of …"


class Kind(StrEnum):
    """What a mention names, as far as the words tell."""

    PERSON = "person"
    PLACE = "place"
    GROUP = "group"
    THING = "thing"
    TIME = "time"
    NUMBER = "number"
    NAME = "name"  # a name of anything


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that was named: `source[start:end] == text`."""

    text: str
    kind: Kind
    plural: bool
    start: int
    end: int
    gender: Gender | None = None

    @property
    def head(self) -> str:
        """The word that says what it is, in lower case: "towers" of "the towers of the bridge"."""
        core = re.split(r"\s(?:of|in|on|at|for|from|between|against|to)\s", self.text.lower())[0]
        words = core.replace("'s", "").split()
        return words[-1] if words else ""

    @property
    def proper(self) -> bool:
        """True when it holds a name."""
        return any(token.capital for token in tokens(self.text))


def mentions(text: str) -> list[Mention]:
    """Return the noun phrases of a text from left to right: names, and "the …", "a …".

    A phrase with "of" or "in" and a further phrase is returned whole, then its parts.
    """
    row = tokens(text)
    found: list[Mention] = []
    i = 0
    while i < len(row):
        end = _phrase_end(row, i)
        if end == i:
            i += 1
            continue
        whole = _with_complement(row, end)
        if whole > end:
            found.append(_mention(text, row, i, whole, head_end=end))
        found.append(_mention(text, row, i, end, head_end=end))
        i = end
    return found


def names(text: str) -> list[Mention]:
    """Return the mentions that hold a name, the widest of each place only."""
    kept: list[Mention] = []
    for mention in mentions(text):
        if mention.proper and not any(mention.end <= other.end for other in kept):
            kept.append(mention)
    return kept


def _phrase_end(row: list[Token], i: int) -> int:
    """Return the token after the phrase that begins at `i`, or `i` when none does."""
    if row[i].low in DETERMINERS:
        end = i + 1
        while end < len(row) and end - i <= _LONGEST_PHRASE and _continues(row, i, end):
            end += 1
        return end if end > i + 1 else i
    return _name_end(row, i)


def _continues(row: list[Token], first: int, at: int) -> bool:
    token = row[at]
    if not token.word or token.low in BREAKS:
        return token.low in ("'s", "’s") and at + 1 < len(row) and row[at + 1].word
    if token.low.endswith("ed") and at > first + 1 and not token.capital:
        return False
    named = any(t.capital for t in row[first + 1 : at])
    if named and not token.capital and not token.text[0].isdigit():
        before = row[at - 1]
        return before.low in ("'s", "’s", "-") or not before.capital or before.nationality
    return True


def _name_end(row: list[Token], i: int) -> int:
    if not row[i].capital or _common_start(row, i):
        return i
    end = i + 1
    while end < len(row):
        token = row[end]
        named = token.capital and row[end - 1].low != "'s" and token.low not in BREAKS
        if named or _numbers(row[end - 1], token) or _joins(row, end):
            end += 1
        elif row[end - 1].nationality and token.word and token.low not in BREAKS:
            return _nouns_end(row, end)
        else:
            break
    return i if end == i + 1 and row[i].nationality else end


def _nouns_end(row: list[Token], end: int) -> int:
    """Return the end of the lower-case nouns from `end` on: of "Iraqi security forces"."""
    while end < len(row) and row[end].word and row[end].low not in BREAKS:
        if row[end].low.endswith("ed") or row[end].capital:
            break
        end += 1
    return end


def _numbers(name: Token, token: Token) -> bool:
    """Say whether a number belongs to a name, as in "Apollo 11"; a year does not."""
    year = len(token.text) == 4 and token.text[:2] in ("17", "18", "19", "20")
    return token.text[0].isdigit() and name.capital and not year


def _joins(row: list[Token], at: int) -> bool:
    """Say whether a small word joins two parts of a name: "Bank of the West"."""
    if row[at].low not in PARTICLES or at + 1 >= len(row):
        return False
    behind = row[at + 1]
    if row[at].low == "of" and behind.low == "the":
        return at + 2 < len(row) and row[at + 2].capital
    return behind.capital


def _common_start(row: list[Token], i: int) -> bool:
    """Say whether a capital only marks a sentence's first word, or belongs to no name."""
    token = row[i]
    if token.low in BREAKS or token.low in DETERMINERS:
        return True
    begins = i == 0 or row[i - 1].text in ".!?"
    alone = i + 1 >= len(row) or not (row[i + 1].capital or row[i + 1].text[0].isdigit())
    return begins and alone and len(row) > 3 and not token.nationality


def _with_complement(row: list[Token], end: int) -> int:
    """Return the end of "of …" or "in …" behind a phrase that ends at `end`, or `end`."""
    if end + 1 >= len(row) or row[end].low not in ("of", "in", "at", "on", "for", "against"):
        return end
    if row[end].low != "of" and not (row[end + 1].capital or row[end + 1].low == "the"):
        return end
    behind = _phrase_end(row, end + 1)
    return behind if behind > end + 1 else end


def _mention(text: str, row: list[Token], first: int, last: int, head_end: int) -> Mention:
    start, end = row[first].start, row[last - 1].end
    head = row[head_end - 1].low
    before = row[first - 1].low if first else ""
    kind = _kind(row[first:head_end], before)
    if head_end - first == 2 and row[first].low == "the" and row[head_end - 1].nationality:
        return Mention(text[start:end], Kind.GROUP, True, start, end)  # "the French"
    gender = gender_of_words(text[start:end])
    return Mention(text[start:end], kind, is_plural(head, row[first:head_end]), start, end, gender)


def _kind(phrase: list[Token], before: str) -> Kind:
    words = [token.low for token in phrase if token.word]
    head = words[-1] if words else ""
    year = head.isdigit() and len(head) == 4
    if year or not MONTHS.isdisjoint(words) or head in TIME_WORDS:
        return Kind.TIME
    if phrase[0].text[0].isdigit() or words[0] in NUMBER_WORDS:
        return Kind.NUMBER
    if words[0] in TITLES or head in PERSON_WORDS or head.rstrip("s") in PERSON_WORDS:
        return Kind.PERSON
    if not GROUP_WORDS.isdisjoint(words) or re.fullmatch(r"[A-Z]{2,6}", phrase[-1].text):
        return Kind.GROUP
    if head in PLACE_WORDS:
        return Kind.PLACE
    if not any(token.capital for token in phrase):
        return Kind.THING
    if words[0] in DETERMINERS:
        return Kind.PLACE if before in PLACE_PREPOSITIONS else Kind.NAME
    if before in PLACE_PREPOSITIONS:
        return Kind.PLACE
    return Kind.NAME


def is_plural(head: str, phrase: list[Token] | None = None) -> bool:
    """Say whether a noun stands for several, by its form."""
    if head in PLURALS or any(token.low == "and" for token in phrase or ()):
        return True
    if head in SINGULARS or (phrase and phrase[-1].capital and phrase[0].low != "the"):
        return False
    return len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is"))
