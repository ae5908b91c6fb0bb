"""What a conversation has talked of: the history → the mentions that a question may mean.

Only the last few turns count, and only so much of their text, whatever the history's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qa.conversation.english import BREAKS, WH
from qa.conversation.gender import Gender, gender_of_words, told_by
from qa.conversation.mentions import Kind, Mention, is_plural, mentions, names
from qa.conversation.spelling import truecased
from qa.conversation.tokens import tokens
from qa.conversation.wording import parse
from qa.values import Answer, Citation, Outcome

REMEMBERED = 4  # earlier turns that a question may point back to
_AROUND = 2000  # characters on each side of a citation that are looked at
_LONGEST_SENTENCE = 600
_COMMON_NOUN = 0.9  # steps that an answer which is no name stands further back
_LONGEST_NAME = 8  # words of an answer that are put into a question as they stand

_PERSONAL = (Kind.NAME, Kind.PERSON)
_LEADING = re.compile(r"^(?:in|at|on|by|from|to|for|with|about|as|of)\s+", re.IGNORECASE)

Turn = tuple[str, Answer]


@dataclass(frozen=True, slots=True)
class Referent:
    """A mention with how far back it stands: 0 the latest answer; higher is less likely."""

    mention: Mention
    distance: float


@dataclass(frozen=True, slots=True)
class Context:
    """What the last turns leave behind for the next question."""

    question: str  # the previous one, as it was understood; empty when there is none
    answer: str  # its answer, short enough to stand in a question; may be empty
    referents: tuple[Referent, ...]  # nearest first, each once
    cited: tuple[str, ...]  # ids of the articles of the last answers, latest first
    said: tuple[str, ...]  # the answers of the latest turns, whole


def context_of(history: Sequence[Turn]) -> Context:
    """Return the context that a history leaves; replies and asked-back questions leave none."""
    turns = [turn for turn in history[-4 * REMEMBERED :] if _counts(turn[1])][-REMEMBERED:]
    turns.reverse()
    if not turns:
        return Context("", "", (), (), ())
    latest = turns[0][1]
    return Context(
        question=truecased(latest.interpreted_question, _nearby(turns)),
        answer=_short(latest),
        referents=tuple(_merged(_referents(turns))),
        cited=tuple(dict.fromkeys(_cited(turns))),
        said=tuple(answer.text for _, answer in turns if answer.text),
    )


def _counts(answer: Answer) -> bool:
    return answer.outcome in (Outcome.ANSWERED, Outcome.UNSURE, Outcome.NOT_FOUND)


def _cited(turns: Iterable[Turn]) -> Iterator[str]:
    for _, answer in list(turns)[:2]:
        yield from (citation.article.id for citation in answer.citations[:1])


def _nearby(turns: Iterable[Turn]) -> str:
    """Return the text around what the turns cite, for the spelling of names."""
    return " ".join(text for _, answer in turns for text in _texts(answer))


def _texts(answer: Answer) -> Iterator[str]:
    for citation in answer.citations[:1]:
        yield f"{citation.article.title}. {_around(citation)}"
    if not answer.citations:
        for passage in answer.closest:
            yield f"{passage.article.title}. {passage.text}"


def _around(citation: Citation) -> str:
    text = citation.article.text
    window = text[max(0, citation.start - _AROUND) : citation.end + _AROUND]
    return window or citation.sentence[:_LONGEST_SENTENCE]


def expected_kind(question: str) -> Kind | None:
    """Return the kind of thing that a question asks for, by its question word."""
    parts = parse(question)
    words = parts.lead.lower().split() if parts else []
    at = next((i for i, word in enumerate(words) if word in WH), None)
    if at is None:
        return None
    if words[at] == "how":
        return Kind.NUMBER if len(words) > at + 1 else None
    simple = {"who": Kind.PERSON, "whom": Kind.PERSON, "where": Kind.PLACE, "when": Kind.TIME}
    if words[at] in simple:
        return simple[words[at]]
    named = mentions(f"the {words[-1]}") if len(words) > at + 1 else []
    return named[0].kind if named and named[0].kind is not Kind.THING else None


def _referents(turns: Sequence[Turn]) -> Iterator[Referent]:
    nearby = _nearby(turns)
    for back, (_, answer) in enumerate(turns):
        question = truecased(answer.interpreted_question, nearby)
        text = next(iter(_texts(answer)), "")
        described = re.match(r"(?:who|what)\s+(?:is|was|are|were)\s+(?:the )?[A-Z]", question, re.I)
        about = bool(described) and bool(names(question)) and len(tokens(question)) <= 7
        base = 3.0 * back
        for number, mention in enumerate(_of_answer(answer, expected_kind(question))):
            nearness = (1.0 if about else 0.0) + (0.5 if number else 0.0)
            common = not mention.proper or mention.text.lower().startswith(("a ", "an "))
            nearness += _COMMON_NOUN if common else 0.0
            yield Referent(_told(mention, text), base + nearness)
        for number, mention in enumerate(_of_question(question)):
            person = about and number == 0 and question.lower().startswith("who")
            known = replace(mention, kind=Kind.PERSON) if person else mention
            nearness = 0.0 if about else 1.0
            yield Referent(_told(known, text), base + nearness + 0.1 * number)
        for citation in answer.citations[:1]:
            for number, mention in enumerate(mentions(citation.sentence[:_LONGEST_SENTENCE])):
                yield Referent(_told(mention, text), base + 2.0 + 0.1 * min(number, 9))


def _of_question(question: str) -> Iterator[Mention]:
    """Yield the mentions of a question, then "the firefighters" of "How many firefighters"."""
    yield from mentions(question)
    parts = parse(question)
    words = parts.lead.split() if parts else []
    at = next((i for i, word in enumerate(words) if word.lower() in WH), len(words))
    nouns = [word for word in words[at + 1 :] if word.lower() not in BREAKS]
    if len(nouns) and (words[at].lower() != "how" or is_plural(nouns[-1].lower())):
        text = f"the {' '.join(nouns)}"
        yield from mentions(text)[:1]


def _of_answer(answer: Answer, kind: Kind | None) -> list[Mention]:
    """Return an answer as a mention of the kind that was asked for, then those inside it."""
    whole = _LEADING.sub("", _short(answer))
    inside = mentions(answer.text)
    if not whole:
        return inside
    if " and " not in whole:
        whole = whole.split(", ")[0]
        whole = _person_of(answer.text, whole) if kind is Kind.PERSON else whole
    own = mentions(whole)
    first = next((m for m in own if m.start == 0), None)
    plural = first.plural if first else is_plural(whole.lower().split()[-1])
    counted = re.match(r"(?:about |some |nearly |over )?[$€£]?\d", whole)
    found_kind = Kind.NUMBER if counted else first.kind if first else Kind.THING
    several = " and " in whole and bool(first and first.proper)
    if kind in (Kind.TIME, Kind.NUMBER) or (kind and found_kind is not Kind.GROUP):
        found_kind = kind
    gender = gender_of_words(whole)
    mention = Mention(whole, found_kind, plural or several, 0, len(whole), gender)
    named = [
        replace(m, kind=Kind.PERSON) if kind is Kind.PERSON and m.kind is Kind.NAME else m
        for m in inside
        if m.text != whole
    ]
    return [mention, *named]


def _person_of(text: str, otherwise: str) -> str:
    """Return the name in "the chaplain, Father Fournier" or "Jack Kilby of Texas Instruments"."""
    for mention in names(text):
        core = mention.text.partition(" of ")[0]
        if not core.lower().startswith(("the ", "a ", "an ")) and mention.kind in _PERSONAL:
            return core
    return otherwise


def _told(mention: Mention, text: str) -> Mention:
    """Return the mention with what the text around says: a person or not, he or she."""
    if mention.plural or mention.kind not in (Kind.NAME, Kind.PERSON) or not mention.proper:
        return mention
    person, gender = told_by(text, mention.text)
    kind = Kind.PERSON if person and mention.kind is Kind.NAME else mention.kind
    return replace(mention, kind=kind, gender=mention.gender or (gender if person else None))


def _merged(referents: Iterable[Referent]) -> Iterator[Referent]:
    """Yield the referents, nearest first; a name and its short form are one, by its long form."""
    kept: list[Referent] = []
    for one in sorted(referents, key=lambda referent: referent.distance):
        at = next((i for i, other in enumerate(kept) if _same(one.mention, other.mention)), None)
        if at is None:
            kept.append(one)
        else:
            kept[at] = replace(kept[at], mention=_joined(kept[at].mention, one.mention))
    yield from kept


def _same(one: Mention, other: Mention) -> bool:
    a, b = _core(one), _core(other)
    if one.plural != other.plural or not a or not b:
        return False
    if a == b or one.kind not in _PERSONAL or other.kind not in _PERSONAL or not one.proper:
        return a == b
    return other.proper and (a[-len(b) :] == b or b[-len(a) :] == a)


def _core(mention: Mention) -> list[str]:
    return [t.low for t in tokens(mention.text) if t.word and t.low not in ("the", "a", "an")]


def _joined(near: Mention, far: Mention) -> Mention:
    kind = near.kind if near.kind is not Kind.NAME else far.kind
    person = kind is Kind.PERSON
    longer = max(near.text, far.text, key=len) if person else near.text
    gender: Gender | None = near.gender or far.gender
    return replace(near, text=longer, kind=kind, gender=gender)


def _short(answer: Answer) -> str:
    """Return an answer's text, or the first name in a long one."""
    text = " ".join(answer.text.split()).strip(" ,;.")
    if len(text.split()) <= _LONGEST_NAME:
        return text
    first = next(iter(names(text)), None)
    return first.text if first else ""
