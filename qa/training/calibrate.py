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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qa.assistant import Assistant
from qa.evaluation import metrics
from qa.evaluation.datasets import read_dataset
from qa.evaluation.runner import build_evaluation_index
from qa.scoring import FEATURES, Confidence
from qa.selector import group_features
from qa.training.readings import Reading, read, stored

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """What the fit sees of a reading: the features of its first span, and whether it is right."""

    reading: Reading
    right: bool
    features: Mapping[str, float]


def held_out(title: str) -> bool:
    """Say whether an article of the training data is kept for fitting: every tenth."""
    return hashlib.sha256(title.encode()).digest()[0] % 10 == 0


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
    before = list(stored(file))
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
        cases = list(judge(stored(file), assistant, confidence))
    fitted, report = fit(cases, confidence)
    content = {**asdict(fitted), "fit": {"data": data.name, "seed": options.seed, **report}}
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _log.info("%s", json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
