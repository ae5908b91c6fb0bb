"""Rules that swap one word or name of a question for another of the same sort."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from qa.training.names import Name, names, same
from qa.training.opposites import CONVERSES, EXCLUSIVE, OPPOSITES, one_of
from qa.training.passages import STOP, Case, nouns, read_passage, stem, stems


def entity(case: Case) -> str | None:
    """Change a name for another of its sort, of the passage or else of the article."""
    asked = [n for n in names(case.question) if n.start > 0 and _told(n, case)]
    sorts = {n.text: n.sort for n in case.passage.names if n.sort}
    asked = [n for n in asked if n.sort or sorts.get(n.text)]
    case.rng.shuffle(asked)
    for old in asked:
        sort = sorts.get(old.text) or old.sort
        here = [n.text for n in case.passage.names if _fits(old, sort, n, case)]
        there = []
        if sort != "letters" and not any(case.safe(old.text, text) for text in here):
            there = [
                n.text
                for text in case.other
                for n in read_passage(text).names
                if _fits(old, sort, n, case) and n.text not in case.passage.text
            ]
        changed = case.swap(old.start, old.text, here, there)
        if changed:
            return changed
    return None


_PLURAL = re.compile(r"(?:sh|ch|ese|ss)$")  # "the British", but "the Germans"


def _told(name: Name, case: Case) -> bool:
    """Say whether the passage names it too, it is not the answer, and nothing hangs on it."""
    after = case.question[name.end : name.end + 3]
    return (
        name.text in case.passage.text
        and not case.answered(name.text)
        and case.loose_end <= name.start
        and not re.match(r"-| \d| [A-Z]|\.\w", after)
    )


def _fits(old: Name, sort: str, new: Name, case: Case) -> bool:
    if new.sort != sort or new.the != old.the or new.text in case.question:
        return False
    if (
        sort == "people"
        and old.the
        and bool(_PLURAL.search(old.text)) != bool(_PLURAL.search(new.text))
    ):
        return False
    if sort == "person" and (" " in old.text) != (" " in new.text):
        return False
    if any(old.text in n.text and same(n.text, new.text) for n in case.passage.names):
        return False
    return not same(old.text, new.text)


_OPPOSITE = one_of([*OPPOSITES, "North", "South", "East", "West"])
_OPPOSITE_COMPASS = {"North": "South", "South": "North", "East": "West", "West": "East"}
# Before these forms stands what makes them nouns: "the support of", "for release".
_VERB_OR_NOUN = """
support attack cause help approve release increase decrease rise fall gain love hate live
leave join lead follow end start contract separate benefit
"""
_ALSO_NOUNS = frozenset(_VERB_OR_NOUN.split())
_MAKES_NOUN = re.compile(
    r"\b(?:the|a|an|of|for|in|with|by|and|no|his|her|its|their|\w+(?:al|ic|ive)) $"
)
_HOW = re.compile(r"\b(?:how|at|so|as) $", re.I)
_NEGATIVE = re.compile(r"\b(?:not|never|no)\b|n['’]t\b", re.I)  # with an opposite, it is affirmed
_SIDES = re.compile(r"\b(?:when|where|why|how|year|city|country|month|day|percent\w*)\b", re.I)


def antonym(case: Case) -> str | None:
    """Change a word for its opposite."""
    if _NEGATIVE.search(case.question):
        return None
    places = [
        m
        for m in _OPPOSITE.finditer(case.question)
        if m.start() > 0 and case.loose_end <= m.start()
    ]
    case.rng.shuffle(places)
    for place in places:
        old, before = place[0], case.question[: place.start()]
        opposites = OPPOSITES.get(old) or (_OPPOSITE_COMPASS[old],)
        if _HOW.search(before) or (old in _ALSO_NOUNS and _MAKES_NOUN.search(before)):
            continue
        after = case.question[place.end() :]
        if after.startswith((" of ", " from ")) and old in ("outside", "inside", "removed"):
            continue
        if after.startswith(" to ") and old.endswith(("d", "t")):
            continue
        if old in _OPPOSITE_COMPASS and not re.match(r" [A-Z]|ern? ", after):
            continue
        if old in ("over", "under") and not re.match(r" \$?\d", after):
            continue
        if old in CONVERSES and not _SIDES.search(case.question):
            continue
        told = [w for w in opposites if case.passage.has(w.lower())]
        new = [w for w in opposites if w not in told]
        changed = case.swap(place.start(), old, told, new)
        if changed:
            return changed
    return None


_EXCLUSIVE = one_of(EXCLUSIVE)
_ENDINGS = ("tion", "ment", "ity", "ness", "ism", "ist", "er", "or", "ture", "ance", "ship", "ers")
_FIXED = re.compile(r"(?:\d(?:th|st|nd|rd) centur|sea level)")  # part of a fixed phrase
# The word that says what is asked for stays: "what album", "what is the name of the album".
_ASKED_FOR = re.compile(
    r"\b(?:what|which|whose|how many|how much)(?: [\w-]+){0,2} $"
    r"|\b(?:name|names|title|type|types|kind|kinds|sort|number|term|word)(?: given| used)? "
    r"(?:of|for) (?:an? |the )?$",
    re.I,
)


def noun(case: Case) -> str | None:
    """Change a noun for one that excludes it, or for one of the passage with its ending."""
    told = stems(case.passage.text)
    rules: tuple[
        Callable[[Case, frozenset[str]], Iterator[tuple[int, str, list[str], list[str]]]], ...
    ]
    rules = (_exclusive, _of_passage)
    for rule in rules:
        choices = list(rule(case, told))
        case.rng.shuffle(choices)
        for choice in choices:
            changed = case.swap(*choice)
            if changed:
                return changed
    return None


def _nouns_asked(
    case: Case, found: Iterable[tuple[str, int]], told: frozenset[str]
) -> Iterator[tuple[str, int]]:
    for word, start in found:
        plain = stem(word) in told and word not in STOP and not case.answered(word)
        if plain and case.loose_end <= start and not _ASKED_FOR.search(case.question[:start]):
            yield word, start


def _exclusive(case: Case, told: frozenset[str]) -> Iterator[tuple[int, str, list[str], list[str]]]:
    found = (
        (m[0], m.start())
        for m in _EXCLUSIVE.finditer(case.question)
        if not _FIXED.search(case.question, max(0, m.start() - 5), m.end() + 6)
    )
    asked = stems(case.question)
    for word, start in _nouns_asked(case, found, told):
        others = [w for w in EXCLUSIVE[word] if stem(w) not in asked]
        here = [w for w in others if stem(w) in told]
        yield start, word, here, [w for w in others if stem(w) not in told]


def _of_passage(
    case: Case, told: frozenset[str]
) -> Iterator[tuple[int, str, list[str], list[str]]]:
    found = {n.text: n for n in nouns(case.question)}
    asked = stems(case.question)
    for word, start in _nouns_asked(case, ((n.text, n.start) for n in found.values()), told):
        ending = _ending(word)
        single = found[word].before in ("a", "an")
        here = [
            n.text
            for n in case.passage.nouns
            if ending
            and _ending(n.text) == ending
            and stem(n.text) not in asked
            and (not single or n.before in ("a", "an"))
        ]
        yield start, word, here, []


def _ending(word: str) -> str:
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    single = word[:-1] if plural else word
    ending = next((e for e in _ENDINGS if single.endswith(e)), "")
    return ending and ending + "s" * plural
