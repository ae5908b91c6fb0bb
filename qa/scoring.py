"""Features of a question's best span → the probability that it is right.

The weights are plain numbers in confidence.json, fitted by `python -m qa.training calibrate` on
questions whose answers are known, through the whole pipeline. There are few features, and each can
only speak for a span: what the words of question and sentence have in common, and the cosine of
question and passage, got negative weights that SQuAD's questions contradicted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import ModelError, PrecisionError
from qa.values import Outcome, Span

DEFAULT = Path(__file__).parent / "confidence.json"
FEATURES = ("score", "margin", "fused", "agreement")


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model over `FEATURES`, and the two probabilities that part the outcomes."""

    bias: float
    weights: Mapping[str, float]
    answered: float  # from here on the outcome is ANSWERED
    found: float  # below it is NOT_FOUND
    retrieval: float  # what one unit of fused score counts in units of the reader's score
    brevity: float = 0.0  # what each word piece of a span after the first costs of its score
    alone: float = 0.0  # the reader's score from which a passage read alone answers
    precisions: Sequence[tuple[float, float]] = ()  # rising (share right, its probability)
    lead: float = math.inf  # of a span's rank over any unread passage from which reading ends

    @classmethod
    def load(cls, path: Path = DEFAULT) -> Confidence:
        """Read the model from its JSON file.

        Raises:
            ModelError: the file is missing, or its features are not those of this version.

        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            model = cls(**{name: data[name] for name in cls.__slots__ if name in data})
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path} cannot be read as a confidence model: {error!r}") from error
        if set(model.weights) != set(FEATURES):
            raise ModelError(
                f"{path} has weights for {', '.join(sorted(model.weights))}; expected"
                f" {', '.join(sorted(FEATURES))}. Fit it again: `python -m qa.training calibrate`"
            )
        return model

    def at_precision(self, precision: float) -> Confidence:
        """Return this model, answering so that of its answers a share of `precision` is right.

        The share, 0..1, is that of the questions of the fit, a third of which had no answer.

        Raises:
            PrecisionError: more is asked than the fit reached, or it is no share.

        """
        most = max((reached for reached, _ in self.precisions), default=0.0)
        if not 0.0 < precision <= most:
            raise PrecisionError(
                f"a precision of {precision:g} cannot be promised; give a share above 0 and up to"
                f" {most:g}, which is the highest that was reached when the confidence was fitted"
            )
        threshold = next(p for reached, p in self.precisions if reached >= precision)
        return replace(self, answered=threshold, found=min(self.found, threshold))

    def rank(self, span: Span) -> float:
        """Return what spans are ranked by: the reader's score and the retriever's, added."""
        return span.score + self.retrieval * span.hit.score

    def outcome(self, probability: float) -> Outcome:
        """Return what a first span of this probability comes to."""
        if probability >= self.answered:
            return Outcome.ANSWERED
        return Outcome.UNSURE if probability >= self.found else Outcome.NOT_FOUND

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability, 0..1, that a span with these features is right."""
        total = self.bias + sum(self.weights[name] * features[name] for name in FEATURES)
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


def features(span: Span, rival: Span | None, agreeing: int) -> dict[str, float]:
    """Return the features of a span.

    Its lead over others (margin) counts as far as the reader takes it for an answer at all: it is
    weighed by the logistic function of the score, which is small where "no answer" scores higher.

    Args:
        span: the span.
        rival: the best span that says something else, if any.
        agreeing: the number of other articles in which the reader found the same text.

    """
    score = max(-12.0, min(12.0, span.score))
    lead = span.score - (rival.score if rival else -12.0)
    return {
        "score": score,
        "margin": max(-12.0, min(12.0, lead)) / (1.0 + math.exp(-score)),
        "fused": span.hit.score,
        "agreement": math.log1p(agreeing),
    }
