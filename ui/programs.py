"""What programs may ask: answers, passages and the list of articles, as plain data; read only.

No Gradio in here. What goes wrong raises `FootnoteError`; `app_programs` gives it a name there.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from index.errors import FootnoteError
from ui.ports import Answerer

MOST_PASSAGES = 50


class Programs:
    """The endpoints, over one assistant."""

    def __init__(self, assistant: Answerer) -> None:
        self._assistant = assistant

    def ask(self, question: str, articles: list[str] | None = None) -> dict[str, Any]:
        """Answer a question in the articles' own words, or say that they do not answer it.

        Args:
            question: the question, in English, up to 2,000 characters
            articles: ids of the articles to search; all when empty

        Returns:
            outcome ("answered", "unsure", "not_found", "ambiguous" or "reply")
            text; confidence (0..1); notice, a sentence to show with the answer; readings
            citations with article, start, end, quote and sentence; alternatives; closest passages
            offsets are half-open code points in the article's text

        """
        return self._assistant.ask(str(question), articles=_ids(articles)).to_dict()

    def search_passages(
        self, question: str, limit: int = 5, articles: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Find the passages nearest to a question, best first, word for word.

        Args:
            question: what to look for, up to 2,000 characters
            limit: how many passages, 1 to 50
            articles: ids of the articles to search; all when empty

        Returns:
            Passages with article, start, end, text and score (higher is nearer).

        """
        most = _number(limit)
        (hits,) = self._assistant.retrieve([str(question)], limit=most, articles=_ids(articles))
        found = {h.passage.article_id for h in hits}
        known = {each: self._assistant.index.article(each).to_dict() for each in found}
        return [
            {
                "article": known[hit.passage.article_id],
                "start": hit.passage.start,
                "end": hit.passage.end,
                "text": hit.passage.text,
                "score": float(hit.score),
            }
            for hit in hits
        ]

    def list_articles(self) -> list[dict[str, Any]]:
        """List the articles: id, title, date, source, hash, characters and passages.

        Returns:
            One entry for each article.

        """
        return [asdict(info) for info in self._assistant.index.articles()]

    def healthy(self) -> bool:
        """Say whether the index can be read."""
        try:
            return self._assistant.index.info().generation >= 0
        except Exception:
            return False


def _number(limit: Any) -> int:
    """Return the number of passages that a program asked for."""
    with suppress(TypeError, ValueError, OverflowError):
        if 1 <= (number := int(limit)) <= MOST_PASSAGES:
            return number
    raise FootnoteError(f"limit is {str(limit)[:40]}; it goes from 1 to {MOST_PASSAGES}.")


def _ids(articles: Any) -> list[str] | None:
    """Return the ids that a program gave, or None when it gave none."""
    if not articles:
        return None
    if not (isinstance(articles, list | tuple) and all(isinstance(a, str) for a in articles)):
        raise FootnoteError("articles is not a list of ids, as list_articles names them.")
    return list(articles)


def require_mcp() -> None:
    """Raise `FootnoteError` when the package for MCP is missing, or one that cannot be used.

    Gradio itself would go on and serve nothing.
    """
    hint = "install it with: python -m pip install 'footnote-qa[mcp]'"
    try:
        found = version("mcp")
    except PackageNotFoundError:
        raise FootnoteError(f"MCP needs the package `mcp`, which is not here; {hint}") from None
    if int(re.split(r"\D", found)[0] or 0) != 1:
        raise FootnoteError(f"MCP needs the package `mcp` below 2, and {found} is here; {hint}")
