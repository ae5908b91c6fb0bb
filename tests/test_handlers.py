"""The page's events without a page: each outcome, and each failure, is something to show."""

from __future__ import annotations

import asyncio
import html
import logging
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes_ui import FakeAssistant, FakeIndex, make_article

from index.errors import FootnoteError
from index.values import Progress, ProgressCallback
from ui import guards, server
from ui.changes import Upload
from ui.handlers import Handlers
from ui.limits import MOST_FILES
from ui.login import Login
from ui.panel import LISTED
from ui.problems import BUSY, SOMETHING_FAILED
from ui.suggestions import questions_of

APOLLO = make_article(
    "Apollo 11", "Apollo flew in 1969. The mission commander of Apollo was Armstrong. It returned."
)
CANAL = make_article("The Panama Canal", "The canal opened to ships in 1914.")


def text_of(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex([APOLLO, CANAL])


@pytest.fixture
def assistant(index: FakeIndex) -> FakeAssistant:
    return FakeAssistant(index)


@pytest.fixture
def handlers(assistant: FakeAssistant) -> Handlers:
    return Handlers(assistant)


def ask(handlers: Handlers, question: str, held: str = "", scope: Sequence[str] = ()) -> str:
    kept = handlers.begin(held, question, scope)
    for _ in handlers.answer(kept):
        pass
    return kept


def last(handlers: Handlers, kept: str) -> str:
    return text_of(handlers.messages(kept)[-1]["content"])


# Questions


def test_a_question_is_shown_at_once_with_what_is_searched(handlers: Handlers) -> None:
    """Before there is an answer, question and size of the search stand in the conversation."""
    kept = handlers.begin("", "Who was the mission commander?")
    messages = handlers.messages(kept)
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert text_of(messages[0]["content"]) == "Who was the mission commander?"
    assert text_of(messages[1]["content"]) == "Searching 2 passages in 2 articles…"


def test_an_answer_takes_the_place_of_the_sign(handlers: Handlers) -> None:
    """The answer's card replaces "Searching…"."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    assert "The mission commander of Apollo was Armstrong." in last(handlers, kept)


def test_each_answer_is_shown_as_it_comes(handlers: Handlers) -> None:
    """Two questions that wait are answered in turn, and each answer is shown at once."""
    kept = handlers.begin("", "Who was the mission commander of Apollo?")
    handlers.begin(kept, "When was the canal opened to ships?")
    first, second, *_ = handlers.answer(kept)
    assert "Searching" in first[-1]["content"]
    assert "1914" in second[-1]["content"]


def test_earlier_turns_go_with_a_question(handlers: Handlers, assistant: FakeAssistant) -> None:
    """The second question carries the first with its answer."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    ask(handlers, "When was the canal opened?", kept)
    assert [length for _, length, _ in assistant.asked] == [0, 1]


def test_a_question_asked_again_as_typed_has_no_history(
    handlers: Handlers, assistant: FakeAssistant
) -> None:
    """The button under a reading asks the words as typed, without the turns before."""
    kept = ask(handlers, "Where did Apollo fly?")
    ask(handlers, "Who was the mission commander?", kept)
    assert handlers.begin_again(kept, "t1") == kept
    list(handlers.answer(kept))
    assert assistant.asked[-1] == ("Who was the mission commander?", 0, None)


@pytest.mark.parametrize("button", ["t9", "r0-0", "t-1", "x", "", "t0000001"])
def test_an_invented_button_asks_nothing(
    handlers: Handlers, assistant: FakeAssistant, button: str
) -> None:
    """Buttons that no card holds do nothing."""
    kept = ask(handlers, "Where did Apollo fly?")
    handlers.begin_again(kept, button)
    list(handlers.answer(kept))
    assert len(assistant.asked) == 1


def test_a_blank_question_asks_nothing(handlers: Handlers, assistant: FakeAssistant) -> None:
    """Nothing is asked and nothing is shown."""
    kept = ask(handlers, "  \n ")
    assert handlers.messages(kept) == []
    assert assistant.asked == []


def test_a_question_to_some_articles(handlers: Handlers, assistant: FakeAssistant) -> None:
    """The chosen articles are passed on and named in the answer."""
    kept = ask(handlers, "Who was the mission commander of Apollo?", scope=[CANAL.id])
    assert assistant.asked[0][2] == (CANAL.id,)
    assert "Not in your articles." in last(handlers, kept)
    assert "Only in: The Panama Canal" in last(handlers, kept)


def test_what_footnote_raises_is_shown_as_it_is(handlers: Handlers) -> None:
    """The text of a FootnoteError is the message."""
    kept = ask(handlers, "why " * 400)
    assert last(handlers, kept) == "The question is too long: at most 1000 characters."


def test_other_errors_are_logged_and_not_shown(
    handlers: Handlers, caplog: pytest.LogCaptureFixture
) -> None:
    """Inner workings go to the log; the next question is answered."""
    with caplog.at_level(logging.ERROR):
        kept = ask(handlers, "explode")
    assert last(handlers, kept) == SOMETHING_FAILED
    assert "secret inner workings" in caplog.text
    ask(handlers, "When was the canal opened to ships?", kept)
    assert "1914" in last(handlers, kept)


def test_giving_up_ends_the_waiting(handlers: Handlers) -> None:
    """A question that found no place does not wait for ever; one under work is left to that."""
    kept = handlers.begin("", "Who was the mission commander of Apollo?")
    conversation = handlers.conversations.get(kept)
    assert conversation.claim() == 0  # another event is at it
    handlers.begin(kept, "When was that?")
    handlers.give_up(kept)
    assert last(handlers, kept) == BUSY
    assert conversation.turns[0].waiting


@pytest.mark.parametrize("question", ["why " * 501, "x" * 1_000_000, "?!"])
def test_what_cannot_be_asked_is_said_at_once(
    handlers: Handlers, assistant: FakeAssistant, question: str
) -> None:
    """One sentence, before the assistant is troubled; a long text is not kept."""
    kept = handlers.begin("", question)
    assert last(handlers, kept).startswith("the question ")
    assert len(handlers.messages(kept)[0]["content"]) < 2000
    list(handlers.answer(kept))
    assert assistant.asked == []


def test_half_a_character_leaves_the_conversation_readable(handlers: Handlers) -> None:
    """A lone surrogate, as a page can send one, is shown as a question mark and answered."""
    kept = ask(handlers, "Who was the mission commander of Apollo \ud83d then?")
    question, answer = (message["content"] for message in handlers.messages(kept))
    assert text_of(question) == "Who was the mission commander of Apollo ? then?"
    assert "Armstrong" in text_of(answer)


def test_an_unknown_conversation_begins_anew(handlers: Handlers) -> None:
    """After a restart the page's id is unknown; the question gets a conversation all the same."""
    kept = ask(handlers, "When was the canal opened to ships?", "an id of yesterday")
    assert kept != "an id of yesterday"
    assert "1914" in last(handlers, kept)


def test_the_page_chooses_the_id_of_a_new_conversation(handlers: Handlers) -> None:
    """So a question may be asked in it before the server has replied."""
    chosen = "0123456789abcdef" * 2
    assert handlers.begin(chosen, "When was the canal opened to ships?") == chosen
    handlers.past.delete(chosen, "")
    assert handlers.begin(chosen, "When was the canal opened to ships?") != chosen


def test_a_question_before_the_page_is_up_begins_a_conversation(handlers: Handlers) -> None:
    """The page holds no id until it has loaded; what is asked then is not lost."""
    first = handlers.conversations.get(None)
    assert handlers.conversations.get(first.id) is first
    assert handlers.conversations.get(None) is not first


def test_eight_ask_at_once_during_a_rebuild(index: FakeIndex) -> None:
    """Questions from eight pages and a rebuild go on together; all are answered."""
    index.pace = 0.01
    handlers = Handlers(FakeAssistant(index, delay=0.01))
    handlers.articles.rebuild()
    kept: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: kept.append(ask(handlers, "When was the canal opened to ships?"))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(kept)) == 8
    assert all("1914" in last(handlers, one) for one in kept)
    handlers.articles.jobs.wait(5)


def test_examples_are_questions_that_are_answered(
    handlers: Handlers, assistant: FakeAssistant
) -> None:
    """Only what the assistant answers from the article is offered; they are found once."""
    said = text_of(handlers.chips("", wait=10) or "")
    assert said == "When was the Panama Canal opened?"
    asked = len(assistant.asked)
    handlers.chips("", wait=10)
    assert len(assistant.asked) == asked


def test_examples_from_a_list_and_without_articles(assistant: FakeAssistant) -> None:
    """A list that is given is taken as it is; without articles it is said what to do."""
    given = Handlers(assistant, examples=["Who <won>?"])
    assert text_of(given.chips("") or "") == "Who <won>?"
    assert "no articles yet" in text_of(Handlers(FakeAssistant(FakeIndex())).chips("") or "")


def test_examples_are_found_anew_after_a_change(handlers: Handlers, index: FakeIndex) -> None:
    """A new generation of the index brings new examples."""
    handlers.chips("", wait=10)
    index.remove([APOLLO.id])
    index.put(make_article("Ships", "The Great Eastern of Millwall was Isambard Brunel."))
    assert "Who was the Great Eastern of Millwall?" in text_of(handlers.chips("", wait=10) or "")


def test_what_to_go_on_with(handlers: Handlers, index: FakeIndex) -> None:
    """After an answer other questions are offered that its article answers."""
    text = APOLLO.text.replace("Armstrong.", "Neil Armstrong.")
    index.put(make_article("Apollo 11", f"{text} The Apollo command pilot was Michael Collins."))
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    assert text_of(handlers.chips(kept) or "") == "Who was the Apollo command pilot?"
    ask(handlers, "Is there a zebra?", kept)
    assert handlers.chips(kept) == ""


def test_suggestions_of_a_conversation_that_has_gone_on(
    handlers: Handlers, assistant: FakeAssistant
) -> None:
    """What comes too late is not shown."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    chips = handlers._suggestions

    def slow(*_: object, **__: object) -> list[str]:
        handlers.begin(kept, "And when?")
        return ["Why?"]

    chips.following = slow  # type: ignore[method-assign]
    assert handlers.chips(kept) is None


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The Tay Bridge was designed by Bouch.", "Who designed the Tay Bridge?"),
        ("The Tay Bridge was opened for trains in 1878.", "When was the Tay Bridge opened?"),
        ("The Tay Bridge is a railway bridge.", "What is the Tay Bridge?"),
        ("The engineer of the Tay was Thomas Bouch.", "Who was the engineer of the Tay?"),
        ("It was designed by Bouch.", None),
        ("The bridge was designed by Bouch.", None),
        ("There is a bridge.", None),
    ],
)
def test_questions_are_formed_from_sentences(text: str, question: str | None) -> None:
    """A sentence that names its thing makes a question, one that only points to it does not."""
    formed = questions_of(make_article("how it began?", text))
    assert formed == ([] if question is None else [question])


def test_questions_are_formed_from_titles() -> None:
    """A title that names one thing is asked about as far as its text speaks of it."""
    bridge = make_article("The Tay Bridge: a fall", "Its designer was Bouch. many died")
    assert questions_of(bridge) == ["Who designed the Tay Bridge?", "What is the Tay Bridge?"]
    fire = make_article("The great fire of 1842", "More than fifty people died.")
    assert "How many people died in the great fire of 1842?" in questions_of(fire)
    assert questions_of(make_article("How it all began", "x")) == []


# The source panel


def test_a_citation_opens_its_article(handlers: Handlers) -> None:
    """A button's id leads to the place it stands for."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    shown = handlers.show(kept, "c0-0")
    assert "verbatim ✓" in shown
    assert ">Armstrong</mark>" in shown


@pytest.mark.parametrize("place", ["", "c", "c0", "c9-0", "c0-99", "c0--1", "x-y", "c0-0-0"])
def test_an_invented_citation_is_refused(handlers: Handlers, place: str) -> None:
    """A client may send any id; what is not there is said."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    assert "over" in text_of(handlers.show(kept, place))


def test_a_citation_of_another_conversation_is_refused(handlers: Handlers) -> None:
    """Places are those of one's own conversation."""
    ask(handlers, "Who was the mission commander of Apollo?")
    assert "over" in text_of(handlers.show("", "c0-0"))


def test_a_button_tells_its_conversation(handlers: Handlers) -> None:
    """A reply and the source that it leads to say where they stand, whatever is open by then."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    reply = html.unescape(handlers.messages(kept)[-1]["content"])
    assert reply.startswith(f'<div class="fn-of-{kept}">')
    assert f'data-of="{kept}"' in html.unescape(handlers.show(kept, "c0-0"))


def test_a_changed_article_is_not_called_verbatim(handlers: Handlers, index: FakeIndex) -> None:
    """The check is made when the panel is opened, not when the answer was."""
    kept = ask(handlers, "Who was the mission commander of Apollo?")
    index.put(make_article("Apollo 11", "In the end the commander was called Armstrong."))
    shown = text_of(handlers.show(kept, "c0-0"))
    assert "This article has changed since" in shown
    assert "verbatim" not in shown


def test_deep_links(handlers: Handlers) -> None:
    """No link, a good link and a bad one."""
    assert handlers.deep_link({}) is None
    query = {"article": CANAL.id, "start": "4", "end": "9", "hash": CANAL.sha256[:16]}
    assert ">canal</mark>" in str(handlers.deep_link(query))
    assert "no article" in text_of(str(handlers.deep_link({**query, "article": "gone"})))


def test_an_article_opens_from_the_list(handlers: Handlers) -> None:
    """The whole text is shown; an unknown id is said."""
    assert CANAL.text in text_of(handlers.articles.open_article(CANAL.id))
    assert "no article" in text_of(handlers.articles.open_article("gone"))


# The articles


def test_an_upload_is_taken_in_and_can_be_asked(handlers: Handlers, tmp_path: Path) -> None:
    """Good files are added, bad ones named with their reason, under the user's names."""
    (tmp_path / "a").write_text("The zeppelin landed near the harbour in Lakehurst.")
    (tmp_path / "b").write_text("")
    handlers.articles.upload([Upload("zep.md", tmp_path / "a"), Upload("empty.md", tmp_path / "b")])
    handlers.articles.jobs.wait(5)
    said = text_of(handlers.articles.status())
    assert "1 added, 1 skipped" in said
    assert "empty.md: there is no text in it" in said
    assert "upload:zep.md" in text_of(handlers.articles.listing())
    kept = ask(handlers, "Where had the zeppelin landed near the harbour?")
    assert "Lakehurst" in last(handlers, kept)


def test_too_large_an_upload_is_refused(handlers: Handlers, tmp_path: Path) -> None:
    """The number of files is limited, and the message tells the other way."""
    (tmp_path / "a").write_text("x")
    said = text_of(handlers.articles.upload([Upload("a.md", tmp_path / "a")] * (MOST_FILES + 1)))
    assert "at most 500 files" in said
    assert "footnote index" in said
    assert handlers.articles.jobs.latest is None


def test_an_upload_that_is_gone_is_said(handlers: Handlers, tmp_path: Path) -> None:
    """A file that vanished on the server is an error to show, not to raise."""
    assert SOMETHING_FAILED in text_of(
        handlers.articles.upload([Upload("a.md", tmp_path / "gone")])
    )


def test_removing_an_article(handlers: Handlers) -> None:
    """A removed article leaves the list; an unknown one is said."""
    handlers.articles.remove(CANAL.id)
    handlers.articles.jobs.wait(5)
    assert "Panama" not in handlers.articles.listing()
    handlers.articles.remove("gone")
    handlers.articles.jobs.wait(5)
    assert "no article gone" in text_of(handlers.articles.status())


class _Gate(FakeIndex):
    """An index whose rebuild waits to be let on."""

    def __init__(self) -> None:
        super().__init__([APOLLO])
        self.begun, self.go = threading.Event(), threading.Event()

    def _step(self, progress: ProgressCallback | None, state: Progress) -> None:
        super()._step(progress, state)
        self.begun.set()
        self.go.wait(5)


def test_a_rebuild_is_seen_by_all_and_can_be_cancelled() -> None:
    """The state lives on the server; a cancelled change leaves the index as it was."""
    index = _Gate()
    handlers = Handlers(FakeAssistant(index))
    handlers.articles.rebuild()
    assert index.begun.wait(5)
    assert "Reading passages: 0 of 10" in text_of(handlers.articles.status())
    assert "“Rebuilding the index” is still going on" in text_of(handlers.articles.rebuild())
    assert "disabled" in handlers.articles.listing()
    handlers.articles.cancel()
    assert "Cancelling" in text_of(handlers.articles.status())
    index.go.set()
    handlers.articles.jobs.wait(5)
    assert "cancelled. Nothing was changed." in text_of(handlers.articles.status())
    assert index.generation == 1


def test_a_change_that_breaks_is_said(index: FakeIndex) -> None:
    """An error inside the background thread becomes the state of the change."""

    def broken(**_: object) -> None:
        raise OSError("secret disk")

    index.update = broken  # type: ignore[assignment, method-assign]
    handlers = Handlers(FakeAssistant(index))
    handlers.articles.update()
    handlers.articles.jobs.wait(5)
    assert text_of(handlers.articles.status()) == f"Looking for changed files: {SOMETHING_FAILED}"


def test_the_list_and_the_choice_are_searched(handlers: Handlers) -> None:
    """Words of title and path narrow both; what is chosen stays a choice."""
    assert "Apollo" not in handlers.articles.listing("panama")
    assert handlers.articles.choices("panama") == [("The Panama Canal", CANAL.id)]
    assert [c for _, c in handlers.articles.choices("panama", [APOLLO.id])] == [APOLLO.id, CANAL.id]
    many = Handlers(FakeAssistant(FakeIndex(make_article(f"{n}", "x") for n in range(LISTED + 9))))
    assert len(many.articles.choices()) == LISTED


def test_a_broken_index_leaves_every_event_usable() -> None:
    """When the index is replaced or deleted under the page each event says so."""

    class Broken(FakeIndex):
        def articles(self, *_: object) -> Any:
            raise FootnoteError("There is no index any more.")

        info = article = articles

    handlers = Handlers(FakeAssistant(Broken()))
    kept = ask(handlers, "Who?")
    scoped = ask(handlers, "Who?", scope=["x"])
    for said in (
        last(handlers, scoped),
        last(handlers, kept),
        handlers.chips("") or "",
        handlers.articles.listing(),
        handlers.articles.open_article("x"),
        handlers.deep_link({"article": "x"}) or "",
    ):
        assert "There is no index any more." in text_of(said)
    assert handlers.articles.choices() == []


# The guards and the socket


def test_the_handlers_do_without_gradio() -> None:
    """Nothing but the page itself loads Gradio; importing `ui` costs next to nothing."""
    code = "import sys, ui, ui.handlers, ui.server; sys.exit('gradio' in sys.modules)"
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def _status(headers: dict[str, str], *, method: str = "GET", path: str = "/") -> int:
    async def app(scope: Any, receive: Any, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    raw = [(k.encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw}
    asyncio.run(guards.Guard(app)(scope, receive, send))
    if sent[0]["status"] == 200:
        assert b"content-security-policy" in dict(sent[0]["headers"])
    return int(sent[0]["status"])


OWN = {"host": "127.0.0.1:7860"}


@pytest.mark.parametrize(
    ("headers", "method", "path", "status"),
    [
        (OWN, "GET", "/", 200),
        ({"host": "localhost:1"}, "GET", "/", 200),
        ({"host": "[::1]:1"}, "GET", "/", 200),
        ({"host": "evil.example"}, "GET", "/", 400),
        ({"host": "127.0.0.1.evil.example"}, "GET", "/", 400),
        ({}, "GET", "/", 400),
        (OWN, "POST", "/", 200),  # a program: neither header
        ({**OWN, "origin": "http://127.0.0.1:7860"}, "POST", "/", 200),
        ({**OWN, "origin": "http://127.0.0.1:9999"}, "POST", "/", 403),
        ({**OWN, "origin": "http://evil.example"}, "POST", "/", 403),
        ({**OWN, "origin": "null"}, "POST", "/", 403),
        ({**OWN, "sec-fetch-site": "cross-site"}, "POST", "/", 403),
        ({**OWN, "sec-fetch-site": "same-site"}, "DELETE", "/", 403),
        ({**OWN, "sec-fetch-site": "same-origin"}, "POST", "/", 200),
        ({**OWN, "sec-fetch-site": "cross-site"}, "GET", "/", 200),  # a link that is followed
        ({**OWN, "sec-fetch-site": "cross-site"}, "GET", "/logout", 403),
        (OWN, "GET", "/assets/index-D_2.js", 200),
        (OWN, "GET", "/gradio_api/file=/tmp/gradio/x", 404),
        (OWN, "GET", "/gradio_api/file=http://evil.example/x", 404),
        (OWN, "GET", "/gradio_api/file/tmp/x", 404),
        (OWN, "GET", "/gradio_api//proxy=http://evil.example/x", 404),
        (OWN, "GET", "/monitoring", 404),
        (OWN, "GET", "/gradio_api/monitoring/summary", 404),
        (OWN, "POST", "/gradio_api/component_server", 404),
        (OWN, "GET", "/gradio_api/dev/reload", 404),
        (OWN, "GET", "/assets/../../etc/passwd", 404),
        (OWN, "GET", "/assets/%2e%2e/x", 404),
        (OWN, "GET", "/assets/..\\x", 404),
        (OWN, "GET", "/config\n", 404),
    ],
)
def test_the_guard(headers: dict[str, str], method: str, path: str, status: int) -> None:
    """Our own page and programs pass; other sites, other names and unneeded routes do not."""
    assert _status(headers, method=method, path=path) == status


def test_loopback_hosts() -> None:
    """Only this machine's own names count as loopback."""
    assert all(map(guards.is_loopback, ("127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9")))
    others = ("::", "example.org", "", "192.168.1.2", "0.0.0.0")  # noqa: S104 - only asked about
    assert not any(map(guards.is_loopback, others))


def test_a_login_is_required_beyond_loopback() -> None:
    """Other machines reach the page only through a login; on loopback it answers to its name."""
    with pytest.raises(FootnoteError, match=r"192.168.1.2 can be reached .* needs a login"):
        guards.require_login("192.168.1.2", None)
    guards.require_login("192.168.1.2", Login("me", "secret"))
    guards.require_login("127.0.0.1", None)
    assert guards.names_of("192.168.1.2") is None
    assert "127.0.0.9" in (guards.names_of("127.0.0.9") or ())


def test_a_port_in_use_is_one_sentence() -> None:
    """The message names the port and the way out."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(FootnoteError, match=r"Port \d+ of 127.0.0.1 cannot be used .*another port"),
    ):
        server.listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(FootnoteError, match="99999 is not a port"):
        server.listen("127.0.0.1", 99999)
