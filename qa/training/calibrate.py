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
of the passages not read yet for them to be left unread, so that no right one is lost. `precisions`:
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
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from qa.assistant import Assistant
from qa.evaluation.datasets import read_dataset
from qa.reader import SpanReader
from qa.reader_model import DEFAULT_MODEL
from qa.scoring import Confidence
from qa.training.alone import fit_alone, fit_brevity
from qa.training.fitting import balanced, fit, judge, transfer
from qa.training.manifest import write_manifest
from qa.training.parts import collection_index, held_out_part, together
from qa.training.readings import Reading, passages_read, read, shortened, stored

_log = logging.getLogger(__name__)
_BREVITY = 1500  # questions of brevity, of each part
_ALONE = 3000  # questions of the threshold of reading alone
_RETRIEVAL = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0)  # weights that are tried
_LEADS = (4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, math.inf)  # that are tried
_LOSS = 0.001  # share of first spans that may be lost by reading less


def fit_retrieval(
    readings: Sequence[Reading], confidence: Confidence
) -> tuple[float, dict[float, int]]:
    """Return the weight of retrieval with the most right first spans, and the count at each."""
    asked = [reading for reading in readings if reading.answerable]
    right = {
        weight: sum(case.right for case in judge(asked, replace(confidence, retrieval=weight)))
        for weight in _RETRIEVAL
    }
    return max(right, key=right.__getitem__), right


def fit_lead(
    readings: Sequence[Reading], confidence: Confidence
) -> tuple[float, dict[float, dict[str, float]]]:
    """Return the least lead that loses next to no right first span, and the figures of each.

    Lost are those that reading everything finds. What is right only because a passage was left
    unread is luck, and does not make up for them.
    """
    asked = [reading for reading in readings if reading.answerable]
    found, every = {}, set[int]()
    for lead in reversed(_LEADS):
        model = replace(confidence, lead=lead)
        counts = [passages_read(reading, model) for reading in asked]
        short = [shortened(reading, count) for reading, count in zip(asked, counts, strict=True)]
        right = {number for number, one in enumerate(short) for c in judge([one], model) if c.right}
        every = every or right
        found[lead] = {
            "right": round(len(right) / len(asked), 4),
            "lost": round(len(every - right) / len(asked), 4),
            "read": round(sum(counts) / len(asked), 2),
        }
    return next(lead for lead in _LEADS if found[lead]["lost"] <= _LOSS), found


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
    with (
        Assistant.open(index, reader=options.model, confidence=everything) as assistant,
        file.open("ab") as log,
    ):
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
    weight, right = fit_retrieval(readings, everything)
    confidence = replace(everything, retrieval=weight)
    lead, by_lead = fit_lead(readings, confidence)
    confidence = replace(confidence, lead=lead)
    cases = list(judge([shortened(r, passages_read(r, confidence)) for r in readings], confidence))
    fitted, report = fit(balanced(cases, options.seed), confidence)
    kinds = {q.id: part.name for part in unseen for q in part.questions}
    named = [kinds.get(case.reading.question.id, "seen") for case in cases]
    report["transfer"] = transfer(cases, named, confidence, seed=options.seed)
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
            "by_lead": by_lead,
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
