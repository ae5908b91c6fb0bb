"""Makes the examples: question files → index of their passages → answers and negatives.

Articles that `held_out` names are left out whole: neither their questions nor their passages are
in the examples. Questions that a file marks as impossible are negatives of the kind "written". The
index of the passages is kept, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.library import open_index
from qa.evaluation.datasets import Context, Dataset, Question, read_dataset
from qa.retriever import retrieve
from qa.training import negatives
from qa.training.examples import EXAMPLES, Example, write_examples
from qa.training.manifest import write_manifest
from qa.training.parts import collection_index, training_part

_log = logging.getLogger(__name__)
_BATCH = 256  # questions of one search
_FOUND = 10  # passages that are asked of the retriever for a question


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument(
        "data",
        type=Path,
        nargs="+",
        help="files in SQuAD layout; the first is searched for negatives",
    )
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--perturbed", type=float, default=0.28, help="share of the questions")
    parser.add_argument("--retrieved", type=float, default=0.12, help="share of the questions")
    parser.add_argument("--cut", type=float, default=0.06, help="share of the questions")
    parser.add_argument("--other", type=float, default=0.02, help="share of the questions")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Write `examples.jsonl.gz` and its manifest into the folder `work`."""
    options.work.mkdir(parents=True, exist_ok=True)
    parts = [training_part(read_dataset(path)) for path in options.data]
    rng = random.Random(options.seed)  # noqa: S311 - sampling, not secrecy
    examples = list(answers(parts))
    _log.info("%d questions with their own passages", len(examples))
    examples += near(parts, options, rng)
    _log.info("%d examples with the changed ones", len(examples))
    examples += found(parts[0], options.work, options.retrieved, rng)
    rng.shuffle(examples)
    path = options.work / EXAMPLES
    write_examples(path, examples)
    kinds = dict(Counter(example.kind for example in examples).most_common())
    write_manifest(
        options.work / "examples.json", inputs=options.data, settings=vars(options), examples=kinds
    )
    _log.info("%s: %s", path, kinds)


def _answered(question: Question) -> bool:
    return question.answerable


def answers(parts: Sequence[Dataset]) -> Iterator[Example]:
    """Yield each question with its own passage and every place there that holds the answer.

    The place that the data names comes first; an impossible question has none.
    """
    for data in parts:
        contexts = {context.key: context for context in data.contexts}
        for question in data.questions:
            context = contexts[question.keys[0]]
            spans: dict[tuple[int, int], None] = {}
            for gold in question.gold:
                if gold.start is not None:
                    spans[gold.start, gold.start + len(gold.text)] = None
            for gold in question.gold:
                for match in re.finditer(rf"(?<!\w){re.escape(gold.text)}(?!\w)", context.text):
                    spans.setdefault(match.span())
            kind = "answer" if spans else "written"
            yield Example(
                question.id, kind, context.title, question.text, context.text, tuple(spans)
            )


def near(
    parts: Sequence[Dataset], options: argparse.Namespace, rng: random.Random
) -> Iterator[Example]:
    """Yield the negatives that need no search: changed questions, cut and other passages."""
    for data in parts:
        contexts = {context.key: context for context in data.contexts}
        by_title: dict[str, list[Question]] = {}
        for question in data.questions:
            by_title.setdefault(contexts[question.keys[0]].title, []).append(question)
        for question in filter(_answered, data.questions):
            context = contexts[question.keys[0]]
            if rng.random() < options.perturbed:
                siblings = rng.sample(by_title[context.title], min(5, len(by_title[context.title])))
                other = [sibling.text for sibling in siblings]
                if made := negatives.perturbed(question, context, other=other, rng=rng):
                    yield made
            if rng.random() < options.cut and (made := negatives.cut(question, context)):
                yield made
            if rng.random() < options.other:
                one: Context = rng.choice(data.contexts)
                if one.key != context.key and not negatives.holds(one.text, question.answers):
                    yield Example(
                        f"{question.id}-other", "other", one.title, question.text, one.text
                    )


def found(data: Dataset, work: Path, share: float, rng: random.Random) -> Iterator[Example]:
    """Yield questions with passages that our own retriever finds and that lack the answer."""
    contexts = {context.key: context for context in data.contexts}
    questions = [q for q in filter(_answered, data.questions) if rng.random() < share]
    with open_index(collection_index(data, work)) as index, index.snapshot() as snapshot:
        titles = {info.id: info.title for info in index.articles()}
        keys = {info.id: info.source.rpartition("#")[2] for info in index.articles()}
        for first in range(0, len(questions), _BATCH):
            batch = questions[first : first + _BATCH]
            texts = [question.text for question in batch]
            for question, hits in zip(
                batch, retrieve(snapshot, index.embedder, texts, _FOUND), strict=True
            ):
                passages = [
                    (titles[hit.passage.article_id], hit.passage.text)
                    for hit in hits
                    if keys[hit.passage.article_id] in contexts
                ]
                yield from negatives.retrieved(question, passages, rng)
