"""Fits the confidence: `python -m qa.training.calibrate SQUAD_TRAIN --out qa/confidence.json`.

    contexts of held-out articles → index → questions in six settings → features → logistic model

Each question is asked as a user might meet it: of the whole collection, of its own article, of
a handful of passages, each once with the passage that answers it and once without. What was read
is kept in a file, so that a run that was stopped goes on where it was, and fitting again with
other features reads nothing again.

The held-out articles are every tenth by the hash of the title; the same rule holds for training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import pickle
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qa.assistant import Assistant
from qa.evaluation import metrics
from qa.evaluation.datasets import Dataset, Question, read_dataset
from qa.evaluation.runner import build_evaluation_index
from qa.scoring import FEATURES, Confidence
from qa.selector import Evidence, group_features

_TINY = 4  # passages of the smallest setting: a short news article
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """One question in one setting, and what was found and read for it."""

    question: Question
    setting: str
    title: str  # of the article the question is about
    answerable: bool
    evidence: Evidence  # without the articles' texts: the index has them


@dataclass(frozen=True, slots=True)
class Case:
    """What the fit sees of a reading: the features of its first span, and whether it is right."""

    reading: Reading
    right: bool
    features: Mapping[str, float]


def held_out(title: str) -> bool:
    """Say whether an article of the training data is kept for fitting: every tenth."""
    return hashlib.sha256(title.encode()).digest()[0] % 10 == 0


def settings(
    question: Question, contexts: Mapping[str, Sequence[str]], title: str, rng: random.Random
) -> Iterator[tuple[str, bool, list[str] | None]]:
    """Yield (setting, answerable, context keys to search or None for all) for one question."""
    own = question.keys[0]
    article = [key for key in contexts[title] if key != own]
    others = [key for name, keys in contexts.items() if name != title for key in keys]
    place = rng.randrange(max(1, len(article) - _TINY))
    few = article[place : place + _TINY - 1]
    yield "collection", True, None
    yield "article", True, [own, *article]
    yield "few passages", True, [own, *few]
    yield "collection without the article", False, others
    yield "article without the passage", False, article
    yield "few other passages", False, article[place : place + _TINY]


def read(
    assistant: Assistant, data: Dataset, *, size: int, seed: int, done: Collection[str] = ()
) -> Iterator[Reading]:
    """Yield the readings of `size` questions; those of question ids in `done` are left out."""
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    titles = {context.key: context.title for context in data.contexts}
    contexts: dict[str, list[str]] = {}
    for context in data.contexts:
        contexts.setdefault(context.title, []).append(context.key)
    ids = {info.source.rpartition("#")[2]: info.id for info in assistant.index.articles()}
    for question in rng.sample(data.questions, min(size, len(data.questions))):
        title = titles[question.keys[0]]
        for setting, answerable, keys in settings(question, contexts, title, rng):
            if question.id in done or keys == []:
                continue
            articles = None if keys is None else [ids[key] for key in keys]
            (found,) = assistant.gather([question.text], articles=articles)
            slim = replace(found, articles={}, words=str.split)
            yield Reading(question, setting, title, answerable, slim)


def judge(
    readings: Iterable[Reading], assistant: Assistant, confidence: Confidence
) -> Iterator[Case]:
    """Yield the case of each reading that has a span and is not doubtful."""
    with assistant.index.snapshot() as snapshot:
        for reading in readings:
            evidence = replace(
                reading.evidence,
                articles=snapshot.articles(s.article_id for s in reading.evidence.spans),
                words=snapshot.words,
            )
            groups = evidence.groups(confidence)
            if not groups:
                continue
            f1 = metrics.f1(groups[0].best.text, reading.question.answers)
            right = f1 >= metrics.RIGHT_F1
            if right and not reading.answerable:
                continue  # another passage happens to say the same: neither right nor wrong
            yield Case(reading, right, group_features(groups, 0, evidence))


def fit(cases: Sequence[Case], confidence: Confidence) -> tuple[Confidence, dict[str, Any]]:
    """Return the confidence fitted on cases, and a report of it, cross-validated by article."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.preprocessing import StandardScaler

    x = np.array([[case.features[name] for name in FEATURES] for case in cases])
    y = np.array([case.right for case in cases])
    titles = [case.reading.title for case in cases]
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=1.0, max_iter=1000)
    z = scaler.transform(x)
    p = cross_val_predict(model, z, y, groups=titles, cv=GroupKFold(5), method="predict_proba")[
        :, 1
    ]
    model.fit(z, y)
    weights = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    fitted = replace(
        confidence,
        bias=round(bias, 4),
        weights={n: round(float(w), 4) for n, w in zip(FEATURES, weights, strict=True)},
    )
    return fitted, _report(cases, y, p, fitted)


def _report(cases: Sequence[Case], y: Any, p: Any, fitted: Confidence) -> dict[str, Any]:
    answerable = np.array([case.reading.answerable for case in cases])
    refused = p < fitted.found
    return {
        "cases": len(cases),
        "questions": len({case.reading.question.id for case in cases}),
        "right": round(float(y.mean()), 4),
        "auroc": round(metrics.auroc(p, y) or 0.0, 4),
        "ece": round(metrics.expected_calibration_error(p, y) or 0.0, 4),
        "unanswerable_refused": round(float(refused[~answerable].mean()), 4),
        "answerable_refused": round(float(refused[answerable].mean()), 4),
        "right_refused": round(float(refused[y].mean()), 4),
        "precision_when_answered": round(float(y[p >= fitted.answered].mean()), 4),
        "settings": dict(Counter(case.reading.setting for case in cases)),
    }


def main() -> None:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="SQuAD 1.1 train, in SQuAD layout")
    parser.add_argument("--out", type=Path, default=Path("qa/confidence.json"))
    parser.add_argument("--work", type=Path, default=Path("build/calibrate"))
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    data = read_dataset(options.data)
    keys = {context.key for context in data.contexts if held_out(context.title)}
    data = replace(
        data,
        contexts=tuple(c for c in data.contexts if c.key in keys),
        questions=tuple(q for q in data.questions if q.keys[0] in keys and q.answers),
    )
    options.work.mkdir(parents=True, exist_ok=True)
    if not (options.work / "index").exists():
        _log.info("indexing %d contexts", len(data.contexts))
        build_evaluation_index(data, path=options.work / "index")
    file = options.work / "readings.pickle"
    before = list(_stored(file))
    with Assistant.open(options.work / "index") as assistant:
        with file.open("ab") as log:
            for number, reading in enumerate(
                read(
                    assistant,
                    data,
                    size=options.questions,
                    seed=options.seed,
                    done={reading.question.id for reading in before},
                )
            ):
                pickle.dump(reading, log)
                if number % 100 == 0:
                    log.flush()
                    _log.info("%d readings", len(before) + number)
        confidence = Confidence.load(options.out)
        cases = list(judge(_stored(file), assistant, confidence))
    fitted, report = fit(cases, confidence)
    content = {**asdict(fitted), "fit": {"data": data.name, "seed": options.seed, **report}}
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _log.info("%s", json.dumps(content, indent=1))


def _stored(file: Path) -> Iterator[Reading]:
    """Yield the readings of a run before; one that was cut off at its end is left out."""
    if not file.exists():
        return
    with file.open("rb") as log:
        while True:
            try:
                yield pickle.load(log)  # noqa: S301 - written by this program
            except (EOFError, pickle.UnpicklingError):
                return


if __name__ == "__main__":
    main()
