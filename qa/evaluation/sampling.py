"""Which questions are asked, and of which articles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from index.values import ArticleInfo
from qa.evaluation.datasets import Context, Question


def sample(questions: Sequence[Question], size: int | None, *, seed: int = 0) -> list[Question]:
    """Return `size` of the questions, the same for the same seed, in their file's order."""
    if size is None or size >= len(questions):
        return list(questions)
    chosen = np.random.default_rng(seed).choice(len(questions), size=size, replace=False)
    return [questions[i] for i in sorted(chosen)]


def withhold(
    questions: Sequence[Question], infos: Iterable[ArticleInfo], contexts: Iterable[Context]
) -> tuple[list[Question], dict[str, Collection[str]]]:
    """Make every second question unanswerable: it may not be answered from its own article.

    Return the questions, and the scopes for `evaluate`: all that is not of the article, by title,
    that the question was asked about. Another article may hold the answer by chance; an answer
    from there counts as wrong all the same.
    """
    titles = {context.key: context.title for context in contexts}
    by_title = _by_title(infos)
    everything = frozenset().union(*by_title.values())
    asked = list(questions)
    scopes: dict[str, Collection[str]] = {}
    for i in range(1, len(asked), 2):
        own = by_title.get(titles[asked[i].keys[0]], set())
        scopes[asked[i].id] = everything - own
        asked[i] = replace(asked[i], gold=(), answerable=False)
    return asked, scopes


def own_articles(
    questions: Iterable[Question], infos: Iterable[ArticleInfo], contexts: Iterable[Context]
) -> dict[str, Collection[str]]:
    """Return scopes for `evaluate`: each question is asked of the article it was written for."""
    titles = {context.key: context.title for context in contexts}
    by_title = _by_title(infos)
    return {q.id: by_title.get(titles[q.keys[0]], set()) for q in questions}


def _by_title(infos: Iterable[ArticleInfo]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for info in infos:
        found.setdefault(info.title, set()).add(info.id)
    return found
