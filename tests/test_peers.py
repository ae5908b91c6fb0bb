"""The table of the comparison with peers, from made-up results."""

from importlib import import_module
from typing import Any

from qa.evaluation import GoldAnswer, Machine, Question

peers = import_module("benchmarks.peers")

QUESTIONS = [
    Question(id=str(i), text="?", gold=(GoldAnswer(text),), answerable=True, keys=("k",))
    for i, text in enumerate(["the red house", "1920"])
]


def made_up(name: str, texts: list[str], seconds: float, milliseconds: float) -> dict[str, Any]:
    """Return what a driver would write: its last answer with an error where it is empty."""
    asked = [
        {
            "text": text,
            "milliseconds": milliseconds,
            "confidence": 1 / (2 + i),
            "error": None if text else "TypeError: no span",
        }
        for i, text in enumerate(texts)
    ]
    return {"versions": {name: "1.0"}, "index_seconds": seconds, "ways": {name: asked}}


def table(*results: dict[str, Any], failures: dict[str, str] | None = None) -> list[str]:
    """Return the lines of the table over 100 passages."""
    rows = [row for result in results for row in peers.rows_of(result, QUESTIONS, 100)]
    machine = Machine(cpu="a processor", cores=2, date="2026-01-01", versions={})
    versions = {"footnote": {"torch": "2.0", "numpy": "1.0"}}
    found = peers.Comparison("setting", tuple(rows), failures or {}, versions, machine)
    return str(found).split("\n")


def test_a_peer_is_shown_with_its_difference_and_ratio_to_ours() -> None:
    """F1: ours (1 + 1)/2; the peer's (2·1/(1 + 2) + 0)/2 = 1/3, the article not counted."""
    ours = made_up("Ours", ["red house", "1920"], 2.0, 50.0)
    peer = made_up("Peer", ["house", ""], 4.0, 150.0)

    lines = table(ours, peer)

    assert lines[3].split() == ["Ours", "100.0", "100.0", "–", "50", "50", "50.0", "0"]
    assert lines[4].split() == [
        "Peer", "0.0", "(-100.0)", "33.3", "(-66.7)", "1.000",
        "150", "(3.00×)", "150", "(3.00×)", "25.0", "(0.50×)", "1",
    ]  # fmt: skip
    assert "footnote: torch 2.0, numpy 1.0" in lines


def test_what_fails_is_told_below_the_table() -> None:
    """Neither a question that raised an error nor a peer that did not run is passed over."""
    ours = made_up("Ours", ["red house", "1920"], 2.0, 50.0)
    peer = made_up("Peer", ["red house", ""], 2.0, 50.0)

    lines = table(ours, peer, failures={"other": "no such package (exit status 1)"})

    assert "other is not compared: no such package (exit status 1)" in lines
    assert "Peer: unanswered, as it raised TypeError: no span: 1×" in lines
