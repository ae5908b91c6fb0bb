"""Pronouns of a question, whom they may mean, and the question with the names put in.

A pronoun that its own question explains ("When did Armstrong say that he …") is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from qa.context import Context, Referent
from qa.english import (
    AUXILIARIES,
    BREAKS,
    EXISTENTIAL,
    IMPERSONAL,
    OWNING,
    POINTING,
    PREPOSITIONS,
    SUBORDINATE,
    WH,
)
from qa.mentions import Gender, Kind, Mention, Token, mentions, tokens
from qa.wording import as_question, bare

_EACH = 3  # candidates of one pronoun
_MOST = 4  # readings of a question
_LEFT_ALONE = 4.0  # what a pronoun costs that gets no name
_OTHER_GENDER = 2.0  # what it costs that the text seems to say "he" where "she" is asked
_UNSURE = 1.5  # what a doubtful agreement costs, in steps of distance


class Role(StrEnum):
    """What a pronoun can stand for."""

    HE = "he"
    SHE = "she"
    IT = "it"
    THEY = "they"
    THERE = "there"
    THEN = "then"
    ONE = "one"


_ROLES = {
    Role.HE: "he him his",
    Role.SHE: "she her hers",
    Role.IT: "it its this that",
    Role.THEY: "they them their theirs these those",
    Role.THERE: "there",
    Role.THEN: "then",
    Role.ONE: "one ones",
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A pronoun in a question that nothing in the question explains."""

    token: Token
    role: Role
    possessive: bool = False
    noun: str = ""  # of "that year", "the new one": what is spoken of
    end: int = 0  # where the words that it replaces end


@dataclass(frozen=True, slots=True)
class Filled:
    """A question with its pronouns filled in; `cost` as `Referent.distance`, 0 and up."""

    question: str
    cost: float
    named: str  # the person put in for "he" or "she"; empty for anything else


def pronouns(question: str) -> list[Pronoun]:
    """Return the pronouns that point out of the question, from left to right."""
    row = [token for token in tokens(bare(question)) if token.word]
    found = []
    for i, token in enumerate(row):
        role = _ROLE_OF.get(token.low)
        if role is None or _empty(row, i, role) or _bound(row, i, role, question):
            continue
        behind = row[i + 1] if i + 1 < len(row) else None
        noun = behind is not None and _nounlike(behind)
        helped = any(other.low in ("do", "does", "did") for other in row[:i])
        if token.low in POINTING and helped and i + 2 >= len(row):
            noun = False  # "why did that matter"
        if token.low in POINTING and noun and behind:
            end = behind.end
            low = "" if behind.low in ("one", "ones") else behind.low
            found.append(Pronoun(token, role, noun=low, end=end))
        elif not (role is Role.ONE and i and row[i - 1].low in POINTING):
            found.append(Pronoun(token, role, token.low in OWNING and noun, end=token.end))
    return found


def _nounlike(token: Token) -> bool:
    if token.low in ("one", "ones") or token.capital:
        return True
    return token.low not in BREAKS and not token.low.endswith("ed")


def _empty(row: Sequence[Token], i: int, role: Role) -> bool:
    """Say whether a pronoun means nothing: "is there a", "did it take to", "said that he"."""
    low = row[i].low
    before = row[i - 1].low if i else ""
    behind = row[i + 1].low if i + 1 < len(row) else ""
    rest = [token.low for token in row[i + 1 :]]
    if role is Role.THERE:
        exists = before in AUXILIARIES and (behind in EXISTENTIAL or behind not in BREAKS)
        return exists and bool(behind)
    if role is Role.THEN:
        return i == 0 or bool(behind)
    if role is Role.ONE:
        return before not in ("the", "new", "old", "other", "first", "second") and i != len(row) - 1
    if low == "it":
        takes = behind in ("take", "cost") and "to" in rest
        return takes or behind == "that" or (before in AUXILIARIES and behind in IMPERSONAL)
    if low in POINTING:
        clause = before not in AUXILIARIES | PREPOSITIONS and behind not in ("", "one", "ones")
        verb = behind in AUXILIARIES and before in WH
        return low == "that" and clause and i > 0 and not verb
    return False


def _bound(row: Sequence[Token], i: int, role: Role, question: str) -> bool:
    """Say whether a noun or name before it in its own question explains a pronoun.

    A possessive may belong to a noun of its own clause; another pronoun only to one of an
    earlier clause ("When did Armstrong say that he", but not "Who asked Murrow about him").
    """
    if role not in (Role.HE, Role.SHE, Role.IT, Role.THEY):
        return False
    until = i
    if row[i].low not in OWNING:
        inside = [at for at in range(1, i) if row[at].low in SUBORDINATE]
        if not inside:
            return False
        until = inside[-1]
    kinds = [m for m in mentions(question[: row[until].start]) if _agrees(role, m) > 0]
    lower = [
        at
        for at in range(1, until)
        if row[at - 1].low in AUXILIARIES and row[at].low not in BREAKS | set(_ROLE_OF)
    ]
    return bool(kinds) or (bool(lower) and until > lower[0] + 1 and role is not Role.IT)


def _agrees(role: Role, mention: Mention) -> int:
    """Return how well a mention fits a role: 0 not, 1 perhaps, 2 well."""
    kind, plural = mention.kind, mention.plural
    if role in (Role.HE, Role.SHE):
        wrong = Gender.FEMALE if role is Role.HE else Gender.MALE
        if plural or mention.gender is wrong or kind not in (Kind.PERSON, Kind.NAME):
            return 0
        return 2 if kind is Kind.PERSON else 1
    if role is Role.THEY:
        if plural:
            return 2 if kind is not Kind.NUMBER else 1
        return {Kind.GROUP: 2, Kind.NAME: 1}.get(kind, 0)
    if role is Role.IT:
        if plural or kind in (Kind.PERSON, Kind.TIME, Kind.NUMBER):
            return 0
        return 1 if kind is Kind.PLACE else 2
    if role is Role.THERE:
        return {Kind.PLACE: 2, Kind.GROUP: 1, Kind.NAME: 1, Kind.THING: 1}.get(kind, 0)
    if role is Role.THEN:
        return 2 if kind is Kind.TIME else 0
    return 2 if kind is Kind.THING or not mention.proper else 1


def candidates(pronoun: Pronoun, context: Context) -> list[tuple[float, Referent]]:
    """Return the referents that a pronoun may mean with their costs, lowest first."""
    found = []
    others = []  # persons whom the text calls by the other pronoun, as far as it can be told
    for referent in context.referents:
        mention = referent.mention
        if pronoun.role in (Role.HE, Role.SHE) and mention.kind is Kind.PERSON:
            others.append((referent.distance + _OTHER_GENDER, referent))
        if pronoun.noun:
            fits = _fits_noun(pronoun.noun, referent)
        else:
            fits = _agrees(pronoun.role, mention)
        if fits and mention.text.lower() not in _ROLE_OF:
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
