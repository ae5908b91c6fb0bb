"""What is fitted on passages that are read by themselves: brevity, and SQuAD 2.0's threshold.

The reader chooses start and end apart, so that a span is as likely as the product of both; the
spans that it likes best are longer than those that people mark. A small cost of each word piece
(`fit_brevity`) makes up for it.

SQuAD 2.0 is an evaluation set, so the threshold comes from held-out questions of SQuAD 1.1 and as
many impossible ones that were written for held-out passages; without such, from changed ones, which
are easier to tell.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qa.evaluation import metrics
from qa.evaluation.datasets import Dataset
from qa.evaluation.reading import evaluate_reading, first_spans
from qa.reader import Reader, SpanReader
from qa.training import negatives

_BREVITIES = (0.0, 0.1, 0.15, 0.2, 0.25)  # that are tried


def fit_brevity(
    model: Path, parts: Sequence[Dataset], *, size: int, seed: int
) -> tuple[float, dict[float, list[tuple[float, float]]]]:
    """Return the brevity with the highest sum of EM and F1, and both, 0..1, at each.

    Of each part up to `size` questions that have an answer are asked. All parts count the same:
    who wrote the questions of one may mark longer answers than those of another.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    asked = [
        (rng.sample(answerable, min(size, len(answerable))), part.contexts)
        for part in parts
        if (answerable := [question for question in part.questions if question.answerable])
    ]
    found = {}
    for brevity in _BREVITIES:
        reader = SpanReader.load(model, brevity=brevity)
        reports = [evaluate_reading(reader, *one, threshold=-math.inf) for one in asked]
        found[brevity] = [(round(r.exact or 0.0, 4), round(r.f1 or 0.0, 4)) for r in reports]
    return max(found, key=lambda brevity: sum(map(sum, found[brevity]))), found


def fit_alone(
    reader: Reader, data: Dataset, *, size: int, seed: int
) -> tuple[float, dict[str, Any]]:
    """Return the score of the best F1 when free to refuse, and the figures there.

    `data` are held-out questions with their passages; up to `size` of them are asked, half of
    these impossible.
    """
    asked = list(_pairs(data, size, seed))
    found = first_spans(reader, [(question, passage) for question, passage, _ in asked])
    scores = np.array([score for _, score in found])
    answerable = np.array([bool(answers) for _, _, answers in asked])
    f1 = np.array([metrics.f1(t, a) for (t, _), (_, _, a) in zip(found, asked, strict=True)])
    order = np.argsort(-scores)
    # answering the first n: their F1, and a point for each unanswerable one that is refused
    gain = np.concatenate([[0.0], np.cumsum(np.where(answerable, f1, -1.0)[order])])
    n = int(gain.argmax())
    threshold = float(scores[order][n - 1]) if n else float("inf")
    figures = {
        "questions": len(asked),
        "f1": round(float(gain[n] + (~answerable).sum()) / len(asked), 4),
        "auroc": round(metrics.auroc(scores, answerable) or 0.0, 4),
        "refused": round(float((scores < threshold)[~answerable].mean()), 4),
    }
    return round(threshold, 4), figures


def _pairs(data: Dataset, size: int, seed: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield question, passage and answers; none where the passage does not answer."""
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    contexts = {context.key: context for context in data.contexts}
    answerable = [question for question in data.questions if question.answerable]
    written = [question for question in data.questions if not question.answerable]
    half = min(size // 2, len(answerable), len(written) or size)
    for question in rng.sample(answerable, half):
        yield question.text, contexts[question.keys[0]].text, question.answers
    if written:
        for question in rng.sample(written, half):
            yield question.text, contexts[question.keys[0]].text, ()
        return
    for question in rng.sample(answerable, half):
        context = contexts[question.keys[0]]
        made = negatives.perturbed(question, context, other=(), rng=rng)
        made = made or negatives.cut(question, context)
        if made:
            yield made.question, made.passage, ()
