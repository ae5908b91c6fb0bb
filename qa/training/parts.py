"""The part of a data set that is trained on, the part that is held out, and the index of both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from qa.evaluation.datasets import Dataset
from qa.evaluation.runner import build_evaluation_index
from qa.training.examples import held_out

_log = logging.getLogger(__name__)


def training_part(data: Dataset) -> Dataset:
    """Return the questions and passages of the articles that `held_out` does not name."""
    return _part(data, kept=False)


def held_out_part(data: Dataset) -> Dataset:
    """Return the questions and passages of the articles that no training sees."""
    return _part(data, kept=True)


def _part(data: Dataset, *, kept: bool) -> Dataset:
    contexts = tuple(c for c in data.contexts if held_out(c.title or c.key) is kept)
    keys = {context.key for context in contexts}
    questions = tuple(q for q in data.questions if q.keys[0] in keys)
    return Dataset(data.name, questions, contexts)


def together(parts: Sequence[Dataset]) -> Dataset:
    """Return all questions over all contexts; a passage of several files is one."""
    contexts = {context.key: context for part in parts for context in part.contexts}
    questions = tuple(question for part in parts for question in part.questions)
    return Dataset(parts[0].name, questions, tuple(contexts.values()))


def collection_index(data: Dataset, work: Path) -> Path:
    """Return the index of all contexts, `WORK/index`, which is built when it is not there."""
    index = work / "index"
    if not index.exists():
        _log.info("indexing %d contexts", len(data.contexts))
        work.mkdir(parents=True, exist_ok=True)
        build_evaluation_index(data, path=index)
    return index
