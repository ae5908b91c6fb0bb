"""Pronouns → whom they may mean, and the question with the names put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from qa.conversation.context import Context, Referent
from qa.conversation.english import BREAKS, PREPOSITIONS
from qa.conversation.mentions import Kind, Mention, mentions
from qa.conversation.pronouns import ROLE_OF, Pronoun, Role, agrees
from qa.conversation.tokens import tokens
from qa.conversation.wording import as_question

_EACH = 3  # candidates of one pronoun
_MOST = 4  # readings of a question
_FILLED = 3  # pronouns of a question that get a name; further ones stay
_LEFT_ALONE = 4.0  # what a pronoun costs that gets no name
_OTHER_GENDER = 2.0  # what it costs that the text seems to say "he" where "she" is asked
_UNSURE = 1.5  # what a doubtful agreement costs, in steps of distance


@dataclass(frozen=True, slots=True)
class Filled:
    """A question with its pronouns filled in; `cost` as `Referent.distance`, 0 and up."""

    question: str
    cost: float
    named: str  # the person put in for "he" or "she"; empty for anything else


def candidates(pronoun: Pronoun, context: Context) -> list[tuple[float, Referent]]:
    """Return the referents that a pronoun may mean with their costs, lowest first."""
    found = []
    others = []  # persons whom the text calls by the other pronoun, as far as it can be told
    for referent in context.referents:
        mention = referent.mention
        if pronoun.role in (Role.HE, Role.SHE) and mention.kind is Kind.PERSON:
            others.append((referent.distance + _OTHER_GENDER, referent))
        noun = pronoun.noun
        fits = _fits_noun(noun, referent) if noun else agrees(pronoun.role, mention)
        if fits and mention.text.lower() not in ROLE_OF:
            doubt = _UNSURE + (pronoun.role in (Role.HE, Role.SHE))
            found.append((referent.distance + doubt * (2 - fits), referent))
    if pronoun.role is Role.THEY and not pronoun.noun:
        found += _pairs(context)
    if not found:
        found = [pair for pair in others if pair[1].mention.proper and not pair[1].mention.plural]
    found.sort(key=lambda pair: pair[0])
    return found[:_EACH]


def _pairs(context: Context) -> list[tuple[float, Referent]]:
    """Return the two persons named last as one: "Armstrong and Aldrin"."""
    persons = [r for r in context.referents if r.mention.kind is Kind.PERSON and r.mention.proper]
    single = [r for r in persons if not r.mention.plural][:2]
    if len(single) < 2:
        return []
    text = f"{single[1].mention.text} and {single[0].mention.text}"
    both = Mention(text, Kind.PERSON, True, 0, len(text))
    distance = single[1].distance + 0.5
    return [(distance, Referent(both, distance))]


def _fits_noun(noun: str, referent: Referent) -> int:
    """Return how well a mention fits "that NOUN": the same word, or the same kind."""
    mention = referent.mention
    if noun in (mention.head, *mention.text.lower().split()):
        return 2
    named = mentions(f"the {noun}")
    kind = named[0].kind if named else Kind.THING
    if kind is Kind.THING:
        return 1 if mention.proper and mention.kind in (Kind.NAME, Kind.THING) else 0
    return 2 if kind is mention.kind else 0


def filled(question: str, found: Sequence[Pronoun], context: Context) -> list[Filled]:
    """Return the question with each choice of names for its pronouns, cheapest first.

    Pronouns of one role share a name, but "he" and "him" of one clause do not.
    """
    found = found[:_FILLED]
    options: list[list[tuple[float, Referent | None]]] = [
        [*candidates(pronoun, context), (_LEFT_ALONE, None)] for pronoun in found
    ]
    rows = []
    for choice in product(*options):
        named = [referent.mention.text if referent else "" for _, referent in choice]
        if not any(named) or _clash(found, named):
            continue
        cost = max(cost for cost, _ in choice) + 0.25 * sum(cost for cost, _ in choice)
        cost += 2.0 * _torn(found, named)
        person = named[0] if found[0].role in (Role.HE, Role.SHE) else ""
        rows.append(Filled(_put(question, found, named), cost, person))
    return sorted(rows, key=lambda row: row.cost)[:_MOST]


def _clash(found: Sequence[Pronoun], named: Sequence[str]) -> bool:
    """Say whether subject and object of a clause, "did he call him", got one name."""
    return any(
        named[i] and named[i] == named[j] and {"he", "him"} <= {a.token.low, b.token.low}
        for i, a in enumerate(found)
        for j, b in enumerate(found)
        if i < j
    )


def _torn(found: Sequence[Pronoun], named: Sequence[str]) -> int:
    """Return how many pronouns of one word, "he … he", got different names."""
    return sum(
        found[i].token.low == found[j].token.low and named[i] != named[j]
        for i in range(len(found))
        for j in range(i)
    )


def _put(question: str, found: Sequence[Pronoun], named: Sequence[str]) -> str:
    text = question
    for pronoun, name in reversed(list(zip(found, named, strict=True))):
        if name:
            text = _replaced(text, pronoun, name)
    return as_question(text)


def _replaced(text: str, pronoun: Pronoun, name: str) -> str:
    before, behind = text[: pronoun.token.start], text[pronoun.end :]
    last = tokens(before)[-1].low if tokens(before) else ""
    if pronoun.role is Role.THERE and last not in PREPOSITIONS:
        name = f"in {name}"
    elif pronoun.role is Role.THEN:
        name = name if last in PREPOSITIONS else f"in {name}"
    elif pronoun.possessive and pronoun.role is Role.IT:
        noun = _noun_behind(behind)
        return f"{before}the {noun} of {name}{behind[len(noun) + 1 :]}" if noun else text
    elif pronoun.possessive:
        name = f"{name}'" if name.endswith("s") and pronoun.role is Role.THEY else f"{name}'s"
    elif pronoun.role is Role.ONE:
        name = Mention(name, Kind.THING, False, 0, 0).head
    return f"{before}{name}{behind}"


def _noun_behind(text: str) -> str:
    """Return the words of the noun phrase with which a text begins."""
    row, end = tokens(text), 0
    for token in row:
        if not token.word or token.low in BREAKS:
            break
        end = token.end
    return text[:end].strip()
