"""Conversations are there after a restart, and what users say of answers becomes golden lines."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes_ui import FakeAssistant, FakeIndex, make_article

from index.errors import FootnoteError
from qa.evaluation import read_dataset
from ui import feedback
from ui.conversation import CUT_OFF
from ui.feedback import Fault
from ui.handlers import Handlers
from ui.history import LONGEST_TITLE, History, short_title

APOLLO = make_article(
    "Apollo 11", "Apollo flew in 1969. The mission commander of Apollo was Armstrong. It returned."
)
CANAL = make_article("The Panama Canal", "The canal opened to ships in 1914.")
COMMANDER = "Who was the mission commander of Apollo?"


def text_of(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex([APOLLO, CANAL])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "conversations.sqlite"


def started(index: FakeIndex, path: Path, place: str = "") -> Handlers:
    """Return the handlers as a server that was started anew would have them."""
    return Handlers(FakeAssistant(index), history=History(path, place=place))


def ask(handlers: Handlers, question: str, held: str = "", scope: Sequence[str] = ()) -> str:
    kept = handlers.begin(held, question, scope)
    for _ in handlers.answer(kept):
        pass
    return kept


def shown(handlers: Handlers, kept: str) -> str:
    return text_of(" ".join(message["content"] for message in handlers.messages(kept)))


# Conversations


def test_a_conversation_is_there_after_a_restart(index: FakeIndex, path: Path) -> None:
    """Question, answer, filter and citation are as they were, verbatim in the live index."""
    before = started(index, path)
    kept = ask(before, COMMANDER, scope=[APOLLO.id])
    after = started(index, path)
    assert after.messages(kept) == before.messages(kept)
    assert after.show(kept, "c0-0") == before.show(kept, "c0-0")
    assert "verbatim ✓" in after.show(kept, "c0-0")
    assert ask(after, "When was the canal opened to ships?", kept) == kept
    assert len(started(index, path).messages(kept)) == 4


def test_the_file_is_private_and_holds_no_article(index: FakeIndex, path: Path) -> None:
    """Only the quoted sentence is in it, and nobody else may read it."""
    ask(started(index, path), COMMANDER)
    assert path.stat().st_mode & 0o077 == 0
    assert b"Armstrong" in path.read_bytes()
    assert b"It returned" not in path.read_bytes()


def test_an_article_that_changed_or_went_is_told(index: FakeIndex, path: Path) -> None:
    """The restored answer says so in its card, and the source shows what is left."""
    kept = ask(started(index, path), COMMANDER)
    index.put(make_article("Apollo 11", "The commander was Armstrong, in the end."))
    changed = started(index, path)
    assert "Changed since this answer: Apollo 11" in shown(changed, kept)
    assert "The nearest match is marked" in text_of(changed.show(kept, "c0-0"))
    index.remove([APOLLO.id])
    gone = started(index, path)
    assert "No longer in your articles: Apollo 11" in shown(gone, kept)
    panel = gone.show(kept, "c0-0")
    assert "Here its sentence is as the answer read it" in text_of(panel)
    assert "The mission commander of Apollo was <mark" in panel.replace("&#46;", ".")
    assert ">Armstrong</mark>" in panel


def test_what_was_not_answered_when_the_program_ended(index: FakeIndex, path: Path) -> None:
    """The question is kept, and does not wait for ever."""
    kept = started(index, path).begin("", COMMANDER)
    assert CUT_OFF in shown(started(index, path), kept)


def test_the_list_names_conversations_by_their_first_question(index: FakeIndex, path: Path) -> None:
    """The latest comes first, the open one has the tools, markup in a question is text."""
    handlers = started(index, path)
    first = ask(handlers, "<b>Who</b> was the mission commander of Apollo?")
    second = ask(handlers, "When was the canal opened to ships?")
    ask(handlers, "And later?", second)
    listing = handlers.past.listing(first)
    assert re.findall(r"<bdi[^>]*>(.*?)</bdi>", listing)[1].startswith("&#60;b&#62;Who")
    assert text_of(listing).startswith("When was the canal opened to ships?")
    assert listing.count('data-do="delete"') == 1
    assert html.unescape(listing).index(first) < html.unescape(listing).index('data-do="delete"')


def test_a_conversation_is_renamed(index: FakeIndex, path: Path) -> None:
    """The name stays after a restart; a blank one changes nothing."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    assert "Moon &#38; co" in handlers.past.rename(kept, " Moon & \n co ", kept)
    assert "Moon &#38; co" in started(index, path).past.rename(kept, "  ", kept)


def test_a_deleted_conversation_is_gone(index: FakeIndex, path: Path) -> None:
    """Page, list and file forget it, also when an answer to it comes later."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    other = ask(handlers, "When was the canal opened to ships?")
    handlers.begin(kept, "Who was the mission commander of Apollo again?")
    late = handlers.conversations.get(kept)
    now, listing = handlers.past.delete(kept, kept)
    late.settle(1, problem="too late")
    assert now not in (kept, other)
    assert "Apollo" not in text_of(listing)
    assert handlers.past.delete(kept, other)[0] == other
    assert handlers.conversations.get(kept).id != kept
    assert b"Armstrong" not in path.read_bytes()
    assert started(index, path).past.listing("").count("data-conversation") == 1


def test_a_conversation_is_exported(index: FakeIndex, path: Path) -> None:
    """Markdown for people, JSON with the one schema of answers for programs."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    ask(handlers, "Is there a *zebra*?", kept)
    file = json.loads(handlers.past.export(kept, "md"))
    assert file["name"] == "Who-was-the-mission-commander-of-Apollo.md"
    assert "## Who was the mission commander of Apollo?" in file["text"]
    assert (
        "> The mission commander of Apollo was Armstrong\\.\n>\n> — [1] Apollo 11" in file["text"]
    )
    assert "## Is there a \\*zebra\\*?\n\nNot in your articles." in file["text"]
    data = json.loads(json.loads(handlers.past.export(kept, "json"))["text"])
    answer = handlers.conversations.get(kept).turns[0].answer
    assert answer is not None
    assert data["turns"][0]["answer"] == answer.to_dict()
    assert "not kept" in json.loads(handlers.past.export("unknown", "md"))["problem"]


def test_conversations_of_another_index_are_not_shown(index: FakeIndex, path: Path) -> None:
    """One file serves several indexes, and each has its own list."""
    kept = ask(started(index, path, place="a"), COMMANDER, "0123456789abcdef" * 2)
    other = started(index, path, place="b")
    assert "data-conversation" not in other.past.listing("")
    assert other.messages(kept) == []
    assert ask(other, COMMANDER, kept) != kept


def test_a_file_that_is_no_history(tmp_path: Path) -> None:
    """One sentence names the file and the way out."""
    (tmp_path / "x").write_bytes(b"something else" * 100)
    with pytest.raises(FootnoteError, match=r"x cannot be used .* move it away"):
        History(tmp_path / "x")
    later = History(tmp_path / "y")
    later._db.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(FootnoteError, match=r"another version of Footnote \(format 99"):
        History(tmp_path / "y")


def test_a_file_that_breaks_leaves_the_conversation_going(index: FakeIndex, path: Path) -> None:
    """What cannot be written goes on in memory; the list says what is wrong."""
    handlers = started(index, path)
    handlers.conversations.history.close()
    kept = ask(handlers, COMMANDER)
    assert "Armstrong" in shown(handlers, kept)
    assert "cannot be used" in text_of(handlers.past.listing(kept))


def test_many_write_at_once(index: FakeIndex, path: Path) -> None:
    """Turns from several threads and two servers on one file are all kept."""
    servers = [started(index, path), started(index, path)]
    threads = [
        threading.Thread(target=lambda s=server: [ask(s, COMMANDER) for _ in range(5)])
        for server in servers * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(History(path).all()) == 30


def test_titles_are_short() -> None:
    """One line of at most eighty characters, storable whatever is in it."""
    assert short_title("a\n b") == "a b"
    assert len(short_title("word " * 100)) <= LONGEST_TITLE
    assert short_title("\ud800") == "?"


# Feedback


def test_feedback_is_offered_under_an_answer(index: FakeIndex, path: Path) -> None:
    """An answer may be right, cut wrongly, of a wrong place or none; nothing found may miss one."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    ask(handlers, "Is there a zebra?", kept)
    found, missed = (handlers.messages(kept)[n]["content"] for n in (1, 3))
    assert re.findall(r'id="(f0-\w+)"', found) == [
        "f0-right", "f0-wrong_words", "f0-wrong_article", "f0-nothing_there",
    ]  # fmt: skip
    assert re.findall(r'id="(f1-\w+)"', missed) == ["f1-right", "f1-missing"]


def test_feedback_is_kept_and_taken_back(index: FakeIndex, path: Path) -> None:
    """It stands under the answer, also after a restart, until it is undone."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    handlers.judge(kept, "f0-nothing_there")
    again = started(index, path)
    assert "You said: should have said “not found”." in shown(again, kept)
    again.judge(kept, "f0-")
    assert "Was this right?" in shown(started(index, path), kept)


@pytest.mark.parametrize("name", ["", "f", "f9-right", "f0-evil", "f-1-right", "f" + "9" * 5000])
def test_invented_feedback_changes_nothing(index: FakeIndex, path: Path, name: str) -> None:
    """A client may send any name."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    before = handlers.messages(kept)
    assert handlers.judge(kept, name) == before
    assert handlers.correct(kept, name, APOLLO.id, before=0, quote="Apollo") == before


def test_the_right_words_are_marked_in_an_article(index: FakeIndex, path: Path) -> None:
    """Space around what is marked is left out; what does not stand there is refused."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    handlers.judge(kept, "f0-wrong_words")
    for before in (1, -len(APOLLO.text) + len("Apollo "), 10**6):
        refused = handlers.correct(kept, "w0", APOLLO.id, before=before, quote="flew")
        assert 'id="w0"' in refused[1]["content"]
        assert "Mark the right words" in text_of(refused[1]["content"])
    marked = handlers.correct(kept, "w0", APOLLO.id, before=len("Apollo"), quote=" flew in 1969")
    assert "What is right: “flew in 1969”" in text_of(marked[1]["content"])
    right = started(index, path).conversations.get(kept).turns[0].right
    assert right is not None
    assert (right.start, right.end, right.sentence) == (7, 19, "Apollo flew in 1969.")
    assert right.verify(index)


def test_feedback_becomes_golden_questions(index: FakeIndex, path: Path, tmp_path: Path) -> None:
    """Right answers, marked words and what is not there are read by the evaluation."""
    handlers = started(index, path)
    kept = ask(handlers, COMMANDER)
    more = (
        "Is there a zebra?",
        "Which mission of Apollo flew?",
        "Who was the commander of Apollo?",
    )
    for question in (*more, "When was the canal opened to ships?"):
        ask(handlers, question, kept)
    handlers.judge(kept, "f0-right")
    handlers.judge(kept, "f1-right")
    handlers.judge(kept, "f2-nothing_there")
    handlers.judge(kept, "f3-wrong_words")
    handlers.judge(kept, "f4-wrong_words")
    handlers.correct(kept, "w4", CANAL.id, before=26, quote="in 1914")
    all_of_it = feedback.judged(History(path))
    lines = feedback.golden_lines(all_of_it, index)
    file = tmp_path / "golden.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    questions = read_dataset(file).questions
    assert [(q.text, q.answers, q.answerable) for q in questions] == [
        (COMMANDER, ("Armstrong",), True),
        ("Is there a zebra?", (), False),
        ("Which mission of Apollo flew?", (), False),
        ("When was the canal opened to ships?", ("in 1914",), True),
    ]
    assert questions[0].keys == ("Apollo 11",)
    assert json.loads(lines[0])["places"] == [
        {"article": APOLLO.id, "start": 57, "end": 66, "hash": APOLLO.sha256}
    ]
    assert [each.turn.fault for each in all_of_it].count(Fault.WORDS) == 2


def test_feedback_on_an_article_that_changed_is_left_out(index: FakeIndex, path: Path) -> None:
    """A golden answer stands where it says, or it is none."""
    handlers = started(index, path)
    handlers.judge(ask(handlers, COMMANDER), "f0-right")
    index.put(make_article("Apollo 11", "Other words."))
    assert feedback.golden_lines(feedback.judged(History(path)), index) == []
