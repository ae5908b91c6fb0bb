"""Names and noun phrases that a later question can point back to, found by rules alone.

English and rough on purpose: capitals, determiners, titles, dates and a few lists of words. What
the rules leave open (is "Vikram" a man or a lander?) stays open, and the evidence decides later.
Knows no index and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qa.english import (
    BREAKS,
    DETERMINERS,
    FEMININE,
    GROUP_WORDS,
    MASCULINE,
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

_TOKEN = re.compile(r"(?:[A-Z]\.)+|[^\W_](?:[\w.&’'–-]*[^\W_])?|[^\w\s]")
_PREFIXED = re.compile(r"(?:al|el|ibn|bin|de|d|o|mc)[-’'][A-Z]")
_NATIONALITY = re.compile(r"(?:[A-Z]\w+(?:ish|ese|[aeo]an|ian|aqi|aeli|utch|reek)|French|U\.S\.)")
_LONGEST_PHRASE = 6  # tokens of a noun phrase before its "of …"
_NEAR = 90  # characters behind a name in which a pronoun tells whom it names


class Kind(StrEnum):
    """What a mention names, as far as the words tell."""

    PERSON = "person"
    PLACE = "place"
    GROUP = "group"
    THING = "thing"
    TIME = "time"
    NUMBER = "number"
    NAME = "name"  # a name of anything


class Gender(StrEnum):
    """Said by the text, never guessed from a name."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a punctuation mark with its offsets."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The token in lower case, with a straight apostrophe."""
        return self.text.lower().replace("’", "'")

    @property
    def word(self) -> bool:
        """True for words and numbers."""
        return self.text[0].isalnum()

    @property
    def capital(self) -> bool:
        """True when it begins with a capital letter, as "al-Sudani" does behind its article."""
        return self.text[0].isupper() or bool(_PREFIXED.match(self.text))

    @property
    def nationality(self) -> bool:
        """True when it looks like "Iraqi" or "Japanese"."""
        return bool(_NATIONALITY.fullmatch(self.text))


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


def tokens(text: str) -> list[Token]:
    """Return the words and marks of a text; a possessive "'s" is a token of its own."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        word, start, end = match[0], match.start(), match.end()
        if len(word) > 2 and word[-2] in "'’" and word[-1] in "sS":
            found.append(Token(word[:-2], start, end - 2))
            found.append(Token(word[-2:], end - 2, end))
        else:
            found.append(Token(word, start, end))
    return found


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


def gender_of_words(text: str) -> Gender | None:
    """Return the gender that a phrase's own words say: "his wife", "Mr Smith", "the queen"."""
    words = {token.low for token in tokens(text)}
    female, male = not FEMININE.isdisjoint(words), not MASCULINE.isdisjoint(words)
    if female == male:
        return None
    return Gender.FEMALE if female else Gender.MALE


def told_by(text: str, name: str) -> tuple[bool, Gender | None]:
    """Return whether a text speaks of the name as of a person, and the gender it gives.

    Counts which pronoun comes first behind each place of the name's last word.
    """
    last = tokens(name)[-1].text if tokens(name) else ""
    counts = dict.fromkeys(("he", "she", "it"), 0)
    whole = list(_pronouns_behind(text, name))
    for pronoun in whole or _pronouns_behind(text, last):
        counts[pronoun] += 1
    persons = counts["he"] + counts["she"]
    if persons == 0 or counts["it"] > persons:
        return False, None
    if counts["he"] >= 3 * counts["she"]:
        return True, Gender.MALE
    return True, Gender.FEMALE if counts["she"] >= 3 * counts["he"] else None


_PRONOUN = re.compile(r"\b(?:(he|him|his|himself)|(she|her|herself)|(it|its|itself))\b", re.I)


def _pronouns_behind(text: str, last: str) -> Iterator[str]:
    if len(last) < 2:
        return
    for place in re.finditer(rf"\b{re.escape(last)}\b", text[:60_000]):
        match = _PRONOUN.search(text, place.end(), place.end() + _NEAR)
        if match:
            yield "he" if match[1] else "she" if match[2] else "it"
