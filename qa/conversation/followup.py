"""Evidence for each reading of a question → the answer of the best, or the question back.

A reading's score is the log-odds of its answer's confidence less what its rules make it cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.conversation.understanding import Lean, Understanding
from qa.scoring import Confidence
from qa.selector import Evidence, normalised, select
from qa.values import Answer, Outcome

READING_COST = 0.7  # log-odds that one step of a reading's cost takes
TYPED_COST = {Lean.STRONG: 3.0, Lean.WEAK: 0.0, Lean.NONE: 0.0}  # log-odds, for the words as typed
WEAK_COST = 0.5  # log-odds that a reading of a whole question costs beside the words as typed
SHARE = 0.67  # of the passages of each reading come from the articles just cited
_STRONG_LIMITS = (2, 6, 2, 2)  # passages read for the words as typed, then for each reading
_WEAK_LIMITS = (8, 4)
_CLOSE = 0.3  # log-odds within which two readings are equally good
_ALIKE = 0.6  # steps of cost within which the rules prefer neither


@dataclass(frozen=True, slots=True)
class Read:
    """What was found for one reading of a question."""

    evidence: Evidence
    cost: float  # log-odds
    named: str = ""  # the name of a person that the reading puts in


def weighed(evidence: Sequence[Evidence], understood: Understanding) -> list[Read]:
    """Return the evidence for the question as typed, then for each reading, with its cost."""
    extra = WEAK_COST if understood.lean is Lean.WEAK else 0.0
    typed, *others = evidence
    return [
        Read(typed, TYPED_COST[understood.lean]),
        *(
            Read(found, extra + READING_COST * reading.cost, reading.named)
            for found, reading in zip(others, understood.readings, strict=True)
        ),
    ]


def reading_limits(understood: Understanding) -> list[int]:
    """Return how many passages are read for the question as typed and for each reading."""
    typed, *others = _STRONG_LIMITS if understood.lean is Lean.STRONG else _WEAK_LIMITS
    return [typed, *others[: len(understood.readings)]]


def choose(
    typed: str, reads: Sequence[Read], understood: Understanding, model: Confidence
) -> Answer:
    """Return the answer of the reading that the articles speak for, to the question as typed.

    When two readings that name different things do equally well, the question goes back.
    """
    lean, besides = understood.lean, understood.besides
    answers = [select(_without(read.evidence, besides), model) for read in reads]
    scores = [
        _log_odds(answer.confidence) - read.cost
        for answer, read in zip(answers, reads, strict=True)
    ]
    order = sorted(range(len(reads)), key=lambda i: -scores[i])
    first = order[0]
    if lean is Lean.WEAK and answers[first].outcome is Outcome.NOT_FOUND:
        return replace(answers[0], question=typed)  # nothing speaks for another reading
    best = replace(answers[first], question=typed)
    for i in order[1:]:
        if scores[first] - scores[i] <= _CLOSE and _rivals(reads, answers, first, i):
            return _ask_back(best, [reads[j].evidence.question for j in sorted((first, i))])
    return best


def _rivals(reads: Sequence[Read], answers: Sequence[Answer], i: int, j: int) -> bool:
    """Say whether two readings name different things that the rules cannot part."""
    one, other = reads[i], reads[j]
    if not one.named or not other.named or abs(one.cost - other.cost) > _ALIKE * READING_COST:
        return False
    texts = [normalised(answers[at].text) for at in (i, j)]
    found = all(answers[at].outcome is Outcome.ANSWERED for at in (i, j))
    related = not set(one.named.lower().split()).isdisjoint(other.named.lower().split())
    return found and not related and texts[0] not in texts[1] and texts[1] not in texts[0]


def _ask_back(best: Answer, readings: Sequence[str]) -> Answer:
    return replace(
        best,
        outcome=Outcome.AMBIGUOUS,
        text="",
        citations=(),
        alternatives=(),
        interpreted_question=best.question,
        notice="This can be understood in more than one way. Which do you mean?",
        readings=tuple(readings),
    )


def points_nowhere(answer: Answer, word: str) -> Answer:
    """Return the answer to a question whose pronoun stands for nothing that was said."""
    return replace(
        answer,
        outcome=Outcome.NOT_FOUND,
        text="",
        citations=(),
        alternatives=(),
        notice=f"Nothing before says what “{word}” stands for; ask again with the name.",
    )


def _without(evidence: Evidence, besides: Sequence[str]) -> Evidence:
    """Return the evidence without spans that say again what was said."""
    known = {normalised(text) for text in besides}
    kept = [span for span in evidence.spans if normalised(span.text) not in known]
    return replace(evidence, spans=kept) if known else evidence


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
