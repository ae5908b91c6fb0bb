"""Pronouns of a question that point out of it, and what each can stand for.

A pronoun that its own question explains ("When did Armstrong say that he …") is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa.conversation.english import (
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
from qa.conversation.gender import Gender
from qa.conversation.mentions import Kind, Mention, mentions
from qa.conversation.tokens import Token, tokens
from qa.conversation.wording import bare


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
ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A pronoun in a question that nothing in the question explains."""

    token: Token
    role: Role
    possessive: bool = False
    noun: str = ""  # of "that year", "the new one": what is spoken of
    end: int = 0  # where the words that it replaces end


def pronouns(question: str) -> list[Pronoun]:
    """Return the pronouns that point out of the question, from left to right."""
    row = [token for token in tokens(bare(question)) if token.word]
    found = []
    for i, token in enumerate(row):
        role = ROLE_OF.get(token.low)
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
        counted = row[0].low == "how"
        exists = before in AUXILIARIES and (behind in EXISTENTIAL or behind not in BREAKS)
        return (exists or (counted and before in AUXILIARIES)) and bool(behind)
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
    kinds = [m for m in mentions(question[: row[until].start]) if agrees(role, m) > 0]
    lower = [
        at
        for at in range(1, until)
        if row[at - 1].low in AUXILIARIES and row[at].low not in BREAKS | set(ROLE_OF)
    ]
    return bool(kinds) or (bool(lower) and until > lower[0] + 1 and role is not Role.IT)


def agrees(role: Role, mention: Mention) -> int:
    """Return how well a mention fits a role: 0 not, 1 perhaps, 2 well."""
    kind, plural = mention.kind, mention.plural
    if role in (Role.HE, Role.SHE):
        wrong = Gender.FEMALE if role is Role.HE else Gender.MALE
        if plural or mention.gender is wrong:
            return 0
        if kind is Kind.NAME:
            return 0 if mention.text.lower().startswith("the ") else 1
        return 2 if kind is Kind.PERSON else 0
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
    return 2 if kind is Kind.THING else 0
