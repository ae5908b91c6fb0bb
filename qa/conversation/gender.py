"""Whether a text speaks of "he" or of "she": said by the text, never guessed from a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from qa.conversation.english import FEMININE, MASCULINE
from qa.conversation.tokens import tokens

_NEAR = 90  # characters behind a name in which a pronoun tells whom it names


class Gender(StrEnum):
    """Said by the text, never guessed from a name."""

    MALE = "male"
    FEMALE = "female"


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


def _pronouns_behind(text: str, name: str) -> Iterator[str]:
    """Yield "he", "she" or "it" for the first pronoun behind each place of a name."""
    at = text.find(name) if len(name) > 1 else -1
    while at >= 0:
        end = at + len(name)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            match = _PRONOUN.search(text, end, end + _NEAR)
            if match:
                yield "he" if match[1] else "she" if match[2] else "it"
        at = text.find(name, end)
