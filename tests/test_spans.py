"""Making a span whole, and knowing when a question asks for several things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.values import Article, Passage, text_sha256
from qa.scoring import FEATURES, Confidence
from qa.selector import Evidence, select
from qa.spans import alike, complete, several
from qa.values import Answer, Hit, Span


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which countries signed the treaty?", 0),
        ("which two rivers meet there", 2),
        ("What are the three colours of the flag?", 3),
        ("Who were the founders?", 0),
        ("Name the planets", 0),
        ("Which European countries signed?", 0),
        ("What are the names of the sisters?", 0),
        ("Which 4 cities bid?", 4),
        ("What was the name of the class?", 1),
        ("Which process was used?", 1),
        ("What does he do?", 1),
        ("What is this?", 1),
        ("Who was king?", 1),
        ("When did the species die out?", 1),
    ],
)
def test_several(question: str, wanted: int) -> None:
    """Plurals ask for several, number words say how many, and a final s alone says nothing."""
    assert several(question) == wanted


@pytest.mark.parametrize(
    ("question", "text", "span", "whole"),
    [
        ("When?", "It began on 12 May 1980 in Oslo.", "12 May", "12 May 1980"),
        ("When?", "It began on May 12, 1980.", "May 12", "May 12, 1980"),
        ("When?", "It began in May 1980.", "May", "May 1980"),
        ("When?", "On 12 May 1,980 people came.", "12 May", "12 May"),
        ("How tall is it?", "It is thirty-one metres tall.", "thirty-one", "thirty-one metres"),
        ("How many metres is it?", "It is 31 metres tall.", "31", "31"),
        ("What share?", "Some 45% came.", "45", "45%"),
        ("How much?", "It cost 3 million euros then.", "3", "3 million euros"),
        ("How many dollars?", "It cost 3 million dollars.", "3", "3 million"),
        ("How many came?", "In all 31 made it.", "31", "31"),
        (
            "Which lands?",
            "Then France, Chad and the Congo met.",
            "Chad",
            "France, Chad and the Congo",
        ),
        (
            "Which lands?",
            "Then France, Chad and the Congo met.",
            "France",
            "France, Chad and the Congo",
        ),
        ("Which land?", "Then France, Chad and the Congo met.", "Chad", "Chad"),
        ("Which lands?", "Only Chad came.", "Chad", "Chad"),
    ],
)
def test_complete(question: str, text: str, span: str, whole: str) -> None:
    """What belongs to a span and stands beside it is added; what the question names is not."""
    start = text.index(span)
    a, b = complete(question, text, start, start + len(span))
    assert text[a:b] == whole


@given(st.text(), st.text(), st.data())
def test_complete_only_adds(question: str, text: str, data: st.DataObject) -> None:
    """Any text, any span: what comes back holds the span and lies inside the text."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    a, b = complete(question, text, start, end)
    assert 0 <= a <= start <= end <= b <= len(text)


def test_alike() -> None:
    """Names go with names, numbers with numbers, words with words."""
    assert alike("Ada Berg", "the River Tern")
    assert alike("1980", "about 30 men")
    assert not alike("Ada", "1980")
    assert not alike("Ada", "by hand")


TEXT = "Ada won in 1980. Later Bob won too. In the end Cid won, and Dan lost."
ARTICLE = Article("a", "Prize", TEXT, "/a.txt", text_sha256(TEXT))


def chosen(question: str, **scores: float) -> Answer:
    """Return the answer when the reader gives these names these scores."""
    hit = Hit(Passage(1, "a", 0, len(TEXT), TEXT), 0.1, 1, 0.8, 1, 3.0)
    spans = [
        Span("a", TEXT.index(n), TEXT.index(n) + len(n), n, score, 0.5, hit)
        for n, score in scores.items()
    ]
    evidence = Evidence(question, [hit], spans, {"a": ARTICLE}, 1)
    weights = dict.fromkeys(FEATURES, 0.0) | {"score": 1.0}
    return select(evidence, Confidence(0.0, weights, 0.5, 0.2, 0.0))


def test_a_list_has_parts() -> None:
    """What is asked for several comes with the further spans that are nearly as good, in order."""
    answer = chosen("Which men won?", Cid=4.0, Ada=5.0, Bob=4.5, Dan=1.0)
    assert answer.text == "Ada"
    assert [part.quote for part in answer.parts] == ["Bob", "Cid"]
    assert answer.said == "Ada; Bob; Cid"
    assert all(TEXT[p.start : p.end] == p.quote for p in answer.sources)
    assert [other.text for other in answer.alternatives] == ["Dan"]


def test_a_list_of_as_many_as_asked() -> None:
    """A question for two gets two, and one for one gets one."""
    assert chosen("Which two men won?", Ada=5.0, Cid=4.0, Bob=4.5).said == "Ada; Bob"
    assert chosen("Who won?", Ada=5.0, Cid=4.0, Bob=4.5).parts == ()
    assert Answer.from_dict(chosen("Which men won?", Ada=5.0, Bob=4.5).to_dict()).said == "Ada; Bob"
