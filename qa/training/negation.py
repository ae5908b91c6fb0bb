"""A rule that puts a negation into a question, or takes one out."""

from __future__ import annotations

import re

from qa.training.passages import Case

_NEGATED = re.compile(r" not\b| never\b|n['’]t\b")
_WHOLE = {"can't": "cann't", "won't": "willn't", "cannot": "can not"}
_AUXILIARY = re.compile(
    r"\b(did|does|do|was|were|is|are|has|had|have|can|could|would|should|will)(?= )", re.I
)
_SHORT = {"can": "can't", "will": "won't"}
_OWNS = {"has": "doesn't have", "have": "don't have", "had": "didn't have"}
_SUBJECT = re.compile(r" (?:[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*|he|she|it|they|people)(?= [a-z]{3,})")
_NOT_VERB = re.compile(r" (?:and|or|of|in|on|at|for|the|to|by|from|with|s|as|who|that|which)\b")
_PARTICIPLE = re.compile(
    r" (?:\w{2,}ed|built|made|held|born|found|sold|won|known|given|written|taken|sent|seen|shown"
    r"|put|set|lost|led|begun|chosen|spoken|worn|been|spoke|brought|taught|caught|thought|considered)\b"
)
_NOT_AUXILIARY = r"(?!was|were|is|are|has|had|have|did|can)"
_SUBJECT_ASKED = re.compile(
    rf"^(?:Who|What|Which(?: {_NOT_AUXILIARY}\w+){{1,2}}|What {_NOT_AUXILIARY}\w+)"
    r"(?= (?:\w{2,}[^e\W]ed|wrote|won|made|led|became|held|gave|took|built|said|ran|sold|bought"
    r"|fought|began|found|spoke|came|went|saw|met|sang|designed)\b)"
)
# The rest of a share follows from it; "how tall wasn't" asks nothing; "although … not" is aside.
_NO_SENSE = re.compile(
    r"\b(?:percent|percentage|fraction|proportion|share|although|while)\b"
    r"|\bhow (?:tall|long|old|far|large|big|high|deep|wide|fast|hot|cold|heavy|much)\b",
    re.I,
)
_YEAR = re.compile(r"(?<= in )(?=\d{4}\b)|(?<=^In )(?=\d{4}\b)")


def negation(case: Case) -> str | None:
    """Put in "not", "n't", "never" or "except", or take a negation out."""
    question = case.question
    if _NO_SENSE.search(question):
        return None
    for short, whole in _WHOLE.items():
        question = question.replace(short, whole)
    if _NEGATED.search(question):
        return _NEGATED.sub("", question, count=1)
    year = _YEAR.search(question)
    if year and case.rng.random() < 0.15:
        return f"{question[: year.start()]}every year except {question[year.start() :]}"
    asked = _SUBJECT_ASKED.match(question)
    if asked:
        return f"{asked[0]} never{question[asked.end() :]}"
    place = _AUXILIARY.search(question)
    if place is None or place.start() == 0:
        return None
    return question[: place.start()] + _negated(case, place[0], question[place.end() :])


def _negated(case: Case, word: str, after: str) -> str:
    """Return the auxiliary and what follows it, negated."""
    if word in _OWNS and not _PARTICIPLE.search(after):
        return _OWNS[word] + after
    if word not in ("did", "does", "do") and _PARTICIPLE.match(after):
        return f"{word} {case.rng.choice(('not', 'never'))}{after}"
    subject = _SUBJECT.match(after)
    if subject and word in ("did", "does", "do") and not _NOT_VERB.match(after[subject.end() :]):
        plain = case.rng.choice(("not", "never", ""))
        if plain:
            return f"{word}{subject[0]} {plain}{after[subject.end() :]}"
    return _SHORT.get(word, f"{word}n't") + after
