"""Questions with passages that do not answer them, to teach a reader when to abstain.

SQuAD 1.1 has an answer for every question. Four kinds of pairs without one are made here:

- "retrieved": a passage that our own retriever finds for the question, without the answer in it;
- "cut": the question's own passage without the sentences that hold the answer;
- "other": a passage of another article;
- the kinds of `perturb`: the question changed a little, against its own passage.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from index.sentences import sentence_ends
from qa.evaluation import metrics
from qa.evaluation.datasets import Context, Question
from qa.training.examples import Example
from qa.training.perturb import perturbations

_WEIGHTS = {"entity": 6, "noun": 4, "number": 4, "date": 4, "antonym": 2, "negation": 1}
_SHORTEST = 200  # characters of a passage that is left after a cut


def holds(passage: str, answers: Sequence[str]) -> bool:
    """Say whether a passage has one of the answers in it, whatever the case and punctuation."""
    words = f" {metrics.normalise(passage)} "
    return any(f" {metrics.normalise(answer)} " in words for answer in answers)


def cut(question: Question, context: Context) -> Example | None:
    """Return the question with its passage less every sentence that holds an answer."""
    ends = sentence_ends(context.text)
    sentences = [context.text[a:b] for a, b in zip((0, *ends), ends, strict=False)]
    left = "".join(s for s in sentences if not holds(s, question.answers)).strip()
    if len(left) < _SHORTEST or holds(left, question.answers):
        return None
    return Example(f"{question.id}-cut", "cut", context.title, question.text, left)


def perturbed(
    question: Question, context: Context, *, other: Sequence[str], rng: random.Random
) -> Example | None:
    """Return the question changed so that its own passage no longer answers it, if it can be."""
    found = perturbations(question.text, context.text, question.answers, other=other, random=rng)
    if not found:
        return None
    (one,) = rng.choices(found, [_WEIGHTS[made.kind] for made in found])
    return Example(f"{question.id}-{one.kind}", one.kind, context.title, one.question, context.text)


def retrieved(
    question: Question, passages: Sequence[tuple[str, str]], rng: random.Random
) -> Iterator[Example]:
    """Yield the question with one of the (title, text) passages found for it that lack its answer.

    A passage that has an answer's last word may say the same in other words ("Obama", "in 1924"),
    so it is not taken. Better ranks are likelier: rank r is drawn in proportion to 1 / r.
    """
    last = [answer.split()[-1] for answer in map(metrics.normalise, question.answers) if answer]
    fit = [
        (1 / rank, title, text)
        for rank, (title, text) in enumerate(passages, 1)
        if not holds(text, last)
    ]
    if fit:
        ((_, title, text),) = rng.choices(fit, [weight for weight, *_ in fit])
        yield Example(f"{question.id}-retrieved", "retrieved", title, question.text, text)
