"""Readings → judged cases → the confidence's weights and a report of how well they fit."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qa.evaluation import metrics
from qa.scoring import FEATURES, Confidence
from qa.selector import group_features
from qa.training.readings import Reading

_SHARES = (4, 1, 1)  # with an answer, without the passage of it, impossible
_FEWEST = 100  # answers that a promise of precision must rest on


@dataclass(frozen=True, slots=True)
class Case:
    """What the fit sees of a reading: the features of its first span, and whether it is right."""

    reading: Reading
    right: bool
    features: Mapping[str, float]


def judge(readings: Iterable[Reading], confidence: Confidence) -> Iterator[Case]:
    """Yield the case of each reading that has a span and is not doubtful."""
    for reading in readings:
        groups = reading.evidence.groups(confidence)
        if not groups:
            continue
        f1 = metrics.f1(groups[0].best.text, reading.question.answers)
        right = f1 >= metrics.RIGHT_F1
        if right and not reading.answerable:
            continue  # another passage happens to say the same: neither right nor wrong
        yield Case(reading, right, group_features(groups, 0))


def balanced(cases: Sequence[Case], seed: int) -> list[Case]:
    """Return cases in the shares that the confidence is fitted for, drawn at random.

    Two of three have an answer; of the others half are far from one, and half are impossible
    questions about what is there. A probability fits a user who asks so.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    sides: list[list[Case]] = [[], [], []]
    for case in cases:
        possible = case.reading.question.answerable
        sides[0 if case.reading.answerable else 1 if possible else 2].append(case)
    size = min(len(side) // share for side, share in zip(sides, _SHARES, strict=True))
    chosen = (rng.sample(side, size * share) for side, share in zip(sides, _SHARES, strict=True))
    return list(itertools.chain.from_iterable(chosen))


def fit(cases: Sequence[Case], confidence: Confidence) -> tuple[Confidence, dict[str, Any]]:
    """Return the confidence fitted on cases, and a report of it, cross-validated by article."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    x, y = _arrays(cases)
    titles = [case.reading.title for case in cases]
    mean, scale = _scale(x)
    model = LogisticRegression(C=1.0, max_iter=1000)
    z = (x - mean) / scale
    p = cross_val_predict(model, z, y, groups=titles, cv=GroupKFold(5), method="predict_proba")[
        :, 1
    ]
    fitted = replace(_weighed(cases, confidence), precisions=precisions(p, y))
    return fitted, _report(cases, y, p, fitted)


def _weighed(cases: Sequence[Case], confidence: Confidence) -> Confidence:
    """Return the confidence with the bias and the weights that fit the cases best."""
    from sklearn.linear_model import LogisticRegression

    x, y = _arrays(cases)
    mean, scale = _scale(x)
    model = LogisticRegression(C=1.0, max_iter=1000).fit((x - mean) / scale, y)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - (weights * mean).sum())
    return replace(
        confidence,
        bias=round(bias, 4),
        weights={n: round(float(w), 4) for n, w in zip(FEATURES, weights, strict=True)},
    )


def precisions(p: Any, y: Any) -> list[tuple[float, float]]:
    """Return (share right, probability from which the answers reach it), both rising.

    `p` (n,) are probabilities of cases that the fit did not see, `y` (n,) says which are right.
    A share that fewer than `_FEWEST` answers reach is no promise.
    """
    points = metrics.risk_coverage(p, y)
    found = []
    for share in np.arange(0.5, 1.0, 0.01).round(2).tolist():
        reached = [q for q in points if 1 - q.risk >= share and q.coverage * len(y) >= _FEWEST]
        if reached:
            found.append((share, round(reached[-1].confidence, 4)))
    return found


def _report(cases: Sequence[Case], y: Any, p: Any, fitted: Confidence) -> dict[str, Any]:
    answerable = np.array([case.reading.answerable for case in cases])
    refused = p < fitted.found
    return {
        "cases": len(cases),
        "questions": len({case.reading.question.id for case in cases}),
        "right": round(float(y.mean()), 4),
        **_figures(p, y),
        "unanswerable_refused": round(float(refused[~answerable].mean()), 4),
        "answerable_refused": round(float(refused[answerable].mean()), 4),
        "right_refused": round(float(refused[y].mean()), 4),
        "precision_when_answered": round(float(y[p >= fitted.answered].mean()), 4),
        "settings": dict(Counter(case.reading.setting for case in cases)),
    }


def transfer(
    cases: Sequence[Case], kinds: Sequence[str], confidence: Confidence, *, seed: int
) -> dict[str, Any]:
    """Return what a fit comes to on questions of another kind than its own.

    `kinds` names for each case where its question comes from. The cases of each kind are asked,
    `balanced`, of a model that was fitted on those of the other kinds.
    """
    found = {}
    for kind in sorted(set(kinds)) if len(set(kinds)) > 1 else ():
        sides = (
            [c for c, k in zip(cases, kinds, strict=True) if (k == kind) is own]
            for own in (False, True)
        )
        others, asked = (balanced(side, seed) for side in sides)
        model = _weighed(others, confidence)
        p = np.array([model.probability(case.features) for case in asked])
        y = np.array([case.right for case in asked])
        found[kind] = {"cases": len(p), **_figures(p, y)}
    return found


def _arrays(cases: Sequence[Case]) -> tuple[Any, Any]:
    """Return the features `(cases, features)`, and which cases are right."""
    x = np.array([[case.features[name] for name in FEATURES] for case in cases])
    return x, np.array([case.right for case in cases])


def _scale(x: Any) -> tuple[Any, Any]:
    """Return the mean and the scale of each feature; one that is rare weighs little."""
    rare = (x != np.median(x, axis=0)).sum(axis=0) < _FEWEST
    scale = np.where(rare, np.ptp(x, axis=0), x.std(axis=0))
    return x.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _figures(p: Any, y: Any) -> dict[str, float]:
    """Return AUROC, ECE and the share that can be answered with nine of ten right."""
    return {
        "auroc": round(metrics.auroc(p, y) or 0.0, 4),
        "ece": round(metrics.expected_calibration_error(p, y) or 0.0, 4),
        "coverage_at_90": round(metrics.coverage_at(metrics.risk_coverage(p, y), 0.9) or 0.0, 4),
    }
