"""The figures that answers are judged by; numpy only, nothing here knows an index or a model.

Text: Rajpurkar et al. 2016 and 2018 (SQuAD 1.1 and 2.0), as the official 2.0 script counts.
Retrieval: recall at k; mean reciprocal rank, Voorhees 1999 (TREC-8).
Confidence: risk–coverage, El-Yaniv and Wiener 2010; AUROC, Hanley and McNeil 1982; expected
calibration error, Guo et al. 2017.

A figure over no cases is None, never 0 or NaN.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RIGHT_F1 = 0.5  # an answer counts as right from this F1 with an accepted answer on

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Return the text in lower case without ASCII punctuation, a/an/the and extra spaces."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(text: str, accepted: Sequence[str]) -> float:
    """Return 1.0 when the normalised text equals one of the accepted answers, else 0.0.

    No accepted answer, or none that is left after normalising, means that "" is the answer.
    """
    wanted = normalise(text)
    return float(any(normalise(answer) == wanted for answer in _gold(accepted)))


def f1(text: str, accepted: Sequence[str]) -> float:
    """Return the best token F1, 0..1, of the text with one of the accepted answers."""
    return max(_token_f1(text, answer) for answer in _gold(accepted))


def _gold(accepted: Sequence[str]) -> Sequence[str]:
    return [answer for answer in accepted if normalise(answer)] or [""]


def _token_f1(text: str, answer: str) -> float:
    found, wanted = normalise(text).split(), normalise(answer).split()
    if not found or not wanted:
        return float(found == wanted)
    common = sum((Counter(found) & Counter(wanted)).values())
    return 2 * common / (len(found) + len(wanted))


def mean(values: Iterable[float]) -> float | None:
    """Return the mean, or None when there are no values."""
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def recall_at(ranks: Sequence[int | None], k: int) -> float | None:
    """Return the share of questions whose first hit has rank 1..k; None is no hit at all."""
    return mean(float(rank is not None and rank <= k) for rank in ranks)


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float | None:
    """Return the mean of 1/rank of the first hit, 0 where there is none; 0..1."""
    return mean(0.0 if rank is None else 1 / rank for rank in ranks)


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's answer, judged: what abstention is measured from."""

    answerable: bool
    answered: bool  # False when the assistant refused, whatever candidate it showed
    exact: float  # of the best text with the accepted answers; meaningless when not answerable
    f1: float

    @property
    def right(self) -> bool:
        """True when the best text, shown as the answer or not, is right."""
        return self.answerable and self.f1 >= RIGHT_F1


@dataclass(frozen=True, slots=True)
class Abstention:
    """What refusing does; every figure 0..1, or None over no cases."""

    answered: float | None  # share of all questions
    precision: float | None  # share of the answered that are right
    answerable_refused: float | None  # lower is better
    unanswerable_refused: float | None  # higher is better
    exact: float | None  # SQuAD 2.0: a refusal is the text ""
    f1: float | None


def abstention(judged: Sequence[Judged]) -> Abstention:
    """Return the figures of a run in which the assistant was free to refuse."""
    answered = [one for one in judged if one.answered]
    return Abstention(
        answered=mean(one.answered for one in judged),
        precision=mean(one.right for one in answered),
        answerable_refused=mean(not one.answered for one in judged if one.answerable),
        unanswerable_refused=mean(not one.answered for one in judged if not one.answerable),
        exact=mean(_with_refusal(one, one.exact) for one in judged),
        f1=mean(_with_refusal(one, one.f1) for one in judged),
    )


def _with_refusal(one: Judged, score: float) -> float:
    if one.answerable:
        return score if one.answered else 0.0
    return float(not one.answered)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering every question of at least this confidence would give."""

    confidence: float
    coverage: float  # 0..1: share of questions answered
    risk: float  # 0..1: share of the answered that are wrong


def risk_coverage(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[RiskPoint, ...]:
    """Return one point for each distinct confidence, from the highest down.

    `confidence` is (n,) float, `correct` (n,) bool. Questions of equal confidence cannot be
    told apart by it, so they are answered together.
    """
    scores, hits = _pair(confidence, correct)
    if not len(scores):
        return ()
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], hits[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # (p,) ends of ties
    wrong = np.cumsum(~hits)
    return tuple(
        RiskPoint(float(scores[i]), (int(i) + 1) / len(scores), int(wrong[i]) / (int(i) + 1))
        for i in last
    )


def accuracy_at(points: Sequence[RiskPoint], coverage: float) -> float | None:
    """Return the share of right answers when at least this share of questions is answered."""
    return next((1 - p.risk for p in points if p.coverage >= coverage - 1e-9), None)


def coverage_at(points: Sequence[RiskPoint], precision: float) -> float:
    """Return the largest share of questions that can be answered with this precision; 0..1."""
    return max((p.coverage for p in points if 1 - p.risk >= precision - 1e-9), default=0.0)


def auroc(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> float | None:
    """Return the probability that a right answer has more confidence than a wrong one.

    0.5 is chance, 1 perfect; ties count half; None when all are right or all wrong.
    `confidence` is (n,) float, `correct` (n,) bool.
    """
    scores, hits = _pair(confidence, correct)
    right, wrong = int(hits.sum()), int((~hits).sum())
    if not right or not wrong:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2  # mean rank, from 1, of each distinct score
    rank_sum = float(middle[inverse][hits].sum())
    return (rank_sum - right * (right + 1) / 2) / (right * wrong)


def expected_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, bins: int = 15
) -> float | None:
    """Return the mean distance of confidence and accuracy over bins of equal width; 0 is best.

    `confidence` is (n,) float in 0..1, `correct` (n,) bool. Bins are open below and closed
    above, as in the paper; 0 itself belongs to the first.
    """
    found = reliability(confidence, correct, bins=bins)
    total = sum(one.count for one in found)
    if not total:
        return None
    return sum(one.count * abs(one.confidence - one.right) for one in found) / total


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The questions whose confidence lies in one bin: their number, and two means over them."""

    count: int
    confidence: float  # 0..1; 0 in an empty bin
    right: float  # 0..1: share


def reliability(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Return the bins, of equal width, that a reliability diagram shows (Guo et al. 2017).

    `confidence` is (n,) float in 0..1, `correct` (n,) bool.
    """
    scores, hits = _pair(confidence, correct)
    places = np.clip(np.ceil(scores * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    some = np.maximum(counts, 1)
    sure = np.bincount(places, weights=scores, minlength=bins) / some
    right = np.bincount(places, weights=hits, minlength=bins) / some
    rows = zip(counts.tolist(), sure.tolist(), right.tolist(), strict=True)
    return tuple(ReliabilityBin(*row) for row in rows)


def _pair(
    confidence: npt.ArrayLike, correct: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    scores = np.asarray(confidence, dtype=np.float64)
    hits = np.asarray(correct, dtype=bool)
    if scores.ndim != 1 or scores.shape != hits.shape:
        raise ValueError(f"need two rows of equal length, not {scores.shape} and {hits.shape}")
    return scores, hits
