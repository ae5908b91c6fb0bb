"""A stand-in for the assistant and its index: deterministic, in memory, without models."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from index.errors import ArticleMissing, QuestionError
from index.values import (
    Article,
    ArticleInfo,
    BuildReport,
    IndexInfo,
    Notice,
    Passage,
    Progress,
    ProgressCallback,
    Stage,
    text_sha256,
)
from qa.values import Alternative, Answer, Citation, ClosestPassage, Hit, Outcome

logger = logging.getLogger(__name__)

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")


def make_article(title: str, text: str, *, date: str | None = None, source: str = "") -> Article:
    """Return an article whose id is made from its title."""
    return Article(
        id=f"id-{text_sha256(title)[:8]}",
        title=title,
        text=text,
        source=source or f"articles/{title}.md",
        sha256=text_sha256(text),
        date=date,
    )


def cite(article: Article, quote: str, rank: int = 1) -> Citation:
    """Return the citation of the first place where `quote` stands."""
    start = article.text.index(quote)
    end = start + len(quote)
    sentence_start, sentence_end = start, end
    for match in _SENTENCE.finditer(article.text):
        if match.start() < end and start < match.end():
            lead = len(match[0]) - len(match[0].lstrip())
            sentence_start = min(sentence_start, match.start() + lead)
            sentence_end = max(sentence_end, match.end())
    sentence = article.text[sentence_start:sentence_end]
    return Citation(article, start, end, quote, sentence, sentence_start, rank)


def answered(
    question: str,
    *citations: Citation,
    outcome: Outcome = Outcome.ANSWERED,
    confidence: float = 0.93,
    alternatives: Sequence[Alternative] = (),
    closest: Sequence[ClosestPassage] = (),
    interpreted: str | None = None,
) -> Answer:
    """Return an answer that is made of these citations."""
    return Answer(
        question=question,
        outcome=outcome,
        text=citations[0].quote if citations else "",
        confidence=confidence,
        citations=citations,
        alternatives=tuple(alternatives),
        closest=tuple(closest),
        interpreted_question=question if interpreted is None else interpreted,
        generation=1,
    )


class FakeIndex:
    """An index in memory.

    `pace` is how many seconds each step of a change takes; it takes longer while there is a `gate`.
    """

    def __init__(
        self, articles: Iterable[Article] = (), *, pace: float = 0.0, gate: Path | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._articles = {article.id: article for article in articles}
        self.generation = 1
        self.pace = pace
        self.gate = gate

    def articles(self) -> list[ArticleInfo]:
        """List the articles."""
        with self._lock:
            return [
                ArticleInfo(
                    a.id, a.title, a.date, a.source, a.sha256, len(a.text), a.text.count("\n\n") + 1
                )
                for a in self._articles.values()
            ]

    def article(self, article_id: str, /) -> Article:
        """Return the article, or raise `ArticleMissing`."""
        try:
            return self._articles[article_id]
        except KeyError:
            raise ArticleMissing(f"There is no article {article_id} in the index.") from None

    def info(self) -> IndexInfo:
        """Say what the index is."""
        infos = self.articles()
        passages = sum(info.passages for info in infos)
        return IndexInfo(
            "memory", self.generation, len(infos), passages, 0, "none", 0, 1, "2026-01-01", ()
        )

    def put(self, article: Article) -> None:
        """Set an article at once, in place of what has its id."""
        with self._lock:
            self._articles[article.id] = article
            self.generation += 1

    def add_uploads(
        self, files: Iterable[tuple[str, Path]], *, progress: ProgressCallback | None = None
    ) -> BuildReport:
        """Take in text files; others are skipped with a reason."""
        added, skipped, files = [], [], list(files)
        for done, (name, path) in enumerate(files):
            self._step(progress, Progress(Stage.READ, done, len(files), name))
            text = path.read_bytes().decode("utf-8", errors="replace").strip()
            if not name.endswith((".md", ".txt")):
                skipped.append(Notice(name, "not a kind of file that can be read"))
            elif not text:
                skipped.append(Notice(name, "there is no text in it"))
            else:
                added.append(make_article(Path(name).stem, text, source=f"upload:{name}"))
        for article in added:
            self.put(article)
        return self._report(added=tuple(a.id for a in added), skipped=tuple(skipped))

    def update(self, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Find nothing changed."""
        self._step(progress, Progress(Stage.READ, 0, 1))
        return self._report(unchanged=tuple(self._articles))

    def rebuild(self, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Go through ten steps."""
        for done in range(10):
            self._step(progress, Progress(Stage.EMBED, done, 10))
        self.generation += 1
        return self._report()

    def remove(self, articles: Iterable[str], /) -> BuildReport:
        """Remove articles."""
        ids = tuple(articles)
        for article_id in ids:
            self.article(article_id)
            with self._lock:
                del self._articles[article_id]
        self.generation += 1
        return self._report(removed=ids)

    def _step(self, progress: ProgressCallback | None, state: Progress) -> None:
        if progress is not None:
            progress(state)
        time.sleep(self.pace)
        while self.gate is not None and self.gate.exists():
            time.sleep(0.02)

    def _report(
        self,
        *,
        added: tuple[str, ...] = (),
        removed: tuple[str, ...] = (),
        unchanged: tuple[str, ...] = (),
        skipped: tuple[Notice, ...] = (),
    ) -> BuildReport:
        info = self.info()
        return BuildReport(
            self.generation,
            info.articles,
            info.passages,
            added=added,
            removed=removed,
            unchanged=unchanged,
            skipped=skipped,
        )


class FakeAssistant:
    """Answers with the sentences that share the most words with the question.

    "explode" in a question raises, "perhaps" makes the answer unsure, "slowly" takes two seconds
    more, "hold" while there is a `gate`; without two shared words nothing is found. The log tells
    how many it answers at once.
    """

    def __init__(self, index: FakeIndex, *, delay: float = 0.0, gate: Path | None = None) -> None:
        self.index = index
        self.delay = delay
        self.gate = gate
        self.asked: list[tuple[str, int, tuple[str, ...] | None]] = []
        self._lock = threading.Lock()
        self._at_once = 0

    def ask(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, Answer]] = (),
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer a question."""
        self.asked.append((question, len(history), None if articles is None else tuple(articles)))
        with self._lock:
            self._at_once += 1
            logger.debug("%d answers at once", self._at_once)
        try:
            return self._answer(question, articles)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, question: str, articles: Collection[str] | None) -> Answer:
        time.sleep(self.delay + 2 * ("slowly" in question))
        while "hold" in question and self.gate is not None and self.gate.exists():
            time.sleep(0.02)
        if "explode" in question:
            raise RuntimeError("secret inner workings")
        if len(question) > 1000:
            raise QuestionError("The question is too long: at most 1000 characters.")
        found = self._found(question, articles)
        close = tuple(
            ClosestPassage(a, m.start(), m.end(), m[0], float(n)) for n, a, m in found[:3]
        )
        if not found or found[0][0] < 2:
            return answered(question, outcome=Outcome.NOT_FOUND, confidence=0.0, closest=close)
        wanted = _words(question)
        citations = []
        for rank, (n, article, match) in enumerate(found[:2], 1):
            if n >= 2:
                text = match[0]
                rest = [w for w in re.finditer(r"[\w'-]+", text) if w[0].casefold() not in wanted]
                last = rest[-1] if rest else re.match(".*", text)
                assert last is not None
                start, end = match.start() + last.start(), match.start() + last.end()
                lead = len(text) - len(text.lstrip())
                citations.append(
                    Citation(
                        article,
                        start,
                        end,
                        article.text[start:end],
                        text[lead:],
                        match.start() + lead,
                        rank,
                    )
                )
        if "perhaps" in question.casefold():
            return answered(question, *citations, outcome=Outcome.UNSURE, confidence=0.4)
        return answered(question, *citations, closest=close)

    def retrieve(
        self,
        questions: Sequence[str],
        *,
        limit: int = 10,
        articles: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """Return the sentences that share words with each question."""
        return [
            [
                Hit(Passage(k, a.id, m.start(), m.end(), m[0]), float(n), k, 0.5, None, None)
                for k, (n, a, m) in enumerate(self._found(question, articles)[:limit], 1)
            ]
            for question in questions
        ]

    def _found(
        self, question: str, articles: Collection[str] | None
    ) -> list[tuple[int, Article, re.Match[str]]]:
        wanted = _words(question)
        found = [
            (len(wanted & _words(match[0])), self.index.article(info.id), match)
            for info in self.index.articles()
            if articles is None or info.id in articles
            for match in _SENTENCE.finditer(self.index.article(info.id).text)
        ]
        return sorted((f for f in found if f[0]), key=lambda f: -f[0])


def _words(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w{4,}", text)}
