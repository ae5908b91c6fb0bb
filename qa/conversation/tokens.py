"""Text → words and marks with their offsets; the ground that the rules stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"(?:[A-Z]\.)+|[^\W_](?:[\w.&’'–-]*[^\W_])?|[^\w\s]")
_PREFIXED = re.compile(r"(?:al|el|ibn|bin|de|d|o|mc)[-’'][A-Z]")
_NATIONALITY = re.compile(r"(?:[A-Z]\w+(?:ish|ese|[aeo]an|ian|aqi|aeli|utch|reek)|French|U\.S\.)")


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
