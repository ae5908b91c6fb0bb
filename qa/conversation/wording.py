"""Surgery on questions: another question word, another name in the old question.

Plain functions from text to text. What comes out need not be elegant: it is shown as "understood
as", searched for, and read with the passages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.conversation.english import (
    AUXILIARIES,
    BREAKS,
    DETERMINERS,
    INSIDE_LEAD,
    IRREGULAR,
    OWNING,
    POINTING,
    PREPOSITIONS,
    PRONOUNS,
    WH,
)
from qa.conversation.mentions import Kind, Mention, mentions
from qa.conversation.tokens import Token, tokens

_DETERMINERS = DETERMINERS | POINTING | OWNING
_OPENER = re.compile(
    r"^(?:(?:and|but|so|ok|okay|well|also|hm+|then|now|right|oh)\b[\s,]*)+", re.IGNORECASE
)
_ABOUT = re.compile(r"^(?:what|how) about\b\s*|^same for\b\s*|^in the case of\b\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wh:
    """A question in parts: "How many seats" + "did" + "Labour win"."""

    lead: str  # the question word and what belongs to it
    auxiliary: str  # empty when the question word is the subject of a full verb
    rest: str  # without the question mark


def strip_opener(question: str) -> str:
    """Return a question without "and", "but", "what about" before it."""
    bare = _OPENER.sub("", question.strip())
    return _ABOUT.sub("", bare) or question.strip()


def opened(question: str) -> bool:
    """Say whether a question begins as the continuation of another."""
    return strip_opener(question) != question.strip()


def bare(question: str) -> str:
    """Return a question without its closing marks."""
    return question.strip().rstrip("?!. ").strip()


def as_question(text: str) -> str:
    """Return a text with a capital in front and a question mark behind."""
    text = " ".join(text.split()).rstrip("?!., ")
    return f"{text[:1].upper()}{text[1:]}?"


def parse(question: str) -> Wh | None:
    """Split a question at its question word; None when none stands in front."""
    text = bare(question)
    row = tokens(text)
    start = 1 if len(row) > 1 and row[0].low in PREPOSITIONS else 0
    if start >= len(row) or row[start].low not in WH:
        return None
    at = start + 1
    while at < len(row) and row[at].low not in AUXILIARIES:
        stops = row[at].low in _DETERMINERS or row[at].low in PREPOSITIONS - {"of", "than"}
        if stops and (row[start].low in ("who", "whom") or not _helped(row[at:])):
            break
        at += 1
    if at < len(row) and row[at].low in AUXILIARIES:
        lead, rest = text[: row[at - 1].end], text[row[at].end :].strip()
        return Wh(lead, row[at].text, rest)
    at = _main_verb(row, start)
    return Wh(text[: row[at - 1].end], "", text[row[at - 1].end :].strip())


def _helped(row: Sequence[Token]) -> bool:
    return any(token.low in ("do", "does", "did") for token in row)


def _main_verb(row: Sequence[Token], start: int) -> int:
    """Return the token at which the verb of a question without auxiliary begins."""
    first = start + 1
    if row[start].low in ("who", "whom") or first >= len(row):
        return min(first + (first < len(row) and row[first].low == "else"), len(row))
    for at in range(first, len(row)):
        if (at > first and row[at].low in IRREGULAR) or row[at].low.endswith("ed"):
            return at
    named = row[start].low in ("what", "which") and len(row) > first + 2
    return first + (named and row[first].low not in BREAKS)


def swap_lead(previous: str, lead: str, answer: str) -> str | None:
    """Return the previous question with another question word: "When was …", from "Who …".

    `answer` is the previous answer; it fills the place that its own question word leaves.
    """
    parts = parse(previous)
    lead = bare(lead)
    if parts is None:
        first = tokens(previous)[0].low if tokens(previous) else ""
        if first not in AUXILIARIES:
            return None
        return as_question(f"{lead} {previous[:1].lower()}{previous[1:]}")
    asks_subject = _same_role(lead, parts.lead) and lead.split()[-1] not in parts.rest.split()
    if not parts.auxiliary:
        if asks_subject:
            return as_question(f"{lead} {parts.rest}")
        doer = answer or "they"
        return as_question(f"{lead} was it that {doer} {parts.rest}")
    rest = parts.rest
    last = tokens(rest)[-1].low if tokens(rest) else ""
    if not asks_subject and answer:
        if last in PREPOSITIONS and _asks_thing(parts.lead):
            rest = f"{rest} {answer}"
        elif _lead_is_subject(parts):
            rest = f"{answer} {rest}"
    return as_question(f"{lead} {parts.auxiliary} {rest}")


def _asks_thing(lead: str) -> bool:
    """Say whether a question word asks for a subject or an object."""
    return lead.lower().startswith(("who", "what", "which", "how many", "how much"))


def _same_role(new: str, old: str) -> bool:
    """Say whether a question word can stand where the old one stood."""
    return _asks_thing(new) and _asks_thing(old)


def _lead_is_subject(parts: Wh) -> bool:
    """Say whether "Who was" goes on without a subject of its own: "Who was in charge"."""
    row = tokens(parts.rest)
    if not row or not _asks_thing(parts.lead):
        return False
    first = row[0]
    return not first.capital and (
        first.low in PREPOSITIONS or (first.low.endswith("ed") and len(row) > 1)
    )


def count_filled(question: str, previous: str) -> str:
    """Return "how many did he win" as "how many goals did he win", by the previous question."""
    row, parts = tokens(question), parse(previous)
    counted = parts.lead.split() if parts else []
    same = [word.lower() for word in counted[:2]] == ["how", "many"]
    if not same or [token.low for token in row[:2]] != ["how", "many"] or not _helped(row[2:3]):
        return question
    return f"{question[: row[1].end]} {' '.join(counted[2:])}{question[row[1].end :]}"


def statement(previous: str, answer: str) -> str | None:
    """Return what a question and its answer say together: "security forces killed him"."""
    parts = parse(previous)
    if parts is None or parts.auxiliary or not answer or not parts.rest:
        return None
    return f"{answer} {parts.rest}"


def replace_prepositional(previous: str, fragment: str) -> str:
    """Return the previous question with "in Syria" in the place of its own "in …"."""
    text = bare(previous)
    row, wanted = tokens(text), tokens(fragment)[0].low
    alike = {"in", "at", "on"} if wanted in ("in", "at", "on") else {wanted}
    for word in ({wanted}, alike):
        for at in range(len(row) - 1, 0, -1):
            if row[at].low not in word or at + 1 >= len(row):
                continue
            phrase = next((m for m in mentions(text) if m.start == row[at + 1].start), None)
            if phrase and not (phrase.kind is Kind.TIME and row[at].low == "in"):
                return as_question(f"{text[: row[at].start]}{fragment}{text[phrase.end :]}")
    return as_question(f"{text} {fragment}")


def replace_mention(previous: str, old: Mention, new: str) -> str:
    """Return the previous question with another name in the place of `old`."""
    return as_question(f"{previous[: old.start]}{new}{previous[old.end :]}")


def targets(previous: str, fragment: str) -> list[tuple[float, Mention]]:
    """Return the phrases of the previous question that a fragment may replace, best first.

    The score, 0 and up, counts what the two have in common: head, kind, name, number.
    """
    new = next(iter(mentions(fragment)), None)
    if new is None and fragment == fragment.lower():
        new = next(iter(mentions(f"the {fragment}")), None)
    scored = [(_likeness(old, new, fragment), old) for old in mentions(bare(previous))]
    return sorted(scored, key=lambda pair: -pair[0])


def _likeness(old: Mention, new: Mention | None, fragment: str) -> float:
    if new is None:  # lower case and no determiner: most likely a name
        return (2.0 if old.proper else 0.5) + (0.5 if old.head == fragment.split()[-1] else 0.0)
    score = 3.0 * (old.head == new.head) + 1.0 * (old.proper == new.proper)
    score += 2.0 * (old.kind is new.kind) + 0.5 * (old.plural == new.plural)
    complement = " of " in f" {fragment} " or " in " in f" {fragment} "
    wide = old.text.lower().split()[-1] != old.head and not old.text.lower().endswith(old.head)
    return score + (0.6 if wide == complement else 0.0)


def one_filled(fragment: str, noun: str) -> str:
    """Return a fragment with "one", "those", "that of" made a noun: "the injected vaccine"."""
    text = re.sub(r"\b(the|that|this)\s+ones?\b", rf"the {noun}", fragment, flags=re.I)
    text = re.sub(r"\bones?\b", noun, text, flags=re.I)
    return re.sub(r"\b(those|that)\b(?=\s+(?:of|in|from|at|on)\b)", f"the {noun}", text, flags=re.I)


def is_fragment(question: str) -> bool:
    """Say whether a text has no verb of its own: "in Syria", "the lander", "why", "by whom"."""
    row = [token for token in tokens(bare(question)) if token.word]
    if not row:
        return False
    words = [token.low for token in row]
    if any(word in AUXILIARIES for word in words):
        return False
    if words[0] in WH or (len(words) > 1 and words[0] in PREPOSITIONS and words[1] in WH):
        return _bare_wh(words)
    verbs = (BREAKS - PREPOSITIONS - PRONOUNS - WH) - _DETERMINERS - {"not", "and", "or", "more"}
    inside = words[1:] if words[0] in ("most", "other", "last", "first") else words
    return len(words) <= 7 and not any(word in verbs and len(word) > 3 for word in inside[:1])


def _bare_wh(words: Sequence[str]) -> bool:
    """Say whether words that hold a question word hold no verb: "in which city", "how many"."""
    at = next(i for i, word in enumerate(words) if word in WH)
    behind = words[at + 1 :]
    if not behind:
        return True
    if words[at] == "when" and set(behind) <= {"to", "until", "till", "when"}:
        return True
    if words[at] in ("who", "whom", "why", "when", "where"):
        return len(behind) == 1 and behind[0] in ("else", "exactly", "not", "though", "from")
    if len(behind) > 3 or any(w in BREAKS and w not in INSIDE_LEAD for w in behind):
        return False
    return not any(word.endswith("ed") or word in IRREGULAR for word in behind)
