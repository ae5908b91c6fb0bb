"""The capitals that people leave out when they type, taken from the articles."""

from __future__ import annotations

import re

from qa.english import AUXILIARIES, BREAKS
from qa.tokens import tokens

_WORD = re.compile(r"[^\W\d_][\w-]*")
_LONG_NAME = re.compile(r"\b[A-Z][\w-]+(?: [A-Z][\w-]+)+\b")


def truecased(question: str, text: str) -> str:
    """Return a question with the capitals that its words have in a text.

    A word gets them when the text writes it with a capital only, so "apollo" but not "the";
    in a name of several words each gets them, so "golden gate bridge".
    """
    spelled: dict[str, str] = {}
    for match in _WORD.finditer(text):
        low = match[0].lower()
        if low not in spelled or match[0] == low:
            spelled[low] = match[0]
    parts, at = [], 0
    for token in tokens(question):
        if token.text == token.low and token.low not in BREAKS | AUXILIARIES:
            parts += [question[at : token.start], spelled.get(token.low, token.text)]
            at = token.end
    written = "".join(parts) + question[at:]
    long = {_bare_name(found) for found in _LONG_NAME.findall(text)} - {""}
    for name in sorted(long, key=len):
        at = written.lower().find(name.lower())
        if at >= 0 and not written[at - 1 : at].isalnum() and len(name.lower()) == len(name):
            written = f"{written[:at]}{name}{written[at + len(name) :]}"
    return written


def _bare_name(name: str) -> str:
    """Return a run of capitals without the word that only begins its sentence."""
    first, _, rest = name.partition(" ")
    if first.lower() not in BREAKS:
        return name
    return rest if " " in rest else ""
