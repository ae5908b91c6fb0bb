"""Rules that swap one word or name of a question for another of the same sort."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from qa.training.names import Name, names, same
from qa.training.opposites import CONVERSES, EXCLUSIVE, OPPOSITES, one_of
from qa.training.passages import STOP, Case, nouns, read_passage, stem, stems

_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CARDINALS = "two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_LATEST_YEAR = 2016

_YEAR = re.compile(r"(?<![\w,.–-])(?:1[0-9]|20)\d\d(?=s?\b)(?![–-]\d|,\d)")
_DIGITS = re.compile(r"(?<![\w.,:$£€–-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w:–-]|[.,]\d)")
_NTH = re.compile(r"(?<![\w-])\d{1,2}(?:st|nd|rd|th)\b")
_SPELLED = [
    (words, re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])"))
    for words in (_CARDINALS, _ORDINALS)
]
_NAMED = [
    (words, re.compile(rf"(?<=\s)(?:{'|'.join(words)})(?![\w-])")) for words in (_MONTHS, _DAYS)
]
# A count of what is asked for: "What are the two kinds of", "which three".
_COUNTED = re.compile(r"\b(?:what|which|name)(?: (?:are|were|is))?(?: of)?(?: the)? $", re.I)


def date(case: Case) -> str | None:
    """Change a year, a decade, a month or a weekday."""
    text = case.passage.text
    places: list[tuple[re.Match[str], Iterable[str]]] = []
    for match in _YEAR.finditer(case.question):
        decade = case.question.startswith("s", match.end())
        shifts = (10, 20, 30, -10, -20) if decade else (1, 2, 3, 5, 8, 10, 14, -1, -2, -4, -7, -11)
        years = [int(match[0]) + shift for shift in shifts]
        places.append((match, [str(y) for y in years if y <= _LATEST_YEAR]))
    for words, pattern in _NAMED:
        places += [(match, words) for match in pattern.finditer(case.question)]
    places = [(match, new) for match, new in places if match[0] in text]
    if not places:
        return None
    place, new = case.rng.choice(places)
    here: Iterable[str] = new
    if place[0].isdigit():
        decade = case.question.startswith("s", place.end())
        here = [y for y in _YEAR.findall(text) if decade == (f"{y}s" in text)]
    here = [w for w in here if w in text]
    return case.swap(place.start(), place[0], here, [w for w in new if w not in text])


def number(case: Case) -> str | None:
    """Change a number, in digits or spelled out, or an ordinal."""
    low = case.passage.text.lower()
    places: list[tuple[re.Match[str], Sequence[str]]] = []
    places += [(m, _near(m[0])) for m in _DIGITS.finditer(case.question)]
    places += [(m, _near_nth(m[0])) for m in _NTH.finditer(case.question)]
    for words, pattern in _SPELLED:
        places += [(m, words) for m in pattern.finditer(case.question)]
    places = [
        (match, new)
        for match, new in places
        if _in(match[0], low) and not _COUNTED.search(case.question[: match.start()])
    ]
    if not places:
        return None
    place, new = case.rng.choice(places)
    here = new
    if _DIGITS.fullmatch(place[0]):
        here = [w for w in _DIGITS.findall(case.passage.text) if _like(place[0], w)]
    absent = [w for w in new if not _in(w, low)]
    return case.swap(place.start(), place[0], [w for w in here if _in(w, low)], absent)


def _in(word: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w.,]){re.escape(word)}(?![\w]|[.,]\d)", text))


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
    values = [value + step for step in steps if value + step > 1]
    return [(f"{v:,}" if "," in whole else str(v)) + point + fraction for v in values]


def _near_nth(nth: str) -> list[str]:
    near = [int(nth[:-2]) + step for step in (-3, -2, -1, 1, 2, 3)]
    endings = {1: "st", 2: "nd", 3: "rd"}
    return [f"{n}{'th' if 10 < n < 14 else endings.get(n % 10, 'th')}" for n in near if n > 0]


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
        if not any(case.safe(old.text, text) for text in here):
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


def _told(name: Name, case: Case) -> bool:
    """Say whether the passage names it too, it is not the answer, and nothing hangs on it."""
    after = case.question[name.end : name.end + 3]
    return (
        name.text in case.passage.text
        and not case.answered(name.text)
        and not re.match(r"-| \d| [A-Z]|\.\w", after)
    )


def _fits(old: Name, sort: str, new: Name, case: Case) -> bool:
    if new.sort != sort or new.the != old.the or new.text in case.question:
        return False
    if sort == "person" and (" " in old.text) != (" " in new.text):
        return False
    if any(old.text in n.text and same(n.text, new.text) for n in case.passage.names):
        return False
    return not same(old.text, new.text)


_OPPOSITE = one_of([*OPPOSITES, "North", "South", "East", "West"])
_OPPOSITE_COMPASS = {"North": "South", "South": "North", "East": "West", "West": "East"}
# Before these forms stands what makes them nouns: "the support of", "for release".
_ALSO_NOUNS = frozenset(
    """support attack cause help approve release increase decrease rise fall gain love hate live
    leave join lead follow end start contract separate benefit""".split()
)
_MAKES_NOUN = re.compile(r"\b(?:the|a|an|of|for|in|with|by|and|no|his|her|its|their|\w+(?:al|ic|ive)) $")
_HOW = re.compile(r"\b(?:how|at|so|as) $", re.I)
_SIDES = re.compile(r"\b(?:when|where|why|how|year|city|country|month|day|percent\w*)\b", re.I)


def antonym(case: Case) -> str | None:
    """Change a word for its opposite."""
    places = [m for m in _OPPOSITE.finditer(case.question) if m.start() > 0]
    case.rng.shuffle(places)
    for place in places:
        old, before = place[0], case.question[: place.start()]
        opposites = OPPOSITES.get(old) or (_OPPOSITE_COMPASS[old],)
        if _HOW.search(before) or (old in _ALSO_NOUNS and _MAKES_NOUN.search(before)):
            continue
        if old in ("over", "under") and not re.match(r" \$?\d", case.question[place.end() :]):
            continue
        if old in CONVERSES and not _SIDES.search(case.question):
            continue
        told = [w for w in opposites if _in(w.lower(), case.passage.text.lower())]
        new = [w for w in opposites if w not in told]
        changed = case.swap(place.start(), old, told, new)
        if changed:
            return changed
    return None


_EXCLUSIVE = one_of(EXCLUSIVE)
_ENDINGS = ("tion", "ment", "ity", "ness", "ism", "ist", "er", "or", "ture", "ance", "ship", "ers")
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
    rules: tuple[Callable[[Case, frozenset[str]], Iterator[tuple[int, str, list[str], list[str]]]], ...]
    rules = (_exclusive, _of_passage)
    for rule in rules:
        choices = list(rule(case, told))
        case.rng.shuffle(choices)
        for choice in choices:
            changed = case.swap(*choice)
            if changed:
                return changed
    return None


def _nouns_asked(case: Case, found: Iterable[tuple[str, int]], told: frozenset[str]) -> Iterator[tuple[str, int]]:
    for word, start in found:
        if stem(word) in told and word not in STOP and not case.answered(word):
            if not _ASKED_FOR.search(case.question[:start]):
                yield word, start


def _exclusive(case: Case, told: frozenset[str]) -> Iterator[tuple[int, str, list[str], list[str]]]:
    found = ((m[0], m.start()) for m in _EXCLUSIVE.finditer(case.question))
    asked = stems(case.question)
    for word, start in _nouns_asked(case, found, told):
        others = [w for w in EXCLUSIVE[word] if stem(w) not in asked]
        here = [w for w in others if stem(w) in told]
        yield start, word, here, [w for w in others if stem(w) not in told]


def _of_passage(case: Case, told: frozenset[str]) -> Iterator[tuple[int, str, list[str], list[str]]]:
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
