"""Evidence for each reading of a question → the answer of the best, or the question back.

A reading's score is the log-odds of its answer's confidence less what its rules make it cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.conversation import Lean, Understanding
from qa.scoring import Confidence
from qa.selector import Evidence, normalised, select
from qa.values import Answer, Outcome

READING_COST = 0.8  # log-odds that one step of a reading's cost takes
TYPED_COST = {Lean.STRONG: 3.0, Lean.WEAK: 0.0, Lean.NONE: 0.0}  # log-odds, for the words as typed
WEAK_COST = 0.5  # log-odds that a reading of a whole question costs beside the words as typed
SHARE = 2  # passages of each reading that come from the articles just cited
_CLOSE = 0.3  # log-odds within which two readings are equally good
_ALIKE = 0.6  # steps of cost within which the rules prefer neither


@dataclass(frozen=True, slots=True)
class Read:
    """What was found for one reading of a question."""

    evidence: Evidence
    cost: float  # log-odds
    typed: bool = False  # the question as it was typed


def reading_costs(understood: Understanding) -> list[float]:
    """Return the costs of the question as typed and of each reading, in log-odds."""
    extra = WEAK_COST if understood.lean is Lean.WEAK else 0.0
    return [
        TYPED_COST[understood.lean],
        *(extra + READING_COST * reading.cost for reading in understood.readings),
    ]


def reading_limits(understood: Understanding) -> list[int]:
    """Return how many passages are read for the question as typed and for each reading."""
    typed = 10 if understood.lean is not Lean.STRONG else 3
    return [typed, *([6, 4, 3][: len(understood.readings)])]


def choose(typed: str, reads: Sequence[Read], besides: Sequence[str], model: Confidence) -> Answer:
    """Return the answer of the reading that the articles speak for, to the question as typed."""
    answers = [select(_without(read.evidence, besides), model) for read in reads]
    scores = [
        _log_odds(answer.confidence) - read.cost
        for answer, read in zip(answers, reads, strict=True)
    ]
    order = sorted(range(len(reads)), key=lambda i: -scores[i])
    best = answers[order[0]]
    return replace(best, question=typed)


def _without(evidence: Evidence, besides: Sequence[str]) -> Evidence:
    """Return the evidence without spans that say again what was said."""
    known = {normalised(text) for text in besides}
    kept = [span for span in evidence.spans if normalised(span.text) not in known]
    return replace(evidence, spans=kept) if known else evidence


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
