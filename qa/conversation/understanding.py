"""A question and the turns before it → what it may mean, as whole questions.

    history → context_of → understand → Understanding: the readings, cheapest first

Rules only propose; which reading is right is decided by what the articles say to each
(`qa.conversation.followup`). No model and no index in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa.conversation.context import Context, Turn, context_of
from qa.conversation.english import ATTRIBUTES, FOREIGN, WH
from qa.conversation.filling import filled
from qa.conversation.mentions import Kind, Mention, mentions, names
from qa.conversation.pronouns import Role, pronouns
from qa.conversation.spelling import truecased
from qa.conversation.tokens import tokens
from qa.conversation.wording import (
    as_question,
    bare,
    count_filled,
    is_fragment,
    one_filled,
    opened,
    parse,
    replace_mention,
    replace_prepositional,
    statement,
    strip_opener,
    swap_lead,
    targets,
)

_READINGS = 3
_LONGEST_DANGLING = 8  # words of a question that can lack all meaning without a name
_ELSE = re.compile(r"\b(else|other|others|another|besides)\b", re.IGNORECASE)
_NEXT = re.compile(
    r"^what (?:happened|came|was|did they do)\s*(?:next|then|after(?:wards?| that)?|later)$|"
    r"^(?:then|next|after(?:wards?| that)|and then)$",
    re.IGNORECASE,
)
_PREVIOUS = re.compile(r"^(?:what (?:happened|came|was) )?before (?:that|then|it)$", re.IGNORECASE)
_AFTERTHOUGHT = re.compile(r"\s+(?:exactly|though|then)$", re.IGNORECASE)
_EVENT = re.compile(
    r"\b(?:happen\w*|take place|took place|occur\w*|announced|confirmed|reported|decided|known)$",
    re.IGNORECASE,
)


class Lean(StrEnum):
    """How much a question needs what came before it."""

    NONE = "none"  # it names what it is about
    WEAK = "weak"  # it names nothing; it may be about the subject of the talk
    STRONG = "strong"  # it says nothing without what came before


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a question; `cost` 0 and up, lower is likelier."""

    question: str
    cost: float
    named: str = ""  # the person that stands for a pronoun; empty for any other reading


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a question may mean after what was said."""

    lean: Lean
    readings: tuple[Reading, ...] = ()  # not the question as typed; cheapest first
    cited: tuple[str, ...] = ()  # ids of the articles of the latest answers
    besides: tuple[str, ...] = ()  # answers already given, when others are asked for
    missing: str = ""  # the word that points to nothing


def understand(question: str, history: Sequence[Turn]) -> Understanding:
    """Return the readings of a question after a history of questions and answers.

    Work and memory do not grow with the history: only its last turns count.
    """
    if history and _complete(question):
        return Understanding(Lean.NONE)
    context = context_of(history)
    asked = count_filled(strip_opener(question), context.question)
    found = pronouns(asked)
    if not context.question:
        return Understanding(Lean.NONE, missing=_missing(asked))
    if next((t.low for t in tokens(question) if t.word), "") in FOREIGN:
        return Understanding(Lean.NONE)
    besides = context.said if _ELSE.search(asked) else ()
    readings = [*_unique(_readings(asked, context))][:_READINGS]
    pointing = bool(found) or is_fragment(asked) or bool(_NEXT.match(bare(asked)))
    lean = Lean.STRONG if pointing else Lean.WEAK
    if lean is Lean.WEAK and names(asked) and not opened(question):
        return Understanding(Lean.NONE, besides=besides)
    missing = found[0].token.text if found and not readings else ""
    if lean is Lean.WEAK:
        readings = readings[:1]
    return Understanding(lean, tuple(readings), context.cited, besides, missing)


def _complete(question: str) -> bool:
    """Say whether a question names its subject and has no word that points out of it."""
    pointing = opened(question) or _ELSE.search(question) or is_fragment(question)
    return not pointing and bool(names(question)) and not pronouns(question)


def names_something(question: str, text: str) -> bool:
    """Say whether a question holds a name, with the capitals that its words have in a text."""
    return not opened(question) and bool(names(truecased(question, text)))


def _missing(asked: str) -> str:
    """Return the pronoun of a question that nothing explains, when the question names nothing."""
    persons = (Role.HE, Role.SHE, Role.IT, Role.THEY)
    found = [p for p in pronouns(asked) if p.role in persons and not p.noun]
    if not found or mentions(asked) or len(tokens(asked)) > _LONGEST_DANGLING:
        return ""
    return found[0].token.text


def _unique(readings: Iterator[Reading]) -> Iterator[Reading]:
    seen: set[str] = set()
    for reading in sorted(readings, key=lambda reading: reading.cost):
        key = bare(reading.question).lower()
        if key not in seen:
            seen.add(key)
            yield reading


def _readings(asked: str, context: Context) -> Iterator[Reading]:
    if _NEXT.match(bare(asked)) or _PREVIOUS.match(bare(asked)):
        yield from _sequence(asked, context)
    elif is_fragment(asked):
        yield from _elliptic(asked, context)
    elif found := pronouns(asked):
        if _EVENT.search(bare(asked)) and found[-1].role is Role.IT:
            yield from _event(asked, context)
        rows = filled(asked, found, context)
        for row in rows:
            yield Reading(row.question, row.cost, row.named)
        if not rows and not any(p.role in (Role.HE, Role.SHE) for p in found):
            yield from _about(asked, context, cost=1.0)
    else:
        yield from _about(asked, context)


def _sequence(asked: str, context: Context) -> Iterator[Reading]:
    """Readings of "what happened next": after what was said last, or with its subject."""
    word = "before" if _PREVIOUS.match(bare(asked)) else "after"
    said = statement(context.question, context.answer)
    if said:
        yield Reading(as_question(f"What happened {word} {said}"), 0.0)
    for number, referent in enumerate(context.referents[:2]):
        text = referent.mention.text
        yield Reading(as_question(f"What happened {word} {text}"), 0.5 + number)


def _event(asked: str, context: Context) -> Iterator[Reading]:
    """Readings of "when did it happen": the previous question asked so, or what it said."""
    parts = parse(asked)
    if parts is None:
        return
    verb = bare(asked).split()[-1].lower()
    if verb.startswith(("happen", "occur", "place")):
        swapped = swap_lead(context.question, parts.lead, context.answer)
        if swapped:
            yield Reading(swapped, 0.5)
        return
    said = statement(context.question, context.answer)
    if said:
        yield Reading(as_question(f"{parts.lead} was it {verb} that {said}"), 0.5)


def _elliptic(asked: str, context: Context) -> Iterator[Reading]:
    """Readings of a text without a verb: a new question word, place or thing for the old one."""
    row = [token.low for token in tokens(bare(asked)) if token.word]
    text = re.sub(r"['’]s$", "", bare(asked))
    if row[0] in WH or (len(row) > 1 and row[1] in WH):
        swapped = swap_lead(context.question, _AFTERTHOUGHT.sub("", text), context.answer)
        if swapped:
            yield Reading(swapped, 0.0)
        yield from _about(asked, context, cost=1.0)
        return
    found = pronouns(text)
    whole = filled(text, found, context) if found and row[-1] not in ("one", "ones") else []
    fragment = bare(whole[0].question) if whole else text
    fragment = text if not whole else fragment[:1].lower() + fragment[1:]
    if not mentions(fragment) or row[0] in ("in", "at", "on", "for", "by", "to", "from", "with"):
        fragment = truecased(fragment, context.question)
    if row[0] in ("in", "at", "on", "for", "by", "to", "from", "with", "under", "after", "before"):
        yield Reading(replace_prepositional(context.question, fragment), 0.0)
        return
    yield from _thing(fragment, row, context)


def _thing(fragment: str, row: Sequence[str], context: Context) -> Iterator[Reading]:
    attribute = row[-1] in ATTRIBUTES or ("of" in row[1:2] and row[0] in ATTRIBUTES)
    if attribute:
        yield Reading(as_question(f"What is {_with_topic(fragment, context)}"), 0.0)
    likely = targets(context.question, one_filled(fragment, "thing"))[:2]
    for number, (score, old) in enumerate(likely):
        wanted = replace_mention(context.question, old, one_filled(fragment, old.head))
        yield Reading(wanted, (1.0 if attribute else 0.0) + number + max(0.0, 1.0 - score / 2))
    if not attribute:
        yield Reading(as_question(f"What is {_with_topic(fragment, context)}"), 2.0)


def _with_topic(phrase: str, context: Context) -> str:
    if names(phrase) or not context.referents:
        return phrase
    return f"{phrase} of {context.referents[0].mention.text}"


def _about(asked: str, context: Context, cost: float = 0.0) -> Iterator[Reading]:
    """Readings of a question that names nothing: about each of the latest subjects."""
    known = set(bare(asked).lower().split())
    topics = [r for r in context.referents if _topic(r.mention) and r.mention.head not in known]
    own = {mention.text for mention in names(context.question)}
    topics.sort(key=lambda r: r.distance - (1.5 if r.mention.text in own else 0.0))
    for number, referent in enumerate(topics[:2]):
        yield Reading(_joined(asked, referent.mention), cost + number)


def _topic(mention: Mention) -> bool:
    return mention.proper and mention.kind not in (Kind.TIME, Kind.NUMBER)


def _joined(asked: str, topic: Mention) -> str:
    """Return a question with its subject named: in its last "the …" where it has one."""
    text = bare(asked)
    own = [m for m in mentions(text) if m.text.lower().startswith("the ")]
    if own and len(own[-1].text.split()) == 2 and not _completed(text, own[-1]):
        last = own[-1]
        return as_question(f"{text[: last.end]} of {topic.text}{text[last.end :]}")
    return as_question(f"About {topic.text}: {text[:1].lower()}{text[1:]}")


def _completed(text: str, mention: Mention) -> bool:
    """Say whether more of a phrase, or a verb that it may hold, follows or ends the question."""
    row = tokens(text)
    helped = any(token.low in ("did", "does", "do") for token in row)
    behind = text[mention.end :].split()[:1]
    return (helped and mention.end == len(text)) or behind == ["of"]
