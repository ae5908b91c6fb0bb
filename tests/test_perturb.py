"""Questions made unanswerable: one change, of the right sort, that the passage does not answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from qa.training.opposites import EXCLUSIVE, OPPOSITES
from qa.training.perturb import KINDS, Perturbed, perturbations

PASSAGE = (
    "Frédéric Chopin was born in Warsaw in 1810. He left Poland in November 1830 and settled in "
    "Paris, where he gave his first concert with two friends. Franz Liszt praised the largest of "
    "his works. A ferry crossed the Vistula near Berlin in 1844. The capital had a university with "
    "1,250 students, a museum with 12 paintings and a library. George Sand nursed him until 1847."
)
TRIES = 30


def source(seed: int) -> Random:
    """Return random numbers that a seed gives again."""
    return Random(seed)  # noqa: S311 - sampling, not secrecy


def made(
    question: str,
    answers: Sequence[str],
    *,
    context: str = PASSAGE,
    other: Sequence[str] = (),
    tries: int = TRIES,
) -> dict[str, set[str]]:
    """Return what many tries make of a question, by kind."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for seed in range(tries):
        changed = perturbations(question, context, answers, other=other, random=source(seed))
        assert len({each.kind for each in changed}) == len(changed)
        for each in changed:
            found[each.kind].add(each.question)
    return found


def test_each_kind_has_its_change() -> None:
    """A question that offers every kind of change gets one of each, all different from it."""
    question = "In what city did Chopin first live with two friends near a library in 1830?"
    found = perturbations(question, PASSAGE, ["Paris"], other=(), random=source(1))
    assert {each.kind for each in found} >= {"number", "date", "negation", "noun"}
    assert all(isinstance(each, Perturbed) and each.question != question for each in found)


def test_same_seed_same_questions() -> None:
    """What is made depends on the random numbers alone."""
    question = "When did Chopin leave Poland with his two friends?"
    one, two = (
        perturbations(question, PASSAGE, ["1830"], other=(), random=source(7)) for _ in range(2)
    )
    assert one == two != []


def test_year_becomes_another_year() -> None:
    """A year becomes another year that is not an answer, and nothing else changes."""
    found = made("Who left Poland in November 1830?", ["Chopin"])["date"]
    assert len(found) > 3
    for question in found:
        match = re.fullmatch(r"Who left Poland in (\w+) (\d{4})\?", question)
        assert match
        assert (match[1] == "November") != (match[2] == "1830")


def test_a_year_that_the_passage_also_answers_is_not_taken() -> None:
    """A year of the passage whose sentence says as much as the answer's is left alone."""
    context = "In 1960 the club won the cup against Leeds. In 1970 the club won the cup again."
    found = made("Against whom did the club win the cup in 1960?", ["Leeds"], context=context)
    assert found["date"]
    assert not any("1970" in question for question in found["date"])


@pytest.mark.parametrize("word", ["before", "since", "until", "after"])
def test_open_ranges_of_time_stay(word: str) -> None:
    """What holds before 1830 may hold before 1840, so such a year is not changed."""
    assert not made(f"Where did Chopin live {word} 1830?", ["Warsaw"])["date"]


def test_numbers_keep_their_look() -> None:
    """1,250 becomes a number with a comma; "two" a word; a day stays a day of a month."""
    thousands = made("What had 1,250 students?", ["university"])["number"]
    assert thousands
    assert all(re.fullmatch(r"What had \d,\d{3} students\?", q) for q in thousands)
    words = made("Where did he give a concert with two friends?", ["Paris"])["number"]
    assert words
    assert not any(re.search(r"\d", q) for q in words)
    context = "The fort fell on May 28, 1940 after a siege of 60 days by 45 men."
    days = made("What fell on May 28, 1940?", ["The fort"], context=context)["number"]
    assert days
    assert all(0 < int(q.split()[4].rstrip(",")) < 31 for q in days)


def test_names_change_within_their_sort() -> None:
    """A city becomes a city and a person a person; the answer's name is never put in."""
    cities = made("Who was born in Warsaw in 1810?", ["Frédéric Chopin"])["entity"]
    assert cities == {"Who was born in Berlin in 1810?"}
    other = ["Robert Schumann and Clara Wieck met in Vienna."]
    people = made("What did Franz Liszt praise?", ["works"], other=other)["entity"]
    assert people
    assert all(re.fullmatch(r"What did \w+ \w+ praise\?", q) for q in people)
    assert not any(city in q for q in people for city in ("Paris", "Vienna", "Warsaw"))


def test_no_name_of_the_same_thing() -> None:
    """England is not changed for Britain, nor a name for a longer form of it."""
    context = "England, often called Britain, traded wool with Bruges. Queen Victoria was stout."
    found = made("What did England trade?", ["wool"], context=context, other=["Victoria ruled."])
    assert not found["entity"]


def test_names_beside_the_question_stay() -> None:
    """Who came along with the answer does not matter to it, so that name is not changed."""
    context = "Franz Liszt and Clara Wieck played in Vienna. Robert Schumann and John Field wrote."
    question = "Along with Franz Liszt, who played in Vienna?"
    for changed in made(question, ["Clara Wieck"], context=context)["entity"]:
        assert changed.startswith("Along with Franz Liszt")


def test_opposites_keep_their_form() -> None:
    """A word becomes its opposite in the same form; sides of one event are not swapped."""
    assert made("Who praised the largest of his works?", ["Franz Liszt"])["antonym"] >= {
        "Who praised the smallest of his works?"
    }
    assert not made("Who won the match?", ["Leeds"], context="Leeds won the match.")["antonym"]
    assert OPPOSITES["increased"] == ("decreased",)
    assert all(word in OPPOSITES[other] for word in OPPOSITES for other in OPPOSITES[word])
    assert len(OPPOSITES) > 400


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the capital of Poland?", {"What isn't the capital of Poland?"}),
        ("Who wrote the Études?", {"Who never wrote the Études?"}),
        ("What can cross the river?", {"What can't cross the river?"}),
        ("Why didn't Chopin return?", {"Why did Chopin return?"}),
        ("Which city has a library?", {"Which city doesn't have a library?"}),
        (
            "What was built in Warsaw?",
            {"What was not built in Warsaw?", "What was never built in Warsaw?"},
        ),
        (
            "When did Chopin leave Poland?",
            {
                "When didn't Chopin leave Poland?",
                "When did Chopin not leave Poland?",
                "When did Chopin never leave Poland?",
            },
        ),
        ("What percentage of students were women?", set()),
    ],
)
def test_negation_stands_where_english_puts_it(question: str, wanted: set[str]) -> None:
    """A negation follows its auxiliary, or goes; a share, whose rest follows, has none."""
    assert made(question, ["an answer"])["negation"] == wanted


def test_nouns_exclude_each_other_and_articles_agree() -> None:
    """A noun becomes one that excludes it, and "a" becomes "an" where it must."""
    found = made("Who lived near a museum in Paris?", ["Chopin"])["noun"]
    assert "Who lived near an airport in Paris?" in found
    assert all(re.search(r"near (?:an [aeiou]|a [^aeiou])", question) for question in found)
    assert not made("What museum had 12 paintings?", ["the Louvre"])["noun"] & {
        f"What {word} had 12 paintings?" for word in EXCLUSIVE["museum"]
    }


def test_question_of_the_article_is_not_made() -> None:
    """A change that asks what another question of the article asks is left out."""
    question = "What is the capital of Poland?"
    asked = ["What isn't the capital of Poland?"]
    assert made(question, ["Warsaw"], other=asked)["negation"] == set()


@pytest.mark.parametrize("question", ["", "?", "chopin", "What?", "1830", "Wer war Chopin?"])
def test_odd_questions_are_taken(question: str) -> None:
    """A question that no rule fits gives an empty list, and so does an empty passage."""
    made(question, ["Paris"], tries=2)
    made(question, [""], context="", tries=2)


def test_command_prints_examples(tmp_path: Path) -> None:
    """The command prints changed questions of one kind; a file that is not there is one line."""
    data = tmp_path / "data.json"
    asked = {
        "id": "1",
        "question": "Who was born in 1810?",
        "answers": [{"text": "Frédéric Chopin", "answer_start": 0}],
    }
    paragraphs = [{"context": PASSAGE, "qas": [asked]}]
    data.write_text(json.dumps({"data": [{"title": "Chopin", "paragraphs": paragraphs}]}))
    command = [sys.executable, "-m", "qa.training.perturb", "--kind", "date", "--seed", "3"]
    done = subprocess.run([*command, str(data)], capture_output=True, text=True, check=True)
    assert re.search(r"asked: +Who was born in 1810\?", done.stdout)
    assert re.search(r"changed: Who was born in (?!1810)\d{4}\?", done.stdout)
    gone = subprocess.run([*command, str(tmp_path / "no")], capture_output=True, text=True)
    assert gone.returncode == 1
    assert len(gone.stderr.splitlines()) == 1
