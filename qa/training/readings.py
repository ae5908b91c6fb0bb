"""Questions of known answer, asked in up to six settings, and what was found and read for each.

Reading is slow and fitting is quick, so what was read is kept in a file: a run that was stopped
goes on where it was, and a fit with other features reads nothing again.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa.assistant import Assistant
from qa.evaluation.datasets import Dataset, Question
from qa.reading import STEP, settled
from qa.scoring import Confidence
from qa.selector import Evidence

_TINY = 4  # passages of the smallest setting: a short news article


@dataclass(frozen=True, slots=True)
class Reading:
    """One question in one setting, and what was found and read for it."""

    question: Question
    setting: str
    title: str  # of the article the question is about
    answerable: bool
    evidence: Evidence  # without the articles: no feature needs them


def settings(
    question: Question, contexts: Mapping[str, Sequence[str]], title: str, rng: random.Random
) -> Iterator[tuple[str, bool, list[str] | None]]:
    """Yield (setting, answerable, context keys to search or None for all) for one question.

    An impossible question is asked where its passage is, as if it could be answered.
    """
    own = question.keys[0]
    article = [key for key in contexts[title] if key != own]
    others = [key for name, keys in contexts.items() if name != title for key in keys]
    place = rng.randrange(max(1, len(article) - _TINY))
    few = article[place : place + _TINY - 1]
    note = "" if question.answerable else ", impossible"
    yield f"collection{note}", question.answerable, None
    if article:
        yield f"article{note}", question.answerable, [own, *article]
    yield f"few passages{note}", question.answerable, [own, *few]
    if question.answerable:
        yield "collection without the article", False, others
        yield "article without the passage", False, article
        yield "few other passages", False, article[place : place + _TINY]


def read(
    assistant: Assistant,
    data: Dataset,
    *,
    size: int,
    seed: int,
    done: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Iterator[Reading]:
    """Yield the readings of `size` questions, in all settings or `only` some.

    Those of question ids in `done` are left out.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    titles = {context.key: context.title for context in data.contexts}
    contexts: dict[str, list[str]] = {}
    for context in data.contexts:
        contexts.setdefault(context.title, []).append(context.key)
    ids = {info.source.rpartition("#")[2]: info.id for info in assistant.index.articles()}
    for question in rng.sample(data.questions, min(size, len(data.questions))):
        title = titles[question.keys[0]]
        for setting, answerable, keys in settings(question, contexts, title, rng):
            if question.id in done or keys == [] or (only and setting not in only):
                continue
            articles = None if keys is None else [ids[key] for key in keys]
            (found,) = assistant.gather([question.text], articles=articles)
            slim = replace(found, articles={})
            yield Reading(question, setting, title, answerable, slim)


def stored(file: Path) -> Iterator[Reading]:
    """Yield the readings of a run before; one that was cut off at its end is left out."""
    if not file.exists():
        return
    with file.open("rb") as log:
        while True:
            try:
                yield pickle.load(log)  # noqa: S301 - written by this program
            except (EOFError, pickle.UnpicklingError):
                return


def passages_read(reading: Reading, confidence: Confidence) -> int:
    """Return after how many passages a reading of all of them would have ended."""
    asked, hits = reading.evidence.question, reading.evidence.hits
    for count in range(STEP, len(hits), STEP):
        spans = shortened(reading, count).evidence.spans
        if settled(asked, spans, hits[count:], confidence):
            return count
    return len(hits)


def shortened(reading: Reading, count: int) -> Reading:
    """Return a reading of all passages as it is when only the first `count` are read."""
    evidence = reading.evidence
    first = {hit.passage.id for hit in evidence.hits[:count]}
    spans = [span for span in evidence.spans if span.hit.passage.id in first]
    return replace(reading, evidence=replace(evidence, spans=spans))
