"""What the page needs of the answer side: an assistant, and the articles it answers from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from index.values import Article, ArticleInfo, BuildReport, IndexInfo, ProgressCallback
from qa.values import Answer


class Articles(Protocol):
    """What the page needs of an index; an `ArticleIndex` is one."""

    @property
    def generation(self) -> int:
        """The number of the index's latest change."""

    def articles(self) -> list[ArticleInfo]:
        """List the articles."""

    def article(self, article_id: str, /) -> Article:
        """Return the article, or raise `ArticleMissing`."""

    def info(self) -> IndexInfo:
        """Say what the index is."""

    def add_uploads(
        self, files: Iterable[tuple[str, Path]], *, progress: ProgressCallback | None = None
    ) -> BuildReport:
        """Take files in under the names the user knows them by."""

    def update(self, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Take in what has changed in the sources."""

    def rebuild(self, *, progress: ProgressCallback | None = None) -> BuildReport:
        """Make the index anew from the stored texts."""

    def remove(self, articles: Iterable[str], /) -> BuildReport:
        """Remove articles."""


class Answerer(Protocol):
    """What the page needs of an assistant; `qa.Assistant` is one."""

    @property
    def index(self) -> Articles:
        """The articles that are asked."""

    def ask(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, Answer]] = (),
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer a question."""
