"""Answers as values: what they say of themselves, and their plain-data form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from index.errors import ArticleMissing
from index.values import Article, text_sha256
from qa import Alternative, Answer, Citation, ClosestPassage, Outcome

TEXT = "The bridge opened in 1883. It cost $15 million."
ARTICLE = Article(
    "a1", "Bridge", TEXT, "/x/bridge.md", text_sha256(TEXT), "1883-05-24", {"topic": "history"}
)
CITATION = Citation(ARTICLE, 21, 25, "1883", "The bridge opened in 1883.", 0, 1)
ANSWER = Answer(
    question="when?",
    outcome=Outcome.ANSWERED,
    text="1883",
    confidence=0.9,
    citations=(CITATION,),
    alternatives=(Alternative("$15 million", 0.1, (CITATION,)),),
    closest=(ClosestPassage(ARTICLE, 0, 26, TEXT[:26], 0.18),),
    interpreted_question="when?",
    generation=3,
    notice="a notice",
    timings={"total": 1.5},
)


class Articles:
    """A lookup over one article."""

    def __init__(self, article: Article) -> None:
        self._article = article

    def article(self, article_id: str, /) -> Article:
        """Return the article."""
        if article_id != self._article.id:
            raise ArticleMissing("gone")
        return self._article


def test_answer_round_trip() -> None:
    """An answer survives to_dict, JSON and from_dict, and its dictionary stays the same."""
    data = json.loads(json.dumps(ANSWER.to_dict()))
    restored = Answer.from_dict(data)
    assert restored == ANSWER
    assert restored.to_dict() == ANSWER.to_dict()


def test_dictionary_carries_no_article_text() -> None:
    """An answer's dictionary holds quotes and sentences, not whole articles."""
    assert TEXT not in json.dumps(ANSWER.to_dict())


def test_citation_verifies_against_its_own_text() -> None:
    """A citation verifies exactly when text, hash and quote agree."""
    assert CITATION.verify()
    assert not replace(CITATION, quote="1884").verify()
    altered = replace(ARTICLE, text=TEXT.replace("$15", "$16"))
    assert not replace(CITATION, article=altered).verify()


def test_citation_verifies_against_an_index() -> None:
    """With an index given, the article as it stands there decides."""
    assert CITATION.verify(Articles(ARTICLE))
    changed = TEXT + " Later."
    assert not CITATION.verify(
        Articles(replace(ARTICLE, text=changed, sha256=text_sha256(changed)))
    )
    assert not CITATION.verify(Articles(replace(ARTICLE, id="other")))


def test_restored_citation_verifies_only_with_an_index() -> None:
    """A citation restored from plain data has no text of its own to verify against."""
    restored = Citation.from_dict(CITATION.to_dict())
    assert not restored.verify()
    assert restored.verify(Articles(ARTICLE))


def test_link_names_article_span_and_hash() -> None:
    """The link opens the article at the span and carries the hash that it is valid for."""
    assert CITATION.link == f"/?article=a1&start=21&end=25&hash={ARTICLE.sha256[:16]}"


@pytest.mark.parametrize(
    ("outcome", "begins"),
    [
        (Outcome.ANSWERED, "1883  (90%)"),
        (Outcome.UNSURE, "Perhaps: 1883  (90%)"),
        (Outcome.NOT_FOUND, "Not in your articles."),
    ],
)
def test_answer_prints_itself(outcome: Outcome, begins: str) -> None:
    """Each outcome prints as a person would read it, with sentence or closest passages."""
    printed = str(replace(ANSWER, outcome=outcome))
    assert printed.startswith(begins)
    assert "Bridge" in printed
