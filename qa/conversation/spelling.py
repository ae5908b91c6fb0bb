"""The capitals that people leave out when they type, taken from the articles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from qa.conversation.english import AUXILIARIES, BREAKS
from qa.conversation.tokens import tokens

_WORD = re.compile(r"[^\W\d_][\w-]*")
_LONG_NAME = re.compile(r"\b[A-Z][\w-]+(?: [A-Z][\w-]+)+\b")
_NEVER = BREAKS | AUXILIARIES


@dataclass(frozen=True, slots=True)
class _Spelling:
    words: Mapping[str, str]  # in lower case → as the text writes it
    names: tuple[tuple[str, str], ...]  # of several words, likewise, shortest first


def truecased(question: str, text: str) -> str:
    """Return a question with the capitals that its words have in a text.

    A word gets them when the text writes it with a capital only, so "apollo" but not "the";
    in a name of several words each gets them, so "golden gate bridge".
    """
    spelling = _spelling(text)
    parts, at = [], 0
    for token in tokens(question):
        if token.text == token.low and token.low not in _NEVER:
            parts += [question[at : token.start], spelling.words.get(token.low, token.text)]
            at = token.end
    written = "".join(parts) + question[at:]
    for low, name in spelling.names:
        at = written.lower().find(low)
        if at >= 0 and not written[at - 1 : at].isalnum():
            written = f"{written[:at]}{name}{written[at + len(name) :]}"
    return written


@lru_cache(maxsize=8)
def _spelling(text: str) -> _Spelling:
    words: dict[str, str] = {}
    for word in set(_WORD.findall(text)):
        low = word.lower()
        if low not in words or word == low:
            words[low] = word
    names = {_bare_name(found) for found in _LONG_NAME.findall(text)} - {""}
    pairs = ((name.lower(), name) for name in sorted(names, key=len))
    return _Spelling(words, tuple(pair for pair in pairs if len(pair[0]) == len(pair[1])))


def _bare_name(name: str) -> str:
    """Return a run of capitals without the word that only begins its sentence."""
    first, _, rest = name.partition(" ")
    if first.lower() not in BREAKS:
        return name
    return rest if " " in rest else ""
