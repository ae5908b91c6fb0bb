"""Checks of the conversation set: its form, its counts, its parts, and its answers in seeds/."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from index.articles import read_articles

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT / "seeds"
GOLDEN = ROOT / "tests" / "golden"
CONVERSATIONS = GOLDEN / "conversations.jsonl"

Row = dict[str, Any]

PARTS = {"develop", "report"}
SOURCES = {"seeds", "squad-train"}
FOLLOW_UPS = {"pronoun", "demonstrative", "definite", "ellipsis", "continuation", "comparison"}
COMPLETE = {"first", "standalone", "topic-change"}  # need no history
OTHERS = {"dangling", "small-talk", "instruction"}
AT_LEAST = {
    "pronoun": 150,
    "demonstrative": 20,
    "definite": 60,
    "ellipsis": 120,
    "continuation": 60,
    "comparison": 15,
    "topic-change": 60,
    "standalone": 60,
    "dangling": 6,
    "small-talk": 25,
    "instruction": 5,
}


@cache
def load_rows() -> list[Row]:
    """Return every chain in file order."""
    return [json.loads(line) for line in CONVERSATIONS.read_text(encoding="utf-8").splitlines()]


@cache
def load_texts() -> dict[str, str]:
    """Return the text of every article of seeds/, as the parser gives it, by file stem."""
    return {
        path.stem: read_articles(path.read_bytes(), name=path.name)[0][0].text
        for path in sorted(SEEDS.glob("*.md"))
    }


def turns() -> list[Row]:
    """Return the turns of all chains."""
    return [turn for row in load_rows() for turn in row["chain"]]


def test_there_are_enough_chains_and_turns() -> None:
    """The set holds at least 165 chains with at least 540 turns."""
    assert len(load_rows()) >= 165
    assert len(turns()) >= 540


def test_ids_are_unique() -> None:
    """No id is used twice, nor by the older golden records."""
    older = (GOLDEN / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["id"] for line in older] + [row["id"] for row in load_rows()]
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_chains_have_the_agreed_fields() -> None:
    """Every chain names its id, source, articles, part and three to five turns."""
    for row in load_rows():
        assert set(row) == {"id", "source", "articles", "part", "chain"}, row["id"]
        assert row["source"] in SOURCES, row["id"]
        assert row["part"] in PARTS, row["id"]
        assert row["articles"], row["id"]
        assert 3 <= len(row["chain"]) <= 5, row["id"]


def test_turns_have_the_agreed_fields() -> None:
    """Every turn has a question, its full form, a known type and accepted answers."""
    for turn in turns():
        assert set(turn) == {"question", "answers", "answerable", "standalone", "type"}, turn
        assert turn["question"].strip() == turn["question"] != "", turn
        assert turn["standalone"].strip() == turn["standalone"] != "", turn
        assert turn["type"] in FOLLOW_UPS | COMPLETE | OTHERS, turn
        assert len(set(turn["answers"])) == len(turn["answers"]), turn


def test_answers_agree_with_answerable() -> None:
    """Answers stand where a turn is answerable, and only there; null means small talk."""
    for turn in turns():
        assert (turn["answerable"] is True) == bool(turn["answers"]), turn
        assert (turn["answerable"] is None) == (turn["type"] == "small-talk"), turn
        if turn["type"] in {"dangling", "instruction"}:
            assert turn["answerable"] is False, turn


def test_chains_begin_without_history() -> None:
    """A chain begins with a complete question, a greeting or a pronoun that points to nothing."""
    for row in load_rows():
        types = [turn["type"] for turn in row["chain"]]
        assert types[0] in {"first", "small-talk", "dangling"}, row["id"]
        assert types.count("first") == (0 if "dangling" in types else 1), row["id"]
        assert "dangling" not in types[1:], row["id"]


def test_follow_ups_are_written_in_full() -> None:
    """The full form of a follow-up differs from what is typed."""
    for turn in turns():
        if turn["type"] in FOLLOW_UPS:
            assert turn["standalone"] != turn["question"], turn


@pytest.mark.parametrize(("kind", "least"), AT_LEAST.items())
def test_there_are_enough_turns_of_a_type(kind: str, least: int) -> None:
    """Every type of turn is there often enough, and in both parts."""
    found = Counter(
        row["part"] for row in load_rows() for turn in row["chain"] if turn["type"] == kind
    )
    assert found.total() >= least
    assert set(found) == PARTS


def test_there_are_enough_follow_ups_without_an_answer() -> None:
    """At least 40 follow-ups ask what the articles do not say."""
    refused = [turn for turn in turns() if turn["type"] in FOLLOW_UPS and not turn["answerable"]]
    assert len(refused) >= 40


def test_parts_are_split_by_article() -> None:
    """No article occurs in both parts, and each part has about half of each source's articles."""
    parts: dict[tuple[str, str], set[str]] = {}
    for row in load_rows():
        for article in row["articles"]:
            parts.setdefault((row["source"], article), set()).add(row["part"])
    assert [key for key, found in parts.items() if len(found) > 1] == []
    found = Counter((source, min(part)) for (source, _), part in parts.items())
    for source in SOURCES:
        assert abs(found[source, "develop"] - found[source, "report"]) <= 2


def test_older_chains_fit_the_parts() -> None:
    """No chain in seeds.jsonl has articles of both parts, so that those can be split too."""
    part_of = {article: row["part"] for row in load_rows() for article in row["articles"]}
    older = (GOLDEN / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    for record in map(json.loads, older):
        if "chain" in record:
            assert len({part_of[stem] for stem in record["articles"]}) == 1, record["id"]


def test_every_seed_article_is_talked_about() -> None:
    """Each of the 16 articles of seeds/ occurs, and a dozen or more of the SQuAD ones."""
    named = {
        source: {name for row in load_rows() if row["source"] == source for name in row["articles"]}
        for source in SOURCES
    }
    assert named["seeds"] == set(load_texts())
    assert len(named["squad-train"]) >= 12


def test_topic_changes_go_to_another_article() -> None:
    """A chain with a change of subject names two articles or more."""
    for row in load_rows():
        if any(turn["type"] == "topic-change" for turn in row["chain"]):
            assert len(row["articles"]) >= 2, row["id"]


def test_seed_answers_are_spans_of_their_articles() -> None:
    """Every accepted answer about seeds/ stands, letter by letter, in an article of its chain."""
    missing = [
        (row["id"], answer)
        for row in load_rows()
        if row["source"] == "seeds"
        for turn in row["chain"]
        for answer in turn["answers"]
        if not any(answer in load_texts()[stem] for stem in row["articles"])
    ]
    assert missing == []


def test_no_question_is_asked_twice_in_a_chain() -> None:
    """A chain does not repeat a question in its full form."""
    for row in load_rows():
        asked = [turn["standalone"].casefold() for turn in row["chain"]]
        assert len(set(asked)) == len(asked), row["id"]
