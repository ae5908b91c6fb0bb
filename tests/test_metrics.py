"""The figures of qa/evaluation/metrics.py, against values worked by hand."""

from __future__ import annotations

import pytest

from qa.evaluation.metrics import (
    Judged,
    RiskPoint,
    abstention,
    accuracy_at,
    auroc,
    coverage_at,
    exact_match,
    expected_calibration_error,
    f1,
    mean_reciprocal_rank,
    normalise,
    recall_at,
    reliability,
    risk_coverage,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Eiffel Tower.", "eiffel tower"),
        ("an apple a day", "apple day"),
        ("theatre", "theatre"),
        ("well-known", "wellknown"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation goes
        ("The", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    """Case, ASCII punctuation, whole-word articles and extra spaces go; nothing else does."""
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "accepted", "exact", "token_f1"),
    [
        ("the Denver Broncos", ["Denver Broncos"], 1.0, 1.0),
        ("Broncos", ["Denver Broncos"], 0.0, 2 / 3),  # precision 1, recall 1/2
        ("in Denver in 1960", ["Denver", "in 1960"], 0.0, 2 / 3),  # 2 of 4, and 2 of 2
        ("to to be", ["to be to be"], 0.0, 6 / 7),  # 3 shared of 3 and of 4
        ("Paris", ["London", "Paris"], 1.0, 1.0),  # the best answer counts
        ("Paris", ["London"], 0.0, 0.0),
        ("", ["London"], 0.0, 0.0),
        ("", [], 1.0, 1.0),  # refusing what cannot be answered
        ("Paris", [], 0.0, 0.0),
        ("the", ["a", "an"], 1.0, 1.0),  # nothing left on either side
    ],
)
def test_text_scores(text: str, accepted: list[str], exact: float, token_f1: float) -> None:
    """EM and F1 are those of SQuAD's script: the best over the answers; no answer means ""."""
    assert exact_match(text, accepted) == exact
    assert f1(text, accepted) == pytest.approx(token_f1)


def test_recall_and_mrr() -> None:
    """Recall counts ranks within k, MRR adds 1/rank, and no hit counts as nothing."""
    ranks = [1, 3, None, 10]
    assert recall_at(ranks, 1) == 0.25
    assert recall_at(ranks, 3) == 0.5
    assert recall_at(ranks, 10) == 0.75
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 3 + 0 + 0.1) / 4)
    assert recall_at([], 1) is None
    assert mean_reciprocal_rank([]) is None


def test_abstention() -> None:
    """Refusing costs on an answerable question, pays on an unanswerable one."""
    found = abstention(
        [
            Judged(answerable=True, answered=True, exact=1.0, f1=1.0),
            Judged(answerable=True, answered=True, exact=0.0, f1=0.4),  # wrong
            Judged(answerable=True, answered=False, exact=1.0, f1=1.0),  # right, not shown
            Judged(answerable=False, answered=True, exact=0.0, f1=0.0),
            Judged(answerable=False, answered=False, exact=0.0, f1=0.0),
        ]
    )
    assert found.answered == pytest.approx(3 / 5)
    assert found.precision == pytest.approx(1 / 3)
    assert found.answerable_refused == pytest.approx(1 / 3)
    assert found.unanswerable_refused == pytest.approx(1 / 2)
    assert found.exact == pytest.approx((1 + 0 + 0 + 0 + 1) / 5)
    assert found.f1 == pytest.approx((1 + 0.4 + 0 + 0 + 1) / 5)


def test_abstention_without_cases() -> None:
    """A share of nothing is None."""
    found = abstention([Judged(answerable=True, answered=False, exact=0.0, f1=0.0)])
    assert found.precision is None
    assert found.unanswerable_refused is None


def test_risk_coverage() -> None:
    """Equal confidences are answered together, the highest first."""
    points = risk_coverage([0.2, 0.9, 0.5, 0.5], [False, True, True, False])
    assert points == (
        RiskPoint(0.9, 0.25, 0.0),
        RiskPoint(0.5, 0.75, 1 / 3),
        RiskPoint(0.2, 1.0, 0.5),
    )
    assert accuracy_at(points, 0.25) == 1.0
    assert accuracy_at(points, 0.5) == pytest.approx(2 / 3)  # the next point that covers half
    assert accuracy_at(points, 1.0) == 0.5
    assert coverage_at(points, 0.5) == 1.0
    assert coverage_at(points, 0.6) == 0.75
    assert coverage_at(points, 0.9) == 0.25
    assert coverage_at(risk_coverage([0.9], [False]), 0.1) == 0.0
    assert risk_coverage([], []) == ()


def test_auroc() -> None:
    """It is the share of right–wrong pairs in the right order, ties half."""
    assert auroc([0.9, 0.8, 0.3], [True, True, False]) == 1.0
    assert auroc([0.1, 0.9], [True, False]) == 0.0
    # pairs: (.9,.5) right, (.9,.9) tie, (.4,.5) and (.4,.9) wrong
    assert auroc([0.9, 0.4, 0.5, 0.9], [True, True, False, False]) == pytest.approx(1.5 / 4)
    assert auroc([0.9], [True]) is None


def test_calibration_error() -> None:
    """Each bin adds its share times the distance of mean confidence and accuracy."""
    assert expected_calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0.0
    # .90 and .92 share the bin (13/15, 14/15]: |.91 − .5| · 2/3; .5: |.5 − 0| · 1/3
    error = expected_calibration_error([0.90, 0.92, 0.5], [True, False, False])
    assert error == pytest.approx(0.41 * 2 / 3 + 0.5 / 3)
    assert expected_calibration_error([], []) is None


def test_reliability() -> None:
    """A bin has its number of questions, their mean confidence, and the share that is right."""
    found = reliability([0.90, 0.92, 0.5], [True, False, False])
    assert [(b.count, round(b.confidence, 3), b.right) for b in found if b.count] == [
        (1, 0.5, 0.0),
        (2, 0.91, 0.5),
    ]
    assert len(found) == 15
    assert all(b == reliability([], [])[0] for b in reliability([], []))


def test_uneven_rows() -> None:
    """Rows of different length are refused."""
    with pytest.raises(ValueError, match="equal length"):
        auroc([0.1, 0.2], [True])
