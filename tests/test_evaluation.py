"""Evaluating an assistant, a scripted one, so that every figure can be worked by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from index.errors import ArticleMissing, FootnoteError, QuestionError
from index.values import Article, ArticleInfo, Passage, text_sha256
from qa.evaluation import (
    Context,
    GoldAnswer,
    Question,
    evaluate,
    evaluate_reading,
    own_articles,
    sample,
    withhold,
)
from qa.evaluation.plots import plot
from qa.reader import Candidate
from qa.values import Answer, Outcome

TEXT = "Ada died in 1852. She was born in 1815."


@dataclass(frozen=True)
class FakeHit:
    """A passage as the retriever would give it."""

    passage: Passage


class FakeIndex:
    """Two articles: one from a part of a file, one from a file and its copy."""

    def articles(self) -> list[ArticleInfo]:
        """Return both."""
        return [
            ArticleInfo("a1", "Ada", None, "/x/contexts.jsonl#key1", "", 39, 2),
            ArticleInfo("a2", "Bob", None, "/x/bob.md", "", 39, 1, copies=("/y/robert.md",)),
        ]

    def article(self, article_id: str, /) -> Article:
        """Return either, of the same text."""
        if article_id not in ("a1", "a2"):
            raise ArticleMissing(article_id)
        return Article(article_id, "", TEXT, "", text_sha256(TEXT))


class FakeAssistant:
    """Answers from a script; each question's hits are scripted as passages too."""

    def __init__(self, answers: dict[str, Answer], hits: dict[str, list[Passage]]) -> None:
        self.index = FakeIndex()
        self.answers = answers
        self.hits = hits
        self.scopes: dict[str, Collection[str] | None] = {}

    def ask(self, question: str, /, *, articles: Collection[str] | None = None) -> Answer:
        """Return the scripted answer."""
        self.scopes[question] = articles
        if question not in self.answers:
            raise QuestionError("cannot be asked")
        return self.answers[question]

    def retrieve(
        self,
        questions: Sequence[str],
        /,
        *,
        limit: int = 10,
        articles: Collection[str] | None = None,
    ) -> list[list[FakeHit]]:
        """Return the scripted hits, of some of the articles or all."""
        found = [self.hits.get(question, []) for question in questions]
        return [
            [FakeHit(p) for p in row if articles is None or p.article_id in articles][:limit]
            for row in found
        ]


def answer(outcome: Outcome, text: str, confidence: float) -> Answer:
    return Answer("", outcome, text, confidence, (), (), (), "", 1)


def passage(article: str, start: int, end: int) -> Passage:
    return Passage(0, article, start, end, TEXT[start:end])


DIED = Question("1", "died?", (GoldAnswer("1852", 12),), answerable=True, keys=("key1",))
BORN = Question("2", "born?", (GoldAnswer("1815", 36),), answerable=True, keys=("key1",))
BOB = Question("3", "bob?", (GoldAnswer("Bob"),), answerable=True, keys=("robert",))
NONE = Question("4", "none?", (), answerable=False, keys=())

ASSISTANT = FakeAssistant(
    answers={
        "died?": answer(Outcome.ANSWERED, "1852", 0.9),
        "born?": answer(Outcome.UNSURE, "in 1815", 0.4),
        "bob?": answer(Outcome.NOT_FOUND, "", 0.0),
        "none?": answer(Outcome.ANSWERED, "1852", 0.6),
    },
    hits={
        "died?": [passage("a2", 0, 39), passage("a1", 18, 39), passage("a1", 0, 17)],
        "born?": [passage("a1", 18, 39)],  # one space less than in the file: found all the same
        "bob?": [passage("a2", 0, 5)],
    },
)


def test_figures() -> None:
    """Each figure counts as its definition says."""
    report = evaluate(ASSISTANT, [DIED, BORN, BOB, NONE], name="four")
    assert (report.articles, report.passages) == (2, 3)
    assert report.wanted.exact == pytest.approx(1 / 3)
    assert report.wanted.f1 == pytest.approx((1 + 2 / 3 + 0) / 3)  # UNSURE counts here
    assert report.wanted.right == pytest.approx(2 / 3)
    assert report.abstention.f1 == pytest.approx((1 + 0 + 0 + 0) / 4)  # and here it does not
    assert report.abstention.precision == 0.5
    assert report.answerable.total == 3
    assert (report.answerable.unsure, report.answerable.not_found) == (1, 1)
    assert report.unanswerable.answered == 1
    assert report.retrieval.recall[1] == pytest.approx(2 / 3)
    assert report.retrieval.recall[3] == 1.0
    assert report.retrieval.mrr == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert report.confidence.auroc == pytest.approx(3 / 4)  # .9 > .6, .9 > 0, .4 < .6, .4 > 0


def test_report_prints_and_travels() -> None:
    """A report is a table ending with the machine, and plain data that JSON can hold."""
    report = evaluate(ASSISTANT, [DIED, NONE], name="two")
    lines = str(report).splitlines()
    assert lines[0] == "two: 2 questions (1 answerable) over 2 articles, 3 passages"
    assert "EM 100.0  F1 100.0" in lines[1]
    assert lines[-1] == str(report.machine)
    assert "torch" in lines[-1]
    assert json.loads(json.dumps(report.to_dict()))["wanted"]["exact"] == 1.0


def test_question_that_cannot_be_asked() -> None:
    """A question that the assistant refuses to take counts as refused and not found."""
    odd = Question("6", "???", (GoldAnswer("x"),), answerable=True, keys=("key1",))
    report = evaluate(ASSISTANT, [DIED, odd])
    assert report.answerable.not_found == 1
    assert report.retrieval.recall[20] == 0.5


def test_progress() -> None:
    """Progress is told after each question."""
    seen: list[tuple[int, int]] = []
    evaluate(ASSISTANT, [DIED, NONE], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_index_without_the_articles() -> None:
    """An index of other articles is refused before anything is asked."""
    lost = Question("5", "lost?", (GoldAnswer("x"),), answerable=True, keys=("elsewhere",))
    with pytest.raises(FootnoteError, match="lacks the articles of 1 of 2 questions"):
        evaluate(ASSISTANT, [DIED, lost])
    with pytest.raises(FootnoteError, match="no question"):
        evaluate(ASSISTANT, [])


def test_sample() -> None:
    """A sample is the same for the same seed, keeps the order, and may be everything."""
    questions = [Question(str(i), "?", (), answerable=False, keys=()) for i in range(100)]
    chosen = sample(questions, 10, seed=3)
    assert chosen == sample(questions, 10, seed=3)
    assert chosen != sample(questions, 10, seed=4)
    assert [int(q.id) for q in chosen] == sorted({int(q.id) for q in chosen})
    assert len(chosen) == 10
    assert sample(questions, None) == sample(questions, 500) == questions


def test_withheld_articles() -> None:
    """Every second question is asked without its own article, and has no answer then."""
    contexts = [Context("key1", "Ada", TEXT), Context("bob", "Bob", TEXT)]
    asked, scopes = withhold([DIED, BORN], FakeIndex().articles(), contexts)
    assert asked[0] == DIED
    assert not asked[1].answerable
    assert scopes == {"2": {"a2"}}
    evaluate(ASSISTANT, asked, scopes=scopes)
    assert ASSISTANT.scopes["died?"] is None
    assert ASSISTANT.scopes["born?"] == {"a2"}


def test_own_articles() -> None:
    """Each question is asked of the article that it was written for, and ranked there."""
    contexts = [Context("key1", "Ada", TEXT), Context("bob", "Bob", TEXT)]
    questions = [DIED, replace(BORN, keys=("bob",))]
    assert own_articles(questions, FakeIndex().articles(), contexts) == {"1": {"a1"}, "2": {"a2"}}
    assert evaluate(ASSISTANT, [DIED]).retrieval.mrr == pytest.approx(1 / 3)
    assert evaluate(ASSISTANT, [DIED], scopes={"1": {"a1"}}).retrieval.mrr == pytest.approx(1 / 2)


class FakeReader:
    """Finds the last four characters of a text, with a score by the question."""

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """See `qa.reader.Reader`."""
        scores = {"died?": 3.0, "born?": -1.0, "none?": -2.0, "odd?": 2.0}
        return [
            [Candidate(len(text) - 5, len(text) - 1, scores[q], 0.5)] if q in scores else []
            for q, text in pairs
        ]


def test_reading_alone() -> None:
    """Spans are compared with the answers, and refused below the threshold."""
    contexts = [Context("key1", "Ada", TEXT)]
    none = Question("4", "none?", (), answerable=False, keys=("key1",))
    empty = Question("5", "empty?", (), answerable=False, keys=("key1",))
    report = evaluate_reading(
        FakeReader(), [DIED, BORN, none, empty], contexts, threshold=0.0, name="four"
    )
    assert (report.answerable, report.unanswerable) == (2, 2)
    assert report.exact == 0.5  # 1815 for both
    assert report.free_f1 == 0.5  # died: wrong; born: refused; both others: rightly refused
    assert report.refused == 1.0
    assert report.auroc == 1.0
    assert "four: 4 questions (2 answerable)" in str(report)
    with pytest.raises(FootnoteError, match="SQuAD-layout"):
        evaluate_reading(FakeReader(), [BOB], contexts, threshold=0.0)


def test_plots(tmp_path: Path) -> None:
    """Both plots are written as PNG."""
    report = evaluate(ASSISTANT, [DIED, BORN, BOB, NONE], name="four")
    for path in plot(report, tmp_path / "four"):
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.name.startswith("four-")
