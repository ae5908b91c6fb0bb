"""Checks of the starter articles in seeds/ and of the golden questions written about them."""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT / "seeds"
GOLDEN = ROOT / "tests" / "golden" / "seeds.jsonl"

KINDS = {"who", "when", "where", "what", "how-many", "why", "which", "list", "how"}

Row = dict[str, Any]


def split_front_matter(text: str) -> tuple[list[str], str]:
    """Return the lines of the front matter and the body of one article."""
    lines = text.split("\n")
    assert lines[0] == "---", "an article begins with a '---' line"
    end = lines.index("---", 1)
    return lines[1:end], "\n".join(lines[end + 1 :])


@cache
def load_articles() -> dict[str, tuple[list[str], str]]:
    """Return the front-matter lines and the body of every article by file stem."""
    return {
        path.stem: split_front_matter(path.read_text(encoding="utf-8"))
        for path in sorted(SEEDS.glob("*.md"))
    }


@cache
def load_rows() -> list[Row]:
    """Return every record of the golden file in file order."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def singles() -> list[Row]:
    """Return the single questions."""
    return [row for row in load_rows() if "chain" not in row]


def chains() -> list[Row]:
    """Return the follow-up chains."""
    return [row for row in load_rows() if "chain" in row]


def missing_spans(answers: list[str], stems: list[str]) -> list[str]:
    """Return the accepted answers that stand in none of the named articles."""
    bodies = [load_articles()[stem][1] for stem in stems]
    return [answer for answer in answers if not any(answer in body for body in bodies)]


def test_there_are_enough_articles() -> None:
    """The seeds folder holds at least twelve articles."""
    assert len(load_articles()) >= 12


def test_article_lengths() -> None:
    """Every article has between 300 and 900 words in its body."""
    lengths = {stem: len(body.split()) for stem, (_, body) in load_articles().items()}
    assert {stem: n for stem, n in lengths.items() if not 300 <= n <= 900} == {}


def test_front_matter_is_complete() -> None:
    """Every article names a title, an ISO date, a topic and at least one source."""
    for stem, (head, _) in load_articles().items():
        pairs = (line.split(":", 1) for line in head if not line.startswith(" ") and ":" in line)
        values = {key: value.strip() for key, value in pairs}
        assert values.get("title"), stem
        assert values.get("topic"), stem
        datetime.date.fromisoformat(values["date"])
        start = head.index("sources:")
        sources = [line for line in head[start + 1 :] if line.startswith("  - ")]
        assert sources, stem


def test_ids_are_unique() -> None:
    """No two records share an id."""
    ids = [row["id"] for row in load_rows()]
    assert len(ids) == len(set(ids))


def test_questions_are_unique() -> None:
    """No single question is asked twice, whatever its letter case."""
    questions = [row["question"].casefold() for row in singles()]
    assert len(questions) == len(set(questions))


def test_there_are_enough_questions() -> None:
    """There are at least 120 single questions and 15 chains."""
    assert len(singles()) >= 120
    assert len(chains()) >= 15


def test_there_are_enough_unanswerable_questions() -> None:
    """At least 30 questions have no answer and at least half of 30 lie near an article."""
    unanswerable = [row for row in singles() if not row["answerable"]]
    assert len(unanswerable) >= 30
    assert sum(bool(row.get("near")) for row in unanswerable) >= 15


def test_every_article_has_questions() -> None:
    """Every article is asked about at least seven times and every name is an article's."""
    counts = dict.fromkeys(load_articles(), 0)
    for row in singles():
        for stem in row["articles"]:
            counts[stem] += 1
    assert {stem: n for stem, n in counts.items() if n < 7} == {}


def test_kinds_are_known() -> None:
    """Every single question has one of the agreed kinds."""
    assert {row["kind"] for row in singles()} <= KINDS


def test_answerable_questions_have_their_spans() -> None:
    """Every accepted answer stands word for word in an article that the question names."""
    for row in singles():
        if row["answerable"]:
            assert row["answers"], row["id"]
            assert missing_spans(row["answers"], row["articles"]) == [], row["id"]


def test_unanswerable_questions_have_no_spans() -> None:
    """A question without an answer lists none, and one marked near names its article."""
    for row in singles():
        if not row["answerable"]:
            assert row["answers"] == [], row["id"]
            assert bool(row.get("near")) == bool(row["articles"]), row["id"]


def test_chain_turns() -> None:
    """Every chain has three to five turns with full questions and spans from its articles."""
    for row in chains():
        assert 3 <= len(row["chain"]) <= 5, row["id"]
        for turn in row["chain"]:
            assert turn["question"], row["id"]
            assert turn["standalone"], row["id"]
            assert turn["answerable"] == bool(turn["answers"]), row["id"]
            assert missing_spans(turn["answers"], row["articles"]) == [], row["id"]
