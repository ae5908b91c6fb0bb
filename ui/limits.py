"""How much the server takes at once, each with its reason. What is more is refused, not dropped."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from index.formats.limits import MAX_BYTES
from qa.questions import LONGEST_QUESTION
from qa.values import Answer, Hit
from ui.ports import Answerer, Articles

__all__ = [
    "ANSWERS_AT_ONCE",
    "LARGEST_BODY",
    "LARGEST_FILE",
    "LARGEST_UPLOAD",
    "LONGEST_QUESTION",
    "MOST_EVENTS",
    "MOST_FILES",
    "MOST_WAITING",
    "Limited",
]

LARGEST_FILE = MAX_BYTES  # of an upload; a larger one is not read anyway
MOST_FILES = 500  # of one upload; more are a folder, which `footnote index` reads where it lies
LARGEST_UPLOAD = 500_000_000  # bytes, all files together: they lie on the disk a second time
LARGEST_BODY = 1_000_000  # bytes of any other request: ids of some 10,000 chosen articles
ANSWERS_AT_ONCE = 2  # an answer keeps a core busy; more at once would all be slower
MOST_WAITING = 32  # questions behind those; at a second each, the last waits a quarter of a minute
MOST_EVENTS = 100  # threads; more than can be waiting, so that waiting never stops the page


class Limited:
    """An assistant at work on `ANSWERS_AT_ONCE` questions at most; what comes beyond them waits.

    Everything that the page serves asks it: questions, suggestions, and programs.
    """

    def __init__(self, assistant: Answerer) -> None:
        self._assistant = assistant
        self._places = threading.BoundedSemaphore(ANSWERS_AT_ONCE)

    @property
    def index(self) -> Articles:
        """The articles that are asked."""
        return self._assistant.index

    def ask(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, Answer]] = (),
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer a question."""
        with self._places:
            return self._assistant.ask(question, history=history, articles=articles)

    def retrieve(
        self,
        questions: Sequence[str],
        *,
        limit: int = 10,
        articles: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """Return for each question the passages found for it, best first."""
        with self._places:
            return self._assistant.retrieve(questions, limit=limit, articles=articles)
