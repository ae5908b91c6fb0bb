"""Makes an answerable question unanswerable for its own passage by a small change.

    question → a word, name or auxiliary of it → another of its sort → a question to abstain on

The kinds are those of adversarial unanswerable questions: a number, a date or a name is swapped,
a word becomes its opposite, a negation comes in or goes, a noun is swapped. A replacement comes
from the passage where that is safe: not where the passage may answer the changed question too.

Show examples: `python -m qa.training.perturb SQUAD_TRAIN --kind entity --seed 0 --show 20`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import FootnoteError
from qa.evaluation.datasets import Context, Dataset, Question, read_dataset
from qa.training.negation import negation
from qa.training.passages import Case, read_passage, stems
from qa.training.quantities import date, number
from qa.training.swaps import antonym, entity, noun

_RULES: dict[str, Callable[[Case], str | None]] = {
    "number": number,
    "date": date,
    "entity": entity,
    "antonym": antonym,
    "negation": negation,
    "noun": noun,
}
KINDS = tuple(_RULES)
_OTHER = 8  # texts of the article that a name may come from
_LONGEST_QUESTION = 200  # characters: what is longer among `other` is a passage


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A question that its passage does not answer, and how it was made."""

    question: str
    kind: str  # one of KINDS


def perturbations(
    question: str,
    context: str,
    answers: Sequence[str],
    *,
    other: Sequence[str],
    random: random.Random,
) -> list[Perturbed]:
    """Return changed questions that the context does not answer, at most one of each kind.

    `other` holds questions or passages of the same article: names may come from them, and no
    changed question says the same as one of them. The list is empty where no rule applies.
    """
    case = Case(question, read_passage(context), tuple(answers), tuple(other), random)
    found = []
    for kind, rule in _RULES.items():
        changed = rule(case)
        if changed and changed != question and not _asked(changed, other):
            found.append(Perturbed(changed, kind))
    return found


def _asked(question: str, other: Sequence[str]) -> bool:
    short = [text for text in other if len(text) < _LONGEST_QUESTION]
    return bool(short) and stems(question) in map(stems, short)


def examples(
    data: Dataset, kind: str, rng: random.Random
) -> Iterator[tuple[Context, Question, str]]:
    """Yield (context, question, changed question) of one kind, in a random order."""
    contexts = {context.key: context for context in data.contexts}
    article: dict[str, list[str]] = {}
    for context in data.contexts:
        article.setdefault(context.title, []).append(context.text)
    for question in rng.sample(data.questions, len(data.questions)):
        context = contexts[question.keys[0]]
        texts = article[context.title]
        found = perturbations(
            question.text,
            context.text,
            question.answers,
            other=rng.sample(texts, min(_OTHER, len(texts))),
            random=rng,
        )
        for made in found:
            if made.kind == kind:
                yield context, question, made.question


def main() -> int:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="questions with answers, in SQuAD layout")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=20, help="how many examples (%(default)s)")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - sampling, not secrecy
    try:
        data = read_dataset(options.data)
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    shown = zip(range(options.show), examples(data, options.kind, rng), strict=False)
    for number_, (context, question, changed) in shown:
        sys.stdout.write(
            f"{number_ + 1}. {context.text}\n   asked:   {question.text}\n"
            f"   answer:  {question.answers[0]}\n   changed: {changed}\n\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
