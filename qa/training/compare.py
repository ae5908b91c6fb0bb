"""Compares readers on held-out questions, so that no evaluation set is needed to choose one.

Each reader is asked as it is measured in the end: passages by themselves, some of which do not
answer, and the whole collection, with a question's own article and without it. The confidence is
fitted crosswise for each reader, as readers differ in what their scores mean. The figures go to
`WORK/compare.json`.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa.assistant import Assistant
from qa.evaluation.datasets import Dataset, read_dataset
from qa.evaluation.reading import evaluate_reading
from qa.reader import SpanReader
from qa.scoring import Confidence
from qa.training.fitting import fit, judge
from qa.training.manifest import file_sha256, write_manifest
from qa.training.parts import collection_index, held_out_part, together
from qa.training.readings import read

_log = logging.getLogger(__name__)
_WHOLE = ("collection", "collection without the article")  # settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument("data", type=Path, nargs="+", help="what was trained on, in SQuAD layout")
    parser.add_argument("--unseen", type=Path, nargs="*", default=[], help="what was not")
    parser.add_argument("--readers", type=Path, nargs="+", required=True, help="their folders")
    parser.add_argument("--work", type=Path, default=Path("build/calibrate"))
    parser.add_argument("--questions", type=int, default=300, help="of each part, of all articles")
    parser.add_argument("--alone", type=int, default=1000, help="with their passages, of each kind")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Ask each reader and write the figures; the index is that of `calibrate`."""
    seen = [read_dataset(path) for path in options.data]
    unseen = [read_dataset(path) for path in options.unseen]
    data = together([*seen, *unseen])
    parts = [together([held_out_part(one) for one in seen]), *unseen]
    index = collection_index(data, options.work)
    found = {}
    for folder in options.readers:
        found[str(folder)] = {
            "sha256": file_sha256(folder / "model.safetensors"),
            "alone": alone(folder, parts, size=options.alone, seed=options.seed),
            "collection": collection(
                folder, parts, index, data, size=options.questions, seed=options.seed
            ),
        }
        _log.info("%s: %s", folder, json.dumps(found[str(folder)], indent=1))
    write_manifest(
        options.work / "compare.json",
        inputs=[*options.data, *options.unseen],
        settings=vars(options),
        readers=found,
    )


def alone(
    folder: Path, parts: Sequence[Dataset], *, size: int, seed: int
) -> dict[str, dict[str, float | None]]:
    """Return EM and F1, 0..1, and the AUROC of the score, of passages read by themselves.

    Of each part up to `size` questions of each kind are asked: with an answer, and impossible.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    reader = SpanReader.load(folder, brevity=Confidence.load().brevity)
    found = {}
    for part in parts:
        kinds = ([q for q in part.questions if q.answerable is kind] for kind in (True, False))
        asked = [q for kind in kinds for q in rng.sample(kind, min(size, len(kind)))]
        report = evaluate_reading(reader, asked, part.contexts, threshold=-math.inf)
        found[part.name] = {"exact": report.exact, "f1": report.f1, "auroc": report.auroc}
    return found


def collection(
    folder: Path, parts: Sequence[Dataset], index: Path, data: Dataset, *, size: int, seed: int
) -> dict[str, Any]:
    """Return the report of a fit (`fitting.fit`) on questions of the whole collection.

    `size` questions of each part are asked twice: of all of `data`, and of all but their own
    article. Brevity, weight of retrieval and lead are those that are shipped.
    """
    confidence = Confidence.load()
    with Assistant.open(index, reader=folder, confidence=confidence) as assistant:
        readings = [
            reading
            for part in parts
            for reading in read(
                assistant,
                replace(data, questions=tuple(q for q in part.questions if q.answerable)),
                size=size,
                seed=seed,
                only=_WHOLE,
            )
        ]
    _, report = fit(list(judge(readings, confidence)), confidence)
    return report
