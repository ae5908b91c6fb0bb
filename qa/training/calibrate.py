"""Fits the confidence: held-out questions → readings → features → qa/confidence.json.

    contexts → index → questions of held-out articles, in settings → features → logistic model

Each question is asked as a user might meet it: of the whole collection, of its own article, of
a handful of passages, each once with the passage that answers it and once without; impossible
questions, which a file marks as such, are asked where their passage is. What was read is kept in
a file, so that a run that was stopped goes on where it was, and fitting again with other features
reads nothing again.

The held-out articles are every tenth by the hash of the title; the same rule holds for training.
Files that no training saw are used whole (`--unseen`). The articles trained on are in the index
too, as a large collection has more that looks like an answer and is none.

Five more numbers are fitted. `brevity`: what each word piece of a span costs, before anything is
read (`qa.training.alone`). `retrieval`: what the retriever's score counts beside the reader's
when spans are ranked, so that most first spans are right. `lead`: by how much a span must be ahead
of the passages not read yet for them to be left unread, so that as many are right. `precisions`:
from which probability on a share of the answers is right. `alone`: from which score of the reader
a passage read by itself answers, on held-out questions of which half are impossible.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import math
import pickle
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qa.assistant import Assistant
from qa.evaluation import metrics
from qa.evaluation.datasets import read_dataset
from qa.reader import SpanReader
from qa.reader_model import DEFAULT_MODEL
from qa.scoring import FEATURES, Confidence
from qa.selector import group_features
from qa.training.alone import fit_alone, fit_brevity
from qa.training.manifest import write_manifest
from qa.training.parts import collection_index, held_out_part, together
from qa.training.readings import Reading, passages_read, read, shortened, stored

_log = logging.getLogger(__name__)
_BREVITY = 1500  # questions of brevity, of each part
_ALONE = 3000  # questions of the threshold of reading alone
_RETRIEVAL = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0)  # weights that are tried
_SHARES = (4, 1, 1)  # with an answer, without the passage of it, impossible
_LEADS = (4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, math.inf)  # that are tried
_LOSS = 0.001  # share of first spans that may be wrong for reading less
_FEWEST = 100  # answers that a promise of precision must rest on


@dataclass(frozen=True, slots=True)
class Case:
    """What the fit sees of a reading: the features of its first span, and whether it is right."""

    reading: Reading
    right: bool
    features: Mapping[str, float]


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


def fit_retrieval(
    readings: Sequence[Reading], assistant: Assistant, confidence: Confidence
) -> tuple[float, dict[float, int]]:
    """Return the weight of retrieval with the most right first spans, and the count at each."""
    asked = [reading for reading in readings if reading.answerable]
    right = {
        weight: sum(
            case.right for case in judge(asked, assistant, replace(confidence, retrieval=weight))
        )
        for weight in _RETRIEVAL
    }
    return max(right, key=right.__getitem__), right


def fit_lead(
    readings: Sequence[Reading], assistant: Assistant, confidence: Confidence
) -> tuple[float, dict[float, tuple[float, float]]]:
    """Return the least lead that costs next to no right first span.

    And for each lead the share of right first spans and the mean number of passages read.
    """
    asked = [reading for reading in readings if reading.answerable]
    found = {}
    for lead in _LEADS:
        model = replace(confidence, lead=lead)
        counts = [passages_read(reading, model) for reading in asked]
        short = [shortened(reading, count) for reading, count in zip(asked, counts, strict=True)]
        right = sum(case.right for case in judge(short, assistant, model)) / len(asked)
        found[lead] = (round(right, 4), round(sum(counts) / len(asked), 2))
    enough = found[_LEADS[-1]][0] - _LOSS
    return next(lead for lead in _LEADS if found[lead][0] >= enough), found


def balanced(cases: Sequence[Case], seed: int) -> list[Case]:
    """Return cases in the shares that the confidence is fitted for, drawn at random.

    Two of three have an answer; of the others half are far from one, and half are impossible
    questions about what is there. A probability fits a user who asks so.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    sides: list[list[Case]] = [[], [], []]
    for case in cases:
        possible = case.reading.question.answerable
        sides[0 if case.reading.answerable else 1 if possible else 2].append(case)
    size = min(len(side) // share for side, share in zip(sides, _SHARES, strict=True))
    chosen = (rng.sample(side, size * share) for side, share in zip(sides, _SHARES, strict=True))
    return list(itertools.chain.from_iterable(chosen))


def fit(cases: Sequence[Case], confidence: Confidence) -> tuple[Confidence, dict[str, Any]]:
    """Return the confidence fitted on cases, and a report of it, cross-validated by article."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    x = np.array([[case.features[name] for name in FEATURES] for case in cases])
    y = np.array([case.right for case in cases])
    titles = [case.reading.title for case in cases]
    rare = (x != np.median(x, axis=0)).sum(axis=0) < _FEWEST
    scale = np.where(rare, np.ptp(x, axis=0), x.std(axis=0))  # a rare feature weighs little
    scale = np.where(scale > 0, scale, 1.0)
    mean = x.mean(axis=0)
    model = LogisticRegression(C=1.0, max_iter=1000)
    z = (x - mean) / scale
    p = cross_val_predict(model, z, y, groups=titles, cv=GroupKFold(5), method="predict_proba")[
        :, 1
    ]
    model.fit(z, y)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - (weights * mean).sum())
    fitted = replace(
        confidence,
        bias=round(bias, 4),
        weights={n: round(float(w), 4) for n, w in zip(FEATURES, weights, strict=True)},
        precisions=precisions(p, y),
    )
    return fitted, _report(cases, y, p, fitted)


def precisions(p: Any, y: Any) -> list[tuple[float, float]]:
    """Return (share right, probability from which the answers reach it), both rising.

    `p` (n,) are probabilities of cases that the fit did not see, `y` (n,) says which are right.
    A share that fewer than `_FEWEST` answers reach is no promise.
    """
    points = metrics.risk_coverage(p, y)
    found = []
    for share in np.arange(0.5, 1.0, 0.01).round(2).tolist():
        reached = [q for q in points if 1 - q.risk >= share and q.coverage * len(y) >= _FEWEST]
        if reached:
            found.append((share, round(reached[-1].confidence, 4)))
    return found


def _report(cases: Sequence[Case], y: Any, p: Any, fitted: Confidence) -> dict[str, Any]:
    answerable = np.array([case.reading.answerable for case in cases])
    refused = p < fitted.found
    return {
        "cases": len(cases),
        "questions": len({case.reading.question.id for case in cases}),
        "right": round(float(y.mean()), 4),
        "auroc": round(metrics.auroc(p, y) or 0.0, 4),
        "ece": round(metrics.expected_calibration_error(p, y) or 0.0, 4),
        "coverage_at_90": round(metrics.coverage_at(metrics.risk_coverage(p, y), 0.9) or 0.0, 4),
        "unanswerable_refused": round(float(refused[~answerable].mean()), 4),
        "answerable_refused": round(float(refused[answerable].mean()), 4),
        "right_refused": round(float(refused[y].mean()), 4),
        "precision_when_answered": round(float(y[p >= fitted.answered].mean()), 4),
        "settings": dict(Counter(case.reading.setting for case in cases)),
    }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument("data", type=Path, nargs="+", help="what was trained on, in SQuAD layout")
    parser.add_argument("--unseen", type=Path, nargs="*", default=[], help="what was not")
    parser.add_argument("--out", type=Path, default=Path("qa/confidence.json"))
    parser.add_argument("--work", type=Path, default=Path("build/calibrate"))
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="folder of the reader")
    parser.add_argument("--questions", type=int, default=600, help="of each file")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Read what is not read yet, fit, and write the file `out`."""
    seen = [read_dataset(path) for path in options.data]
    unseen = [read_dataset(path) for path in options.unseen]
    parts = [*map(held_out_part, seen), *unseen]
    data = together([*seen, *unseen])
    index = collection_index(data, options.work)
    kept = options.work / "brevity.json"  # what the readings are made with
    if not kept.exists():
        found = fit_brevity(options.model, parts, size=_BREVITY, seed=options.seed)
        kept.write_text(json.dumps(found), encoding="utf-8")
    brevity, by_brevity = json.loads(kept.read_text("utf-8"))
    _log.info("EM and F1 by brevity: %s", by_brevity)
    file = options.work / "readings.pickle"
    before = list(stored(file))
    everything = replace(Confidence.load(options.out), brevity=brevity, lead=math.inf)  # is read
    with Assistant.open(index, reader=options.model, confidence=everything) as assistant:
        with file.open("ab") as log:
            done = {reading.question.id for reading in before}
            new = itertools.chain.from_iterable(
                read(
                    assistant,
                    replace(data, questions=part.questions),
                    size=options.questions,
                    seed=options.seed,
                    done=done,
                )
                for part in parts
            )
            for number, reading in enumerate(new, 1):
                pickle.dump(reading, log)
                if number % 100 == 0:
                    log.flush()
                    _log.info("%d readings", len(before) + number)
        readings = list(stored(file))
        weight, right = fit_retrieval(readings, assistant, everything)
        confidence = replace(everything, retrieval=weight)
        lead, by_lead = fit_lead(readings, assistant, confidence)
        confidence = replace(confidence, lead=lead)
        readings = [shortened(r, passages_read(r, confidence)) for r in readings]
        cases = balanced(list(judge(readings, assistant, confidence)), options.seed)
    fitted, report = fit(cases, confidence)
    held = together(parts[: len(seen)])
    reader = SpanReader.load(options.model, brevity=brevity)
    threshold, alone = fit_alone(reader, held, size=_ALONE, seed=options.seed)
    fitted = replace(fitted, alone=threshold)
    content = {
        **asdict(fitted),
        "fit": {
            "data": [part.name for part in parts],
            "seed": options.seed,
            **report,
            "exact_and_f1_by_brevity": by_brevity,
            "right_by_retrieval": right,
            "right_and_read_by_lead": by_lead,
            "alone": alone,
        },
    }
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    write_manifest(
        options.work / "manifest.json",
        inputs=[*options.data, *options.unseen, options.model / "model.safetensors"],
        settings=vars(options),
        fit=content["fit"],
    )
    _log.info("%s", json.dumps(content, indent=1))
