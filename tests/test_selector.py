"""Merging candidate spans, and choosing or abstaining."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.errors import PrecisionError
from index.values import Article, Passage, text_sha256
from qa.scoring import FEATURES, Confidence, features
from qa.selector import Evidence, group_spans, normalised, select
from qa.values import Hit, Outcome, Span

CONFIDENCE = Confidence(
    bias=0.0,
    weights={name: (1.0 if name == "score" else 0.0) for name in FEATURES},
    answered=0.5,
    found=0.2,
    retrieval=0.0,
)
TEXTS = {
    "a": "Ada won the prize. Ada smiled at Bob.",
    "b": "The winner was Ada. Bob lost.",
}
ARTICLES = {
    key: Article(key, key.upper(), text, f"/{key}.txt", text_sha256(text))
    for key, text in TEXTS.items()
}


def span(article: str, start: int, end: int, score: float) -> Span:
    """Return a span of one of the articles, in one passage that is the whole article."""
    text = TEXTS[article]
    passage = Passage(ord(article), article, 0, len(text), text)
    return Span(article, start, end, text[start:end], score, 0.5, Hit(passage, 0.1, 1, 0.8, 1, 3.0))


def evidence(*spans: Span) -> Evidence:
    """Return the evidence of these spans."""
    hits = tuple({s.article_id: s.hit for s in spans}.values())
    return Evidence("who won?", hits, spans, ARTICLES, 4)


def test_overlapping_spans_merge_in_article_coordinates() -> None:
    """Of spans that overlap in one article only the better one stays."""
    groups = group_spans([span("a", 0, 3, 5.0), span("a", 0, 7, 4.0)], lambda s: s.score)
    assert [group.best.text for group in groups] == ["Ada"]


def test_same_text_in_other_article_joins_the_group() -> None:
    """The same words in a second article make a second span of one group, not a rival."""
    groups = group_spans(
        [span("a", 0, 3, 5.0), span("b", 15, 18, 3.0), span("a", 33, 36, 1.0)], lambda s: s.score
    )
    assert [[s.article_id for s in group.spans] for group in groups] == [["a", "b"], ["a"]]


def test_same_text_twice_in_one_article_is_one_span() -> None:
    """A second mention in the same article adds no second citation."""
    groups = group_spans([span("a", 0, 3, 5.0), span("a", 19, 22, 4.0)], lambda s: s.score)
    assert [len(group.spans) for group in groups] == [1]


def test_normalised_ignores_case_punctuation_and_articles() -> None:
    """Texts compare as SQuAD compares answers."""
    assert normalised("The U.S. Army,") == normalised("us army")


def test_answered_cites_every_article_that_says_so() -> None:
    """An answer's citations hold the exact words, best article first."""
    answer = select(evidence(span("a", 0, 3, 5.0), span("b", 15, 18, 3.0)), CONFIDENCE)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.text == "Ada"
    assert [(c.article.id, c.rank, c.sentence) for c in answer.citations] == [
        ("a", 1, "Ada won the prize."),
        ("b", 2, "The winner was Ada."),
    ]
    assert all(citation.verify() for citation in answer.citations)
    assert answer.generation == 4


@pytest.mark.parametrize(
    ("score", "outcome"),
    [(0.1, Outcome.ANSWERED), (-0.5, Outcome.UNSURE), (-3.0, Outcome.NOT_FOUND)],
)
def test_probability_decides_the_outcome(score: float, outcome: Outcome) -> None:
    """From 0.5 on answered, from 0.2 on unsure, below not found: sigmoid(-3) is 0.05."""
    answer = select(evidence(span("a", 0, 3, score)), CONFIDENCE)
    assert answer.outcome is outcome
    assert bool(answer.text) == (outcome is not Outcome.NOT_FOUND)
    assert bool(answer.citations) == (outcome is not Outcome.NOT_FOUND)
    assert answer.closest


def test_no_candidate_is_not_found() -> None:
    """Without any span the answer abstains and shows the closest passages."""
    hits = (span("a", 0, 3, 0.0).hit,)
    answer = select(replace(evidence(), hits=hits), CONFIDENCE)
    assert (answer.outcome, answer.confidence) == (Outcome.NOT_FOUND, 0.0)
    assert [passage.article.id for passage in answer.closest] == ["a"]


def test_alternative_is_never_surer_than_the_answer() -> None:
    """Alternatives come after the answer in confidence, three at most."""
    spans = [span("a", 0, 3, 2.0), span("a", 4, 7, 1.9), span("a", 12, 17, 1.8)]
    spans += [span("b", 4, 10, 1.7), span("b", 20, 23, 1.6)]
    answer = select(evidence(*spans), CONFIDENCE)
    assert len(answer.alternatives) == 3
    assert all(one.confidence <= answer.confidence for one in answer.alternatives)


def test_features_worked_by_hand() -> None:
    """Margin is to the best other text, weighed; agreement grows with each article more."""
    best, rival = span("a", 0, 3, 5.0), span("a", 33, 36, 1.0)
    assert features(best, rival, 1) == {
        "score": 5.0,
        "margin": pytest.approx(4 * 0.99331, abs=1e-4),  # 1 / (1 + exp(-5)) of it
        "fused": 0.1,
        "agreement": pytest.approx(0.6931, abs=1e-4),
    }
    assert features(best, None, 0)["margin"] == pytest.approx(12 * 0.99331, abs=1e-4)
    assert features(best, None, 0)["agreement"] == 0.0


def test_precision_sets_the_threshold() -> None:
    """A promise of precision is kept from the first probability that reached it."""
    fitted = replace(CONFIDENCE, precisions=((0.5, 0.2), (0.8, 0.6), (0.95, 0.9)))
    assert fitted.at_precision(0.8).answered == 0.6
    assert fitted.at_precision(0.81).answered == 0.9
    lax = fitted.at_precision(0.3)
    assert lax.answered == 0.2
    assert lax.outcome(0.25) is Outcome.ANSWERED
    for precision in (0.96, 0.0, -1.0, 9.0, float("nan")):
        with pytest.raises(PrecisionError, match=r"up to 0\.95"):
            fitted.at_precision(precision)
    with pytest.raises(PrecisionError):
        CONFIDENCE.at_precision(0.5)


def test_a_lead_counts_little_where_the_reader_prefers_no_answer() -> None:
    """A span that is far ahead of the others is no answer for that."""
    doubted, liked = (features(span("a", 0, 3, score), None, 0)["margin"] for score in (-4.0, 4.0))
    assert doubted < 0.2
    assert liked > 11.0
