"""Makes an answerable question unanswerable for its own passage by a small change.

    question → one word or phrase of it → another of the same sort → a question the passage rejects

The kinds are those of adversarial unanswerable questions: a number, a date or a name is swapped,
a word becomes its opposite, a negation comes in or goes, a noun is swapped. A replacement comes
from the passage where that is safe: not where the passage may answer the changed question too.

Show examples: `python -m qa.training.perturb SQUAD_TRAIN --kind entity --seed 0 --show 20`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qa.evaluation.datasets import read_dataset
from qa.training.opposites import OPPOSITES
from qa.training.opposites import PATTERN as OPPOSITE

KINDS = ("number", "date", "entity", "antonym", "negation", "noun")

_STOP = frozenset(
    """a about after against all also am among an and any are as at be because been before being
    between both but by can could did do does doing during each either else for from had has have
    having he her here hers him his how i if in into is it its itself just kind like many may me
    might more most much must my name nor not of off often on once one only or other our out over
    own part same she should since so some such than that the their them then there these they
    this those through to too toward type under until up upon use used using very was we were what
    when where which while who whom whose why will with within without would year years you your
    called known named term word fact example number amount percent percentage people person
    time times day days long far""".split()
)
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CARDINALS = "two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d(?=s?\b)")
_DIGITS = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w-]|[.,]\d)")
_NTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_LOWER = re.compile(r"\b[a-z]{4,}\b(?!['’-])")
_NAME = re.compile(
    r"(?<![\w'’-])(?:(?:[A-Z]|St|Dr|Mr|Mrs|Jr)\.\s?)*[A-Z][\w'’-]*"
    r"(?:\s(?:(?:of|of the|de|von|van|del|la)\s)?(?:[A-Z]\.\s)*[A-Z][\w'’-]*)*"
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"”)]?\s+(?=[\"“(]?[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A question that its passage does not answer, and how it was made."""

    question: str
    kind: str  # one of KINDS


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    sort: str  # person, place, people (Roman, the Romans), letters (NATO) or thing
    the: bool  # follows "the"


@dataclass(frozen=True, slots=True)
class _Passage:
    text: str
    sentences: tuple[tuple[str, frozenset[str]], ...]  # its text, and its stems
    names: tuple[_Name, ...]

    def support(self, phrase: str, stems: frozenset[str]) -> int:
        """Return how many of the stems stand in one sentence with the phrase; -1 for none."""
        return max((len(s & stems) for text, s in self.sentences if phrase in text), default=-1)


@dataclass(frozen=True, slots=True)
class _Case:
    question: str
    passage: _Passage
    answers: tuple[str, ...]
    other: tuple[str, ...]
    rng: random.Random

    def answered(self, phrase: str) -> bool:
        """Say whether a phrase is part of an answer, or an answer is part of it."""
        low = phrase.lower()
        return any(low in a.lower() or a.lower() in low for a in self.answers)

    def safe(self, old: str, new: str) -> bool:
        """Say whether the passage is unlikely to answer the question with `new` for `old`."""
        rest = _stems(self.question.replace(old, " "))
        home = max((self.passage.support(a, rest) for a in self.answers), default=-1)
        return 2 * self.passage.support(new, rest) < home


def perturbations(
    question: str,
    context: str,
    answers: Sequence[str],
    *,
    other: Sequence[str],
    random: random.Random,
) -> list[Perturbed]:
    """Return changed questions that the context does not answer, at most one of each kind.

    `other` holds questions or passages of the same article, a source of names that fit. The list
    is empty where no rule applies.
    """
    case = _Case(question, _passage(context), tuple(answers), tuple(other), random)
    found = []
    for kind, rule in _RULES.items():
        changed = rule(case)
        if changed and changed != question and changed not in case.other:
            found.append(Perturbed(changed, kind))
    return found


@lru_cache(maxsize=256)
def _passage(text: str) -> _Passage:
    sentences = tuple((s, _stems(s)) for s in _SENTENCE.split(text))
    return _Passage(text, sentences, tuple(_names(text)))


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()) if w not in _STOP)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _splice(case: _Case, start: int, end: int, new: str) -> str:
    """Return the question with `new` from start to end, its case kept and a/an made to agree."""
    old, before = case.question[start:end], case.question[:start]
    if old[:1].isupper() and new[:1].islower():
        new = new[0].upper() + new[1:]
    article = re.search(r"\b([Aa])(n?) $", before)
    if article:
        n = "n" if re.match(r"[aeiou](?!ni|ne\b|uro)|hour|honou?r", new.lower()) else ""
        before = f"{before[: article.start()]}{article[1]}{n} "
    return before + new + case.question[end:]


def _date(case: _Case) -> str | None:
    text, rng = case.passage.text, case.rng
    places = [m for m in _YEAR.finditer(case.question) if m[0] in text]
    for table in (_MONTHS, _DAYS):
        pattern = re.compile(rf"(?<=\s)(?:{'|'.join(table)})\b")
        places += [m for m in pattern.finditer(case.question) if m[0] in text]
    if not places:
        return None
    place = rng.choice(places)
    old = place[0]
    if old.isdigit():
        decade = case.question[place.end() :].startswith("s")
        here = [y for y in _YEAR.findall(text) if y != old and (not decade or y[3] == "0")]
        shifts = (10, 20, 30, -10, -20) if decade else (1, 2, 3, 5, 8, 10, 14, -1, -2, -4, -7, -11)
        new = [str(int(old) + s) for s in shifts if str(int(old) + s) not in text]
    else:
        table = _MONTHS if old in _MONTHS else _DAYS
        here = [w for w in table if w in text and w != old]
        new = [w for w in table if w not in text]
    return _pick(case, place, here, new)


def _pick(case: _Case, place: re.Match[str], here: Sequence[str], new: Sequence[str]) -> str | None:
    """Return the question with one of `here`, words of the passage, where safe, or of `new`."""
    safe = [w for w in here if not case.answered(w) and case.safe(place[0], w)]
    pool = safe or [w for w in new if not case.answered(w)]
    if not pool:
        return None
    return _splice(case, place.start(), place.end(), case.rng.choice(pool))


def _number(case: _Case) -> str | None:
    text, rng = case.passage.text, case.rng
    low = text.lower()
    places: list[tuple[re.Match[str], Sequence[str], Sequence[str]]] = []
    for match in _DIGITS.finditer(case.question):
        if match[0] in text and not _YEAR.fullmatch(match[0]):
            places.append((match, _DIGITS.findall(text), _others(match[0])))
    for match in _NTH.finditer(case.question):
        if match[0] in text:
            near = [n for n in range(int(match[1]) - 3, int(match[1]) + 4) if n > 0]
            places.append((match, [], [_nth(n) for n in near]))
    for table in (_CARDINALS, _ORDINALS):
        for match in re.finditer(rf"\b(?:{'|'.join(table)})\b", case.question):
            if re.search(rf"\b{match[0]}\b", low):
                places.append((match, [w for w in table if re.search(rf"\b{w}\b", low)], table))
    if not places:
        return None
    place, here, new = rng.choice(places)
    here = [w for w in here if w != place[0] and not _YEAR.fullmatch(w)]
    new = [w for w in new if w != place[0] and not re.search(rf"\b{re.escape(w)}\b", low)]
    return _pick(case, place, here, new)


def _others(number: str) -> list[str]:
    whole, dot, fraction = number.partition(".")
    value = int(whole.replace(",", ""))
    found = {v for v in (value + 1, value + 2, value + 3, value - 1, value - 2) if v > 1}
    if value >= 20:
        step = 10 ** (len(str(value)) - 1) // (1 if value >= 100 else 2)
        found = {v for v in (value + step, value + 2 * step, value - step, value * 2) if v > 1}
    return [(f"{v:,}" if "," in whole or v >= 10_000 else str(v)) + dot + fraction for v in found]


def _nth(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_PLACE = re.compile(r"\b(?:in|at|near|throughout|across|outside|from) (?:the )?$")
_PLACE_END = re.compile(
    r"\b(?:City|River|County|Island|Islands|Valley|Street|Avenue|Park|State|Republic|Mountains)$"
)
_PERSON = re.compile(
    r"\b(?:Mr\.?|Mrs\.?|Dr\.?|Sir|Lord|Lady|[Pp]resident|[Kk]ing|[Qq]ueen|[Pp]ope|[Ee]mperor"
    r"|[Ss]inger|[Aa]ctor|[Pp]rince|[Aa]rchitect|[Gg]eneral|by|brother|son|wife|father) $"
)
_PEOPLE = re.compile(
    r"[A-Z]\w+(?:ish|ese|ian|ean|ans?|ians)$|^(?:French|Greeks?|Dutch|Jew(?:s|ish))$"
)
_NOT_NAMES = frozenset([*_MONTHS, *_DAYS, *"I The A An In On At It He She They This These".split()])


def _names(text: str) -> Iterator[_Name]:
    seen = set()
    for match in _NAME.finditer(text):
        name = re.sub(r"['’]s$", "", match[0])
        start = match.start()
        before = text[max(0, start - 14) : start]
        first = start == 0 or bool(re.search(r"[.!?:;\"“”(]\s*$", before))
        if first:
            head, _, tail = name.partition(" ")
            if not tail or head.lower() in _STOP:
                continue
        if name in seen or len(name) < 3 or name.split()[0] in _NOT_NAMES:
            continue
        seen.add(name)
        yield _Name(name, _sort(name, before), bool(re.search(r"\b[Tt]he $", before)))


def _sort(name: str, before: str) -> str:
    if " " not in name and _PEOPLE.search(name):
        return "people"
    if " " not in name and name.isupper():
        return "letters"
    if _PLACE_END.search(name):
        return "place"
    if _PERSON.search(before):
        return "person"
    if _PLACE.search(before):
        return "place"
    return "thing"


def _entity(case: _Case) -> str | None:
    places = []
    for name in _names(case.question):
        start = case.question.find(name.text)
        words = name.text.split()
        after = case.question[start + len(name.text) :]
        if (
            start <= 0
            or re.match(r" \d|-", after)
            or not any(w in case.passage.text for w in words if len(w) > 3)
        ):
            continue
        if not case.answered(name.text):
            places.append((start, name))
    if not places:
        return None
    start, old = case.rng.choice(places)
    known = next((n for n in case.passage.names if n.text == old.text), old)
    here = [n for n in case.passage.names if _fits(case, known, n) and case.safe(old.text, n.text)]
    there = [
        n
        for text in case.other[:12]
        for n in _passage(text).names
        if n.text not in case.passage.text and _fits(case, known, n)
    ]
    pool = here or there
    pool = [n for n in pool if n.sort == known.sort != "thing"]
    if not pool:
        return None
    new = case.rng.choice(pool).text
    return _splice(case, start, start + len(old.text), new)


def _fits(case: _Case, old: _Name, new: _Name) -> bool:
    if new.the != old.the or case.answered(new.text) or new.text in case.question:
        return False
    one, two = set(old.text.lower().split()), set(new.text.lower().split())
    if one & two or old.text.endswith("s") != new.text.endswith("s"):
        return False
    initials = ["".join(w[0] for w in n.text.split() if w[0].isupper()) for n in (old, new)]
    return initials[0] != new.text and initials[1] != old.text


def _antonym(case: _Case) -> str | None:
    places = [m for m in OPPOSITE.finditer(case.question) if m[0].islower() and m.start() > 0]
    places = [m for m in places if not re.search(r"\b[Hh]ow $", case.question[: m.start()])]
    case.rng.shuffle(places)
    for place in places:
        changed = _pick(case, place, [], OPPOSITES[place[0]])
        if changed and not any(
            w in case.passage.text and not case.safe(place[0], w) for w in OPPOSITES[place[0]]
        ):
            return changed
    return None


_AUXILIARY = re.compile(
    r"\b(did|does|do|was|were|is|are|has|had|can|could|would|should|will|have|must)\b(?! not\b|n['’]t)"
)
_CONTRACTED = {"can": "can't", "will": "won't", "must": "must not"}
_LESS = re.compile(r" not\b| never\b|n['’]t\b")


def _negation(case: _Case) -> str | None:
    question = case.question
    gone = _LESS.search(question)
    if gone:
        whole = question.replace("can't", "cann't").replace("won't", "willn't")
        return _LESS.sub("", whole, count=1)
    places = list(_AUXILIARY.finditer(question))
    if not places:
        return None
    place = places[0]
    word, after = place[1], question[place.end() :]
    if not after.startswith(" ") or place.start() == 0:
        return None
    choice = case.rng.random()
    short = _CONTRACTED.get(word, f"{word}n't")
    plain = word in ("was", "were", "is", "are") and choice < 0.4
    new = f"{word} not" if plain else short
    return question[: place.start()] + new + after


_BEFORE_NOUN = re.compile(r"\b(the|a|an|of|his|her|its|their|this) $", re.I)
_AFTER_NOUN = re.compile(
    r"(?:[?.,;:]|$| (?:of|in|on|at|to|for|from|by|with|that|which|who|was|were|is|are|did|has|had"
    r"|and|or|during|after|before|as|between|into)\b)"
)
_ENDINGS = ("ion", "ment", "ity", "ness", "ism", "ist", "er", "or", "ing", "ure", "al", "ed", "ly")


def _nouns(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the lower-case words that stand where a noun stands, and the word before."""
    for match in _LOWER.finditer(text):
        before = _BEFORE_NOUN.search(text, max(0, match.start() - 6), match.start())
        if before and match[0] not in _STOP and _AFTER_NOUN.match(text, match.end()):
            yield match, before[1].lower()


def _shape(word: str) -> tuple[bool, str]:
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    single = word[:-1] if plural else word
    return plural, next((e for e in _ENDINGS if single.endswith(e)), "")


def _noun(case: _Case) -> str | None:
    low = _stems(case.passage.text)
    wh = re.match(r"(?:\w+ )?(?:what|which|who|how)\b[\w ]{0,12} of ", case.question, re.I)
    start = wh.end() + 1 if wh else 1
    places = [
        (m, before)
        for m, before in _nouns(case.question)
        if m.start() > start and _stem(m[0]) in low and not case.answered(m[0])
    ]
    if not places:
        return None
    place, before = case.rng.choice(places)
    plural, ending = _shape(place[0])
    asked = _stems(case.question)
    single = before in ("a", "an")
    pool = {}
    for match, other in _nouns(case.passage.text):
        word = match[0]
        if _stem(word) in asked or case.answered(word) or _shape(word)[0] != plural:
            continue
        if (single and other not in ("a", "an")) or _shape(word)[1] in ("ed", "ly"):
            continue
        if case.safe(place[0], word):
            pool[word] = _shape(word)[1] == ending
    best = [w for w, same in pool.items() if same] or list(pool)
    if not best:
        return None
    return _splice(case, place.start(), place.end(), case.rng.choice(best))


_RULES = {
    "number": _number,
    "date": _date,
    "entity": _entity,
    "antonym": _antonym,
    "negation": _negation,
    "noun": _noun,
}


def main() -> None:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="SQuAD 1.1 train, in SQuAD layout")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - sampling, not secrecy
    data = read_dataset(options.data)
    contexts = {c.key: c for c in data.contexts}
    article: dict[str, list[str]] = {}
    for context in data.contexts:
        article.setdefault(context.title, []).append(context.text)
    left = options.show
    for question in rng.sample(data.questions, len(data.questions)):
        context = contexts[question.keys[0]]
        other = rng.sample(article[context.title], min(8, len(article[context.title])))
        for made in perturbations(
            question.text, context.text, question.answers, other=other, random=rng
        ):
            if made.kind == options.kind and left:
                left -= 1
                sys.stdout.write(
                    f"{context.text}\n  asked:   {question.text}"
                    f"  [{' | '.join(sorted(set(question.answers)))}]\n  changed: {made.question}\n\n"
                )
        if not left:
            return


if __name__ == "__main__":
    main()
