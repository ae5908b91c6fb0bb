"""The reader alone: questions with the passage that they are about, no retrieval.

This is how SQuAD is measured by others, so that the figures compare.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.errors import FootnoteError
from qa.evaluation import metrics
from qa.evaluation.datasets import Context, Question
from qa.evaluation.report import Machine, percent, share
from qa.evaluation.runner import QuestionProgress
from qa.reader import Candidate, Reader

_BATCH = 128  # pairs that the reader gets at a time


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """The figures of a reader alone; shares are 0..1, or None over no questions."""

    name: str
    answerable: int
    unanswerable: int
    threshold: float  # score below which it refuses; fixed before this evaluation
    exact: float | None  # answerable questions, an answer always given
    f1: float | None
    free_exact: float | None  # all questions, free to refuse: SQuAD 2.0's figures
    free_f1: float | None
    answerable_f1: float | None  # free to refuse
    refused: float | None  # of the unanswerable ones
    auroc: float | None  # of the score: answerable against unanswerable
    per_second: float  # questions
    machine: Machine

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {self.answerable + self.unanswerable:,} questions"
            f" ({self.answerable:,} answerable), each with its passage",
            f"  answer always given   EM {percent(self.exact)}  F1 {percent(self.f1)}",
            f"  free to refuse        EM {percent(self.free_exact)}  F1 {percent(self.free_f1)}"
            f"  (answerable F1 {percent(self.answerable_f1)}, unanswerable refused"
            f" {percent(self.refused)}, threshold {self.threshold:.2f})",
            f"  score                 AUROC {share(self.auroc)}",
            f"  speed                 {self.per_second:.1f} questions/s",
            "",
            str(self.machine),
        ]
        return "\n".join(lines)


def evaluate_reading(
    reader: Reader,
    questions: Sequence[Question],
    contexts: Sequence[Context],
    *,
    threshold: float,
    name: str = "questions",
    progress: QuestionProgress | None = None,
) -> ReadingReport:
    """Read every question with its own passage and compare with what is known.

    `threshold` is the score below which the reader refuses.
    """
    texts = {context.key: context.text for context in contexts}
    if not questions or any(question.keys[0] not in texts for question in questions):
        raise FootnoteError(
            "reading alone needs questions with their passages; give a SQuAD-layout file"
        )
    begin = time.perf_counter()
    pairs = [(question.text, texts[question.keys[0]]) for question in questions]
    best = first_spans(reader, pairs, progress=progress)
    seconds = time.perf_counter() - begin
    judged = [
        metrics.Judged(
            answerable=question.answerable,
            answered=score >= threshold,
            exact=metrics.exact_match(text, question.answers),
            f1=metrics.f1(text, question.answers),
        )
        for question, (text, score) in zip(questions, best, strict=True)
    ]
    answerable = [one for one in judged if one.answerable]
    free = metrics.abstention(judged)
    return ReadingReport(
        name=name,
        answerable=len(answerable),
        unanswerable=len(judged) - len(answerable),
        threshold=threshold,
        exact=metrics.mean(one.exact for one in answerable),
        f1=metrics.mean(one.f1 for one in answerable),
        free_exact=free.exact,
        free_f1=free.f1,
        answerable_f1=metrics.abstention(answerable).f1,
        refused=free.unanswerable_refused,
        auroc=metrics.auroc([score for _, score in best], [q.answerable for q in questions]),
        per_second=len(questions) / seconds,
        machine=Machine.here(),
    )


def first_spans(
    reader: Reader, pairs: Sequence[tuple[str, str]], *, progress: QuestionProgress | None = None
) -> list[tuple[str, float]]:
    """Return the text and the score of the first span of each (question, text)."""
    best: list[tuple[str, float]] = []
    for first in range(0, len(pairs), _BATCH):
        batch = pairs[first : first + _BATCH]
        for (_, text), spans in zip(batch, reader.read(batch), strict=True):
            top = spans[0] if spans else Candidate(0, 0, -float("inf"), 0.0)
            best.append((text[top.start : top.end], top.score))
        if progress:
            progress(len(best), len(pairs))
    return best
