"""What a passage says, as far as words tell: which stems, names and nouns stand in one sentence."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from qa.training.names import Name, names

_SMALL = """
a about after against all also am among an and any are as at be because been before being
between both but by can could did do does doing during each either else for from had has have
having he her here hers him his how i if in into is it its itself just kind like many may me
might more most much must my name nor not of off often on once one only or other our out over
own part same she should since so some such than that the their them then there these they
this those through to too toward type under until up upon use used using very was we were what
when where which while who whom whose why will with within without would year years you your
called known named term word fact example number amount percent percentage people person time
times day days long far end order case basis wake result way lot rest addition place list sort
form midst course face sake same others one ones something anything
"""
STOP = frozenset(_SMALL.split())
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?])[\"”)]?\s+(?=[\"“(]?[A-Z0-9])")
_LOOSE = re.compile(
    r"(?:Along with|Besides|Other than|In addition to|Aside from|Apart from|As well as|Outside of"
    r"|Together with|Except for|Like|Unlike)"
    r"\b.*?(?=\b(?:what|which|who|where|when|how|whose|in)\b|$)",
    re.I,
)
_LOWER = re.compile(r"(?<![\w'’-])[a-z]{4,}(?![\w'’-])")
_BEFORE_NOUN = re.compile(r"\b(the|a|an|of|his|her|its|their|this) $", re.I)
_AFTER_NOUN = re.compile(
    r"[?.,;:]|$| (?:of|in|on|at|to|for|from|by|with|that|which|who|was|were|is|are|did|has|had"
    r"|and|or|during|after|before|as|between|into)\b"
)


@dataclass(frozen=True, slots=True)
class Noun:
    """A lower-case word that stands where a noun stands, and the small word before it."""

    text: str
    start: int
    before: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, its sentences with their stems, its names and its nouns."""

    text: str
    sentences: tuple[tuple[str, frozenset[str]], ...]
    names: tuple[Name, ...]
    nouns: tuple[Noun, ...]

    def has(self, phrase: str) -> bool:
        """Say whether a lower-case word, number or phrase stands in the text by itself."""
        return bool(re.search(rf"(?<![\w.,]){re.escape(phrase)}(?!\w|[.,]\d)", self.text.lower()))

    def support(self, phrase: str, wanted: frozenset[str]) -> int:
        """Return how many wanted stems stand in one sentence with the phrase; -1 without it."""
        return max((len(s & wanted) for text, s in self.sentences if phrase in text), default=-1)

    def support_with_before(self, phrase: str, wanted: frozenset[str]) -> int:
        """Return the same of a sentence and the one before it, which "it" and "he" point to."""
        found, before = -1, frozenset[str]()
        for text, here in self.sentences:
            if phrase in text:
                found = max(found, len((before | here) & wanted))
            before = here
        return found


@lru_cache(maxsize=1024)
def read_passage(text: str) -> Passage:
    """Return what there is to know of a text; texts read lately are kept."""
    sentences = tuple((s, stems(s)) for s in _SENTENCE.split(text))
    return Passage(text, sentences, tuple(names(text)), tuple(nouns(text)))


def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's content words, lower-case."""
    return frozenset(stem(w) for w in _WORD.findall(text.lower()) if w not in STOP)


def stem(word: str) -> str:
    """Return a word without its ending, if it has a plain one."""
    for ending in ("ing", "ies", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def nouns(text: str) -> Iterator[Noun]:
    """Yield the words that stand where a noun stands: after "the", before "of", and the like."""
    for match in _LOWER.finditer(text):
        before = _BEFORE_NOUN.search(text, max(0, match.start() - 6), match.start())
        if before and match[0] not in STOP and _AFTER_NOUN.match(text, match.end()):
            yield Noun(match[0], match.start(), before[1].lower())


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


@dataclass(frozen=True, slots=True)
class Case:
    """A question to change: its passage, its answers, and texts of the same article."""

    question: str
    passage: Passage
    answers: tuple[str, ...]
    other: tuple[str, ...]
    rng: random.Random

    @property
    def loose_end(self) -> int:
        """Where a head like "Along with X, who" ends, whose change would not matter; else 0."""
        loose = _LOOSE.match(self.question)
        return loose.end() if loose else 0

    def answered(self, phrase: str) -> bool:
        """Say whether a phrase is part of an answer, or an answer is part of it."""
        low = phrase.lower()
        return any(low in a.lower() or a.lower() in low for a in self.answers)

    def safe(self, old: str, new: str) -> bool:
        """Say whether the passage is unlikely to answer the question with `new` for `old`.

        No sentence with `new` may hold half as much of the question as the answer's sentence does,
        nor as much together with the sentence before; and where a number is asked for, none with
        another number.
        """
        if any(_has_digit(answer) for answer in self.answers) and any(
            new in text and _has_digit(text.replace(new, "")) for text, _ in self.passage.sentences
        ):
            return False
        wanted = stems(self.question.replace(old, " "))
        home = max((self.passage.support(a, wanted) for a in self.answers), default=-1)
        near = self.passage.support_with_before(new, wanted)
        return home > 1 and near < home and 2 * self.passage.support(new, wanted) < home

    def swap(self, start: int, old: str, here: Iterable[str], new: Iterable[str]) -> str | None:
        """Return the question with, for `old`, one of `here` that is safe, or else of `new`.

        `here` are words of the passage, `new` are not; a word of an answer is never taken.
        """
        pool = [w for w in here if w != old and not self.answered(w) and self.safe(old, w)]
        pool = pool or [w for w in new if w != old and not self.answered(w)]
        if not pool:
            return None
        return self.put(start, start + len(old), self.rng.choice(pool))

    def put(self, start: int, end: int, new: str) -> str:
        """Return the question with `new` from start to end; its case and a/an are made to fit."""
        old, before = self.question[start:end], self.question[:start]
        if old[:1].isupper() and new[:1].islower():
            new = new[0].upper() + new[1:]
        article = re.search(r"\b([Aa])n? $", before)
        if article:
            vowel = re.match(
                r"[aeio](?!ne\b|uro)|u(?!ni(?!m|n)|s[ae]|ra)|hour|honou?r|8|11\b", new, re.I
            )
            before = f"{before[: article.start()]}{article[1]}{'n' if vowel else ''} "
        after = self.question[end:]
        if after.startswith(("' ", "’ ")) and not new.endswith("s"):
            after = f"{after[0]}s{after[1:]}"
        return before + new + after
