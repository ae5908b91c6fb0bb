"""Asks an assistant questions with known answers and reports how well it did.

    read_dataset → build_evaluation_index → Assistant.open → evaluate → Report

Sees the assistant only through the `Answerer` protocol: no model, no store.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from index.errors import FootnoteError, QuestionError
from index.values import Article, ArticleInfo, BuildReport, Passage, ProgressCallback
from qa.evaluation import metrics
from qa.evaluation.datasets import Dataset, Question, write_contexts
from qa.evaluation.report import (
    Confidence,
    Cost,
    Machine,
    Outcomes,
    Report,
    Retrieval,
    Texts,
    peak_memory,
)
from qa.values import Answer, Outcome

RECALL_AT = (1, 3, 5, 10, 20)
COVERAGES = (50, 80, 100)  # percent
PRECISIONS = (80, 90, 95)  # percent
_CURVE = 200  # points of the risk–coverage curve that a report keeps

QuestionProgress = Callable[[int, int], None]  # questions done, questions in all


class Found(Protocol):
    """A hit of the retriever."""

    @property
    def passage(self) -> Passage:
        """The passage that was found."""


class Articles(Protocol):
    """The part of an index that tells which article a passage belongs to."""

    def articles(self) -> Sequence[ArticleInfo]:
        """Return the list of articles."""

    def article(self, article_id: str, /) -> Article:
        """Return one article."""


class Answerer(Protocol):
    """What is evaluated; a `qa.Assistant` is one."""

    @property
    def index(self) -> Articles:
        """The index that the answers come from."""

    def ask(self, question: str, /, *, articles: Collection[str] | None = None) -> Answer:
        """Answer one question, from some of the articles or all."""

    def retrieve(
        self,
        questions: Sequence[str],
        /,
        *,
        limit: int = 10,
        articles: Collection[str] | None = None,
    ) -> Sequence[Sequence[Found]]:
        """Return each question's hits, best first, from some of the articles or all."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of one question."""

    judged: metrics.Judged
    outcome: Outcome
    confidence: float
    rank: int | None  # of the first right hit; None when there is none, or nothing to find
    milliseconds: float


def build_evaluation_index(
    dataset: Dataset,
    *,
    path: Path,
    sources: Iterable[Path] = (),
    distractors: Iterable[Dataset] = (),
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Build an index of the data sets' contexts, one article each, and of further sources.

    The contexts go in through a JSONL file whose ids are their keys, so that the source of each
    article ends with "#<key>", by which `evaluate` finds it again.
    """
    from index import build_index

    contexts = {c.key: c for data in (*distractors, dataset) for c in data.contexts}
    with tempfile.TemporaryDirectory(prefix="footnote-evaluate-") as folder:
        inputs: list[Path | str] = list(sources)
        if contexts:
            inputs.append(write_contexts(contexts.values(), Path(folder) / "contexts.jsonl"))
        return build_index(inputs, path=path, progress=progress)


def evaluate(
    assistant: Answerer,
    questions: Sequence[Question],
    *,
    name: str = "questions",
    outcome: Callable[[float], Outcome] | None = None,
    scopes: Mapping[str, Collection[str]] | None = None,
    progress: QuestionProgress | None = None,
) -> Report:
    """Ask every question, one at a time, and compare with what is known.

    `scopes` tells by question id the only articles that it may be answered from.

    An assistant that always gives its first span can be measured with and without abstention in
    one run: `outcome` tells from the confidence what it would have come to.

    A hit counts when its passage belongs to an article that the question is about and, where
    the answer's place is known, overlaps it.
    """
    if not questions:
        raise FootnoteError("there is no question to evaluate; give at least one")
    infos = assistant.index.articles()
    keys = {info.id: _keys(info) for info in infos}
    _require_articles([question for question in questions if question.answerable], keys)
    asked = list(_ask_all(assistant, questions, keys, outcome, scopes or {}, progress))
    ranks = [one.rank for one in asked if one.judged.answerable]
    return Report(
        name=name,
        articles=len(infos),
        passages=sum(info.passages for info in infos),
        answerable=_outcomes(asked, answerable=True),
        unanswerable=_outcomes(asked, answerable=False),
        wanted=_texts([one.judged for one in asked if one.judged.answerable]),
        abstention=metrics.abstention([one.judged for one in asked]),
        retrieval=Retrieval(
            recall={k: metrics.recall_at(ranks, k) for k in RECALL_AT},
            mrr=metrics.mean_reciprocal_rank(ranks),
        ),
        confidence=_confidence(asked),
        cost=_cost([one.milliseconds for one in asked]),
        machine=Machine.here(),
    )


def _keys(info: ArticleInfo) -> frozenset[str]:
    """Return the names a question may know the article by: "#part" or stem, of every copy."""
    sources = (info.source, *info.copies)
    return frozenset(
        name for source in sources for name in (source.rpartition("#")[2], Path(source).stem)
    )


def _require_articles(questions: Sequence[Question], keys: Mapping[str, frozenset[str]]) -> None:
    held = frozenset().union(*keys.values())
    missing = [question for question in questions if held.isdisjoint(question.keys)]
    if missing:
        raise FootnoteError(
            f"the index lacks the articles of {len(missing)} of {len(questions)} questions, the"
            f" first of them “{missing[0].text}”; evaluate on an index of these articles,"
            " or leave --index out to have one built"
        )


def _rank(
    assistant: Answerer,
    question: Question,
    keys: Mapping[str, frozenset[str]],
    scope: Collection[str] | None,
) -> int | None:
    """Return the rank, from 1, of the question's first right hit."""
    (hits,) = assistant.retrieve([question.text], limit=max(RECALL_AT), articles=scope)
    right = (
        rank
        for rank, hit in enumerate(hits, 1)
        if not keys[hit.passage.article_id].isdisjoint(question.keys)
        and _holds_answer(question, hit.passage, assistant.index)
    )
    return next(right, None)


def _holds_answer(question: Question, passage: Passage, index: Articles) -> bool:
    """Say whether the passage overlaps an answer; True when no answer's place is known."""
    if all(answer.start is None for answer in question.gold):
        return True
    text = index.article(passage.article_id).text
    places = [
        (start, start + len(answer.text))
        for answer in question.gold
        if answer.start is not None
        and (start := _place(answer.text, answer.start, text)) is not None
    ]
    return not places or any(a < passage.end and passage.start < b for a, b in places)


def _place(answer: str, start: int, text: str) -> int | None:
    """Return where the answer stands in the text as indexed, which may have fewer spaces."""
    if text.startswith(answer, start):
        return start
    starts: list[int] = []
    at = text.find(answer)
    while at >= 0:
        starts.append(at)
        at = text.find(answer, at + 1)
    return min(starts, key=lambda found: abs(found - start), default=None)


def _ask_all(
    assistant: Answerer,
    questions: Sequence[Question],
    keys: Mapping[str, frozenset[str]],
    outcome: Callable[[float], Outcome] | None,
    scopes: Mapping[str, Collection[str]],
    progress: QuestionProgress | None,
) -> Iterator[_Asked]:
    first = questions[0]  # asked twice: what is loaded on first use is not counted
    _ask(assistant, first, keys, outcome, scopes.get(first.id))
    for number, question in enumerate(questions, 1):
        yield _ask(assistant, question, keys, outcome, scopes.get(question.id))
        if progress:
            progress(number, len(questions))


def _ask(
    assistant: Answerer,
    question: Question,
    keys: Mapping[str, frozenset[str]],
    decide: Callable[[float], Outcome] | None,
    scope: Collection[str] | None,
) -> _Asked:
    rank = None
    begin = time.perf_counter()
    try:
        answer = assistant.ask(question.text, articles=scope)
        milliseconds = 1000 * (time.perf_counter() - begin)
        text, confidence = answer.text, answer.confidence
        outcome = decide(confidence) if decide else answer.outcome
        if question.answerable:
            rank = _rank(assistant, question, keys, scope)
    except QuestionError:  # one that cannot be asked counts as refused, and takes no time
        milliseconds, outcome, text, confidence = 0.0, Outcome.NOT_FOUND, "", 0.0
    judged = metrics.Judged(
        answerable=question.answerable,
        answered=outcome is Outcome.ANSWERED,
        exact=metrics.exact_match(text, question.answers),
        f1=metrics.f1(text, question.answers),
    )
    return _Asked(judged, outcome, confidence, rank, milliseconds)


def _outcomes(asked: Sequence[_Asked], *, answerable: bool) -> Outcomes:
    counts = Counter(one.outcome for one in asked if one.judged.answerable is answerable)
    return Outcomes(
        answered=counts[Outcome.ANSWERED],
        unsure=counts[Outcome.UNSURE],
        not_found=counts[Outcome.NOT_FOUND],
    )


def _texts(judged: Sequence[metrics.Judged]) -> Texts:
    return Texts(
        exact=metrics.mean(one.exact for one in judged),
        f1=metrics.mean(one.f1 for one in judged),
        right=metrics.mean(one.right for one in judged),
    )


def _cost(milliseconds: Sequence[float]) -> Cost:
    p50, p95 = np.percentile(milliseconds, [50, 95]).tolist()
    return Cost(p50, p95, peak_memory())


def _confidence(asked: Sequence[_Asked]) -> Confidence:
    scores = [one.confidence for one in asked]
    right = [one.judged.right for one in asked]
    points = metrics.risk_coverage(scores, right)
    return Confidence(
        auroc=metrics.auroc(scores, right),
        ece=metrics.expected_calibration_error(scores, right),
        right_at={cover: metrics.accuracy_at(points, cover / 100) for cover in COVERAGES},
        coverage_at={p: metrics.coverage_at(points, p / 100) for p in PRECISIONS},
        bins=metrics.reliability(scores, right),
        curve=points[:: max(1, len(points) // _CURVE)],
    )
