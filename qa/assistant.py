"""The whole way of a question, on one screen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from index.arithmetic import PASSES
from index.errors import ArticleMissing
from index.library import ArticleIndex, open_index
from index.snapshot import Snapshot
from qa.clock import Clock
from qa.conversation.followup import SHARE, choose, points_nowhere, reading_limits, weighed
from qa.conversation.small_talk import SmallTalk, latest_answer, one_of_each, recognise, reply
from qa.conversation.understanding import Lean, Understanding, names_something, understand
from qa.proof import cited_ids, proved, still_standing
from qa.questions import check_question, question_notice
from qa.reader import Reader, SpanReader
from qa.reader_model import DEFAULT_MODEL
from qa.reading import read_hits
from qa.retriever import DEPTH, retrieve, retrieve_near
from qa.scoring import Confidence
from qa.selector import Evidence, select
from qa.values import Answer, Hit

READ = 10  # passages that the reader reads of a question


class Assistant:
    """Answers questions from one index; `open` it, and use it as a context manager.

    All methods may be called from several threads, also while the index is changed.
    """

    def __init__(self, index: ArticleIndex, reader: Reader, confidence: Confidence) -> None:
        self.index = index
        self._reader = reader
        self._confidence = confidence

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        precision: float | None = None,
        reader: Path | None = None,
        confidence: Confidence | None = None,
    ) -> Assistant:
        """Open the index at `path`.

        Args:
            path: the index's folder.
            precision: the share, 0..1, of its answers that is to be right: 0.9 is "be right nine
                times in ten". By default it answers what is likelier right than wrong.
            reader: folder of another span reader; the confidence was fitted to ours.
            confidence: replaces the fitted model that ranks spans and parts the outcomes.

        Raises:
            IndexMissing, IndexDamaged, IndexIncompatible, ModelError: as their names say.
            PrecisionError: no such precision can be promised.

        """
        sure = confidence or Confidence.load()
        if precision is not None:
            sure = sure.at_precision(precision)
        index = open_index(path)
        return cls(index, SpanReader.load(reader or DEFAULT_MODEL, brevity=sure.brevity), sure)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    @PASSES.question()
    def ask(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, Answer]] = (),
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer a question in the articles' own words, or say that they do not.

        Args:
            question: up to 2,000 characters.
            history: the conversation's earlier turns, oldest first; what the question leaves
                out is taken from the last of them. Without it the question is asked as typed.
            articles: ids of the articles to search; all when None.

        Raises:
            QuestionError: the question is empty, too long, or holds no words.
            ArticleMissing: one of `articles` is not in the index.
            IndexDamaged: the words found are not those indexed; they are not shown.

        """
        asked = check_question(question)
        said = recognise(asked)
        if said:
            return self._reply(asked, said, history, articles)
        understood = understand(asked, history)
        if understood.missing:
            return points_nowhere(self._answer([asked], articles)[0], understood.missing)
        if understood.readings or understood.besides:
            return self._follow_up(asked, understood, articles)
        return self._answer([asked], articles)[0]

    @PASSES.question()
    def ask_many(self, questions: Sequence[str]) -> list[Answer]:
        """Answer several questions in one batch, each as `ask` would alone."""
        return self._answer(questions, None) if questions else []

    @PASSES.question()
    def retrieve(
        self,
        questions: Sequence[str],
        *,
        limit: int = READ,
        articles: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """Return for each question the passages found for it, best first."""
        asked = [check_question(question) for question in questions]
        with self.index.snapshot() as snapshot:
            return retrieve(snapshot, self.index.embedder, asked, limit, articles=articles)

    @PASSES.question()
    def gather(
        self, questions: Sequence[str], *, articles: Collection[str] | None = None
    ) -> list[Evidence]:
        """Return for each question what was found and read, before an answer is chosen."""
        return self._gather([check_question(q) for q in questions], articles, Clock())

    def _answer(self, questions: Sequence[str], articles: Collection[str] | None) -> list[Answer]:
        clock = Clock()
        found = self._gather([check_question(q) for q in questions], articles, clock)
        with clock("select"):
            answers = [select(evidence, self._confidence) for evidence in found]
        return [
            replace(proved(answer), notice=question_notice(evidence), timings=clock.timings())
            for evidence, answer in zip(found, answers, strict=True)
        ]

    def _reply(
        self,
        asked: str,
        said: SmallTalk,
        history: Sequence[tuple[str, Answer]],
        articles: Collection[str] | None,
    ) -> Answer:
        """Reply to small talk from what the index holds."""
        with self.index.snapshot() as snapshot:
            hits: list[Hit] = []
            if said.topic:
                embedder = self.index.embedder
                (hits,) = retrieve(snapshot, embedder, [said.topic], DEPTH, articles=articles)
            known = snapshot.articles(hit.passage.article_id for hit in hits)
            replied = reply(
                asked,
                said,
                last=latest_answer(history),
                titles=[info.title for info in self.index.articles()],
                found=one_of_each(hits, known),
                generation=snapshot.generation,
            )
            return still_standing(replied, snapshot.articles(cited_ids(replied)))

    def _follow_up(
        self, asked: str, understood: Understanding, articles: Collection[str] | None
    ) -> Answer:
        """Answer the reading of a question that the articles speak for."""
        clock = Clock()
        questions = [asked, *(reading.question for reading in understood.readings)]
        with self.index.snapshot() as snapshot:
            _check_filter(snapshot, articles)
            cited = set(snapshot.articles(understood.cited))
            near = cited if articles is None else cited.intersection(articles)
            near = near if understood.readings else set()  # it names what it is about
            with clock("retrieve"):
                if understood.lean is Lean.WEAK and self._names(snapshot, asked, articles):
                    return self._answer([asked], articles)[0]
                hits = retrieve_near(
                    snapshot,
                    self.index.embedder,
                    questions,
                    reading_limits(understood),
                    near=near,
                    share=SHARE,
                    articles=articles,
                )
                found = snapshot.articles(h.passage.article_id for row in hits for h in row)
        with clock("read"):
            spans = read_hits(self._reader, questions, hits, found, self._confidence)
        with clock("select"):
            evidence = [
                Evidence(*row, found, snapshot.generation)
                for row in zip(questions, hits, spans, strict=True)
            ]
            reads = weighed(evidence, understood)
            answer = proved(choose(asked, reads, understood, self._confidence))
        notice = answer.notice or question_notice(evidence[0])
        return replace(answer, notice=notice, timings=clock.timings())

    def _names(self, snapshot: Snapshot, asked: str, articles: Collection[str] | None) -> bool:
        """Say whether a question names something, by how the articles write its words.

        People type "when was everton formed"; the passages found for it write "Everton".
        """
        (hits,) = retrieve(snapshot, self.index.embedder, [asked], READ, articles=articles)
        found = snapshot.articles(hit.passage.article_id for hit in hits)
        titles = " | ".join(article.title for article in found.values())
        text = "\n".join([*(hit.passage.text for hit in hits), titles])
        return names_something(asked, text)

    def _gather(
        self, questions: Sequence[str], articles: Collection[str] | None, clock: Clock
    ) -> list[Evidence]:
        embedder = self.index.embedder
        with self.index.snapshot() as snapshot:
            _check_filter(snapshot, articles)
            with clock("retrieve"):
                hits = retrieve(snapshot, embedder, questions, READ, articles=articles)
                found = snapshot.articles(h.passage.article_id for row in hits for h in row)
        with clock("read"):
            spans = read_hits(self._reader, questions, hits, found, self._confidence)
        return [
            Evidence(*row, found, snapshot.generation)
            for row in zip(questions, hits, spans, strict=True)
        ]


def answer(question: str, *, index: Path | str) -> Answer:
    """Answer one question from the index at a path; to ask several, keep an `Assistant` open."""
    with Assistant.open(index) as assistant:
        return assistant.ask(question)


def _check_filter(snapshot: Snapshot, articles: Collection[str] | None) -> None:
    missing = snapshot.missing(articles or ())
    if missing is not None:
        raise ArticleMissing.named(missing)
