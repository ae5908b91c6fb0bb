"""The chat page in a real browser, from the question typed to the words marked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_server import ARTICLES, HOSTILE, HOSTILE_TITLE
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from ui.limits import MOST_FILES

pytestmark = pytest.mark.browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=20_000)  # a busy machine is no fault of the page
APOLLO, CANAL = ARTICLES[0], ARTICLES[1]
COMMANDER = "Who was the mission commander of Apollo?"
SHIPS = "When was the canal opened to ships?"


@dataclass
class Desk:
    """A page that is open, and all it asked for."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    patience: float = 20_000  # milliseconds for an answer

    def ask(self, question: str) -> Locator:
        """Type a question, wait for its answer and return the answer's card."""
        answers = self.page.locator("#chat .fn-card, #chat .fn-problem")
        before = answers.count()
        box = self.page.get_by_label("Your question")
        box.fill(question)
        box.press("Enter")
        expect(answers).to_have_count(before + 1, timeout=self.patience)
        return answers.last

    def begin(self, question: str) -> None:
        """Type a question and wait until it is searched for."""
        box = self.page.get_by_label("Your question")
        box.fill(question)
        box.press("Enter")
        expect(self.page.locator(".fn-working")).to_be_visible()

    def choose(self, question: str) -> None:
        """Open the latest conversation that began with a question."""
        self.page.locator("#past .fn-past").filter(has_text=question).first.click()
        expect(self.page.locator(".fn-question").first).to_have_text(question)

    def outside(self) -> list[str]:
        """The requests that went beyond loopback."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in ("data", "blob")
            and urlsplit(url).hostname != "127.0.0.1"
        ]


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """Yield the address of a page that a process of its own serves."""
    script = Path(__file__).with_name("page_server.py")
    process = subprocess.Popen(
        [sys.executable, script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), f"no page; the server ended: {process.poll()}"
        try:
            yield url
            assert process.poll() is None, "the server ended, or connected beyond loopback"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that holds back changes, and questions with "hold" in them, while it is there."""
    gate = tmp_path / "gate"
    gate.touch()
    return gate


@pytest.fixture
def gated_desk(gate: Path, browser: Browser) -> Iterator[Desk]:
    with serving("--gate", gate) as url, opened(url, browser, {}) as desk:
        yield desk
        gate.unlink(missing_ok=True)


@pytest.fixture
def seeds_server(seeds_index: Path) -> Iterator[str]:
    with serving(seeds_index) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("FOOTNOTE_CHROMIUM") or shutil.which("chromium")
    if path is None:
        message = "no Chromium: install Debian's, or set FOOTNOTE_CHROMIUM to one"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def desk(server: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with opened(server, browser, getattr(request, "param", {})) as desk:
        yield desk


@pytest.fixture
def seeds_desk(seeds_server: str, browser: Browser) -> Iterator[Desk]:
    with opened(seeds_server, browser, {}) as desk:
        yield desk


@contextmanager
def opened(server: str, browser: Browser, settings: dict[str, Any]) -> Iterator[Desk]:
    """Yield the page of a server in a fresh context; nothing may fail or leave the machine."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
    context.set_default_timeout(20_000)
    desk = Desk(context.new_page(), server)
    errors: list[str] = []
    desk.page.on("request", lambda sent: desk.requests.append(sent.url))
    desk.page.on("pageerror", lambda error: errors.append(str(error)))
    desk.page.goto(server)
    expect(desk.page.locator(".fn-chip").first).to_be_visible(timeout=20_000)
    yield desk
    assert errors == []
    assert desk.outside() == []
    context.close()


def test_from_the_question_to_the_marked_words(desk: Desk) -> None:
    """Asked, answered, cited: a click opens the article with the words marked and in view."""
    card = desk.ask(COMMANDER)
    expect(card).to_contain_text("The mission commander of Apollo was Neil Armstrong.")
    expect(card.locator("mark")).to_have_text("Armstrong")
    expect(card.locator(".fn-confidence")).to_have_text("very likely")
    card.get_by_role("button", name="[1]").click()
    mark = desk.page.locator("#source mark")
    expect(mark).to_have_text("Armstrong")
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    expect(desk.page.locator("#source")).to_contain_text("verbatim ✓")
    assert desk.page.locator(".fn-article").evaluate("e => e.textContent") == APOLLO.text


def test_a_conversation_of_five_turns(seeds_desk: Desk) -> None:
    """Follow-ups are understood, the reading is shown and can be undone, replies are local."""
    desk = seeds_desk
    desk.patience = 60_000  # the first answer loads the models
    designer = desk.ask("Who was the designer of the Brooklyn Bridge?")
    expect(designer).to_contain_text("John Augustus Roebling")
    died = desk.ask("what did he die of")
    expect(died.locator("mark")).to_contain_text("tetanus")
    expect(died).to_contain_text("Understood as: What did John Augustus Roebling die of?")
    expect(desk.ask("where does it say that?")).to_contain_text("“tetanus” stands in")
    expect(desk.ask("when?")).to_contain_text("July 22, 1869")
    moon = desk.ask("who commanded apollo 11")
    expect(moon.locator("mark").first).to_contain_text("Armstrong")
    expect(moon).not_to_contain_text("Understood as")
    desk.page.get_by_role("button", name="Ask it as typed").first.click()
    answers = desk.page.locator("#chat .fn-card")
    expect(answers).to_have_count(6, timeout=desk.patience)
    expect(answers.last).to_contain_text("Nothing before says what “he” stands for")


def test_the_first_sign_of_work_comes_before_the_answer(desk: Desk) -> None:
    """What is searched stands there before the answer does, and the box is empty again."""
    box = desk.page.get_by_label("Your question")
    box.fill(COMMANDER)
    box.press("Enter")
    expect(desk.page.locator(".fn-working")).to_contain_text("articles…")
    expect(box).to_have_value("")
    expect(desk.page.locator(".fn-card")).to_be_visible()
    expect(desk.page.locator(".fn-working")).to_have_count(0)


def test_not_found_shows_passages_that_open(desk: Desk) -> None:
    """Nothing found is said, and the closest passage opens its article."""
    card = desk.ask("Is there a zebra in Panama?")
    expect(card).to_contain_text("Not in your articles.")
    card.locator("button.fn-passage").first.click()
    expect(desk.page.locator("#source mark")).to_contain_text("Panama")


def test_an_unsure_answer_is_a_candidate(desk: Desk) -> None:
    """It begins with "Perhaps:"."""
    expect(desk.ask(f"{COMMANDER} perhaps")).to_contain_text("Perhaps:")


def test_hostile_text_is_shown_exactly_and_does_nothing(desk: Desk) -> None:
    """Script, Markdown, entities and marks of direction: text in the card and in the panel.

    That nothing beyond loopback was asked for is checked after every test of the page.
    """
    card = desk.ask("How does the hostile password begin?")
    sentence = HOSTILE[: HOSTILE.index("\n")].split(".")[0]
    assert sentence in str(card.locator(".fn-text").first.evaluate("e => e.textContent"))
    assert HOSTILE_TITLE in str(card.evaluate("e => e.textContent"))
    card.get_by_role("button", name="[1]").click()
    expect(desk.page.locator("#source h2")).to_have_text(HOSTILE_TITLE)
    assert desk.page.locator(".fn-article").evaluate("e => e.textContent") == HOSTILE
    question = "<script>window.pwned=5</script> ![x](http://evil.example/q.png) **bold** &amp;"
    desk.ask(question)
    assert desk.page.locator(".fn-question").last.evaluate("e => e.textContent") == question
    desk.page.get_by_role("tab", name="Articles").click()
    expect(desk.page.locator("#list")).to_contain_text(HOSTILE_TITLE)
    desk.page.wait_for_timeout(300)
    assert desk.page.evaluate("window.pwned") is None
    assert desk.page.locator("#chat img, #source img, #list img, #scope img").count() == 0


def test_an_uploaded_file_can_be_asked(desk: Desk, tmp_path: Path) -> None:
    """A file is taken in under its own name, a bad one is named with its reason."""
    good = tmp_path / "Zeppelin's (last) flight.md"
    good.write_text("The zeppelin landed near the harbour in Lakehurst.")
    bad = tmp_path / "empty.md"
    bad.write_text(" ")
    desk.page.get_by_role("tab", name="Articles").click()
    desk.page.locator("#upload input[type=file]").set_input_files([good, bad])
    expect(desk.page.locator("#job")).to_contain_text("1 added, 1 skipped")
    expect(desk.page.locator("#job")).to_contain_text("empty.md: there is no text in it")
    expect(desk.page.locator("#list")).to_contain_text("upload:Zeppelin's (last) flight.md")
    desk.page.get_by_role("tab", name="Chat").click()
    card = desk.ask("Where had the zeppelin landed near the harbour?")
    expect(card.locator("mark").first).to_have_text("Lakehurst")


def test_an_article_is_removed_after_asking_again(desk: Desk, tmp_path: Path) -> None:
    """The first click asks, the second removes."""
    file = tmp_path / "Short-lived.md"
    file.write_text("Here today.")
    desk.page.get_by_role("tab", name="Articles").click()
    desk.page.locator("#upload input[type=file]").set_input_files(file)
    remove = desk.page.get_by_role("button", name="Remove Short-lived")
    expect(remove).to_be_enabled()
    remove.click()
    expect(remove).to_have_text("Really remove?")
    remove.click()
    expect(remove).to_have_count(0)
    expect(desk.page.locator("#job")).to_contain_text("1 removed")


def test_the_chat_follows_the_articles(desk: Desk, tmp_path: Path) -> None:
    """New articles bring new suggestions; that a cited one is gone stands under its answer."""
    file = tmp_path / "Tay.md"
    file.write_text("The Tay Bridge was designed by Thomas Bouch.")
    page = desk.page
    page.get_by_role("tab", name="Articles").click()
    page.locator("#upload input[type=file]").set_input_files(file)
    expect(page.locator("#job")).to_contain_text("1 added")
    page.get_by_role("tab", name="Chat").click()
    page.locator(".fn-chip").filter(has_text="Who designed the Tay Bridge?").click()
    expect(page.locator(".fn-card")).to_contain_text("Thomas Bouch")
    page.get_by_role("tab", name="Articles").click()
    remove = page.get_by_role("button", name="Remove Tay")
    remove.click()
    remove.click()
    expect(page.locator("#job")).to_contain_text("1 removed")
    page.get_by_role("tab", name="Chat").click()
    expect(page.locator(".fn-since")).to_have_text("No longer in your articles: Tay")


def test_a_rebuild_survives_a_reload_and_is_cancelled(gated_desk: Desk, gate: Path) -> None:
    """Its state lives on the server: the page that comes back still shows it and can end it."""
    page = gated_desk.page
    page.get_by_role("tab", name="Articles").click()
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator("#job progress")).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Articles").click()
    expect(page.locator("#job")).to_contain_text("Rebuilding the index")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#job")).to_contain_text("Cancelling")
    gate.unlink()
    expect(page.locator("#job")).to_contain_text("cancelled. Nothing was changed.")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_a_permanent_link_opens_its_place(desk: Desk) -> None:
    """The copied link leads back to the marked words; a changed hash is told."""
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.ask(COMMANDER).get_by_role("button", name="[1]").click()
    desk.page.get_by_title("Copy the permanent link").click()
    expect(desk.page.get_by_title("Copy the permanent link")).to_have_text("Copied")
    link = desk.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{desk.url}?article=")
    desk.page.goto(link)
    expect(desk.page.locator("#source mark")).to_have_text("Armstrong")
    expect(desk.page.locator("#source mark")).to_be_in_viewport()
    desk.page.goto(link.replace(f"hash={APOLLO.sha256[:16]}", f"hash={'0' * 16}"))
    expect(desk.page.locator("#source")).to_contain_text("This article has changed since")
    expect(desk.page.locator("#source mark")).to_have_text("Armstrong")


def test_citations_are_copied_as_data(desk: Desk) -> None:
    """Text, Markdown and JSON reach the clipboard as they are, not as HTML."""
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.ask("How does the hostile password begin?").get_by_role("button", name="[1]").click()
    expect(desk.page.locator("#source mark")).to_be_visible()
    desk.page.get_by_title("Copy the citation as JSON").click()
    expect(desk.page.get_by_title("Copy the citation as JSON")).to_have_text("Copied")
    data = json.loads(desk.page.evaluate("navigator.clipboard.readText()"))
    assert data["article"]["title"] == HOSTILE_TITLE
    assert HOSTILE[data["start"] : data["end"]] == data["quote"]
    desk.page.get_by_title("Copy the quote with its source").click()
    expect(desk.page.get_by_title("Copy the quote with its source")).to_have_text("Copied")
    text = desk.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(f"“{data['quote']}”\n— {HOSTILE_TITLE} (")
    assert text.endswith(desk.url.rstrip("/") + data["link"])


def test_a_question_that_cannot_be_sent_is_told(desk: Desk) -> None:
    """What the server does not take is said under the chat, the question stays in the box."""
    box = desk.page.get_by_label("Your question")
    desk.page.route("**/gradio_api/run/predict*", lambda route: route.fulfill(status=413))
    box.fill(COMMANDER)
    box.press("Enter")
    expect(desk.page.locator("#examples")).to_contain_text("This question could not be sent")
    expect(box).to_have_value(COMMANDER)
    desk.page.unroute_all()
    expect(desk.ask(COMMANDER)).to_contain_text("Armstrong")
    expect(desk.page.locator("#examples")).not_to_contain_text("could not be sent")


def test_too_long_a_question_is_not_cut_in_silence(desk: Desk) -> None:
    """A pasted text over the limit is refused by a sentence with its length, not asked in part."""
    card = desk.ask("why " * 501)
    expect(card).to_have_text("the question has 2,004 characters; ask it in at most 2,000")


def test_an_error_leaves_the_page_usable(desk: Desk) -> None:
    """The engine raises; its text stays inside, and the next question is answered."""
    expect(desk.ask("explode")).to_contain_text("Something failed")
    expect(desk.page.locator("body")).not_to_contain_text("secret inner workings")
    expect(desk.ask(COMMANDER)).to_contain_text("Armstrong")


def test_a_conversation_survives_a_reload(desk: Desk) -> None:
    """The page comes back with what was asked, and its citations still open."""
    desk.ask(COMMANDER)
    desk.page.reload()
    expect(desk.page.locator(".fn-card")).to_contain_text("Armstrong")
    desk.page.get_by_role("button", name="[1]").click()
    expect(desk.page.locator("#source mark")).to_have_text("Armstrong")
    desk.page.get_by_role("button", name="New conversation").click()
    expect(desk.page.locator(".fn-card")).to_have_count(0)
    expect(desk.page.locator(".fn-chip").first).to_be_visible()


def test_conversations_are_opened_renamed_saved_and_deleted(desk: Desk) -> None:
    """The list beside the chat leads back to each conversation."""
    page = desk.page
    desk.ask(SHIPS)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".fn-card")).to_have_count(0)
    desk.ask(COMMANDER)
    listed = page.locator("#past .fn-past")
    expect(listed.nth(0)).to_contain_text(COMMANDER)
    listed.nth(1).click()
    expect(page.locator(".fn-question")).to_have_text(SHIPS)
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of this conversation").fill("<i>Canal</i> [x]")
    page.keyboard.press("Enter")
    expect(listed.nth(1)).to_contain_text("<i>Canal</i> [x]")
    with page.expect_download() as saved:
        page.locator("[data-do=md]").click()
    assert saved.value.suggested_filename == "i-Canal-i-x.md"
    assert "1914" in Path(saved.value.path()).read_text("utf-8")
    before = listed.count()
    delete = page.locator("[data-do=delete]")
    delete.click()
    expect(delete).to_have_text("Really delete?")
    delete.click()
    expect(listed).to_have_count(before - 1)
    expect(page.locator(".fn-question")).to_have_count(0)
    page.get_by_role("button", name="Conversations", exact=False).first.click()
    expect(page.locator("#past")).to_be_hidden()


def _let_on(desk: Desk, gate: Path, word: str) -> None:
    """Let on what is held back, and wait until the answer with that word has come to the page."""
    desk.page.evaluate(
        """word => {
          const parse = JSON.parse;
          JSON.parse = (text, ...more) => {
            if (String(text).includes(word)) window.came = true;
            return parse(text, ...more);
          };
        }""",
        word,
    )
    gate.unlink()
    desk.page.wait_for_function("window.came")
    desk.page.wait_for_timeout(300)


def test_an_answer_comes_when_its_stream_has_ended(desk: Desk) -> None:
    """As when the server ends the stream just as a question joins the queue."""
    ended = 'data: {"msg": "close_stream"}\n\n'
    streams = []

    def end(route: Route) -> None:
        streams.append(route.request.url)
        route.fulfill(content_type="text/event-stream", body=ended)

    desk.page.route("**/queue/data*", end, times=1)
    expect(desk.ask(COMMANDER)).to_contain_text("Neil Armstrong")
    assert len(streams) == 1
    expect(desk.ask(SHIPS)).to_contain_text("1914")


@pytest.mark.parametrize("new", [False, True], ids=["page", "new conversation"])
def test_a_question_comes_before_what_it_is_asked_in(desk: Desk, *, new: bool) -> None:
    """It is asked in the conversation that is to open, and stays when that opens late."""
    held = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch()))

    if new:
        desk.ask(SHIPS)
        desk.page.route("**/run/predict", hold, times=1)
        desk.page.locator("#fresh").click()
    else:
        desk.page.evaluate("sessionStorage.clear()")
        desk.page.route("**/run/predict", hold, times=1)
        desk.page.goto(desk.url)
    questions = desk.page.locator("#chat .fn-question")
    box = desk.page.get_by_label("Your question")
    box.fill(COMMANDER)
    box.press("Enter")
    expect(questions.last).to_have_text(COMMANDER)
    [(route, response)] = held
    route.fulfill(response=response)
    expect(desk.page.locator("#chat .fn-card")).to_contain_text("Neil Armstrong")
    expect(questions).to_have_text([COMMANDER])


def test_a_late_answer_is_shown_in_its_conversation_only(gated_desk: Desk, gate: Path) -> None:
    """Who opens another conversation meanwhile goes on to see that one, and its citations."""
    page, held = gated_desk.page, f"hold: {COMMANDER}"
    gated_desk.ask(SHIPS)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".fn-question")).to_have_count(0)
    gated_desk.begin(held)
    gated_desk.choose(SHIPS)
    _let_on(gated_desk, gate, "Armstrong")
    expect(page.locator(".fn-question")).to_have_text([SHIPS])
    expect(page.locator(".fn-card")).to_contain_text("1914")
    page.locator("#c0-0").click()
    expect(page.locator("#source h2")).to_have_text(CANAL.title)
    gated_desk.choose(held)
    expect(page.locator(".fn-card")).to_contain_text("Armstrong")


def test_a_citation_is_not_taken_for_one_of_another_conversation(desk: Desk) -> None:
    """A source that comes after another conversation was opened leads on to its own next one."""
    page = desk.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        if '"c0-0"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    desk.ask(COMMANDER)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".fn-card")).to_have_count(0)
    desk.ask(SHIPS)
    page.route("**/gradio_api/run/predict*", hold)
    page.locator("#c0-0").click()
    desk.choose(COMMANDER)
    held[0].continue_()
    expect(page.locator("#source h2")).to_have_text(CANAL.title)
    page.get_by_role("button", name="Next source").click()
    expect(page.locator("#source h2")).to_have_text("Canals")
    page.unroute_all()


@pytest.mark.parametrize("leave", ["New conversation", "Delete"])
def test_a_question_is_answered_while_another_conversation_waits(
    gated_desk: Desk, leave: str
) -> None:
    """It need not wait for the answer there."""
    page = gated_desk.page
    gated_desk.begin(f"hold: {COMMANDER}")
    page.get_by_role("button", name=leave).click()
    if leave == "Delete":
        page.get_by_role("button", name="Really delete?").click()
    expect(page.locator(".fn-question")).to_have_count(0)
    expect(gated_desk.ask(SHIPS)).to_contain_text("1914")


def test_a_conversation_survives_a_restart(browser: Browser, tmp_path: Path) -> None:
    """The page comes back to the same conversation from a server that was started anew."""
    page = browser.new_context().new_page()
    file = tmp_path / "conversations.sqlite"
    with serving("--conversations", file) as url:
        page.goto(url)
        expect(page.locator(".fn-chip").first).to_be_visible(timeout=20_000)  # it has come up
        Desk(page, url).ask(COMMANDER)
    with serving("--conversations", file, "--port", str(urlsplit(url).port)):
        page.goto(url)
        expect(page.locator(".fn-card")).to_contain_text("Armstrong")
        page.get_by_role("button", name="[1]").click()
        expect(page.locator("#source")).to_contain_text("verbatim ✓")
        desk = Desk(page, url)
        expect(desk.ask(SHIPS)).to_contain_text("1914")
        expect(page.locator("#past .fn-past")).to_have_count(1)
    page.context.close()


def test_a_login_comes_before_everything(browser: Browser) -> None:
    """Without it neither page nor endpoint answers; with it both do."""
    page = browser.new_context().new_page()
    with serving("--login") as url:
        for path in ("gradio_api/openapi.json", "gradio_api/info", "config"):
            assert _status(urllib.request.Request(url + path)) == 401, path  # noqa: S310 - http
        assert _status(urllib.request.Request(f"{url}healthz")) == 200  # noqa: S310 - http
        page.goto(url)
        page.get_by_label("username").fill("me")
        page.get_by_label("password").fill("secret")
        page.get_by_role("button", name="Login").click()
        expect(page.locator(".fn-chip").first).to_be_visible(timeout=20_000)
        expect(Desk(page, url).ask(COMMANDER)).to_contain_text("Armstrong")
    page.context.close()


def test_a_full_queue_is_said_in_the_chat(browser: Browser, gate: Path) -> None:
    """A question that finds no place is told so in its card, and the page goes on."""
    with serving("--gate", gate) as url, opened(url, browser, {}) as desk:
        waiting = {"data": ["hold", []]}
        while httpx.post(f"{url}gradio_api/call/ask", json=waiting, timeout=60).status_code != 503:
            pass
        expect(desk.ask(COMMANDER)).to_contain_text("Too many questions are waiting already")
        gate.unlink()
        desk.patience = 60_000
        answers = (desk.ask(COMMANDER).inner_text() for _ in range(20))
        assert any("Neil" in answer for answer in answers)


def test_too_many_files_are_said_on_the_page(desk: Desk, tmp_path: Path) -> None:
    """The limits stand on the box; why an upload is refused is said, and the page goes on."""
    files = [tmp_path / f"{number}.md" for number in range(MOST_FILES + 2)]
    for path in files:
        path.write_text("x")
    desk.page.get_by_role("tab", name="Articles").click()
    desk.page.locator("#upload input[type=file]").set_input_files(files)
    expect(desk.page.locator("#job")).to_contain_text("At most 500 files can be sent at once")
    expect(desk.page.locator("#upload")).to_contain_text("at most 500 files of 50 MB, 500 MB")
    desk.page.get_by_role("tab", name="Chat").click()
    expect(desk.ask(COMMANDER)).to_contain_text("Armstrong")


def test_only_a_refused_upload_is_said_to_be_one(desk: Desk) -> None:
    """How far an upload is may be unknown, and that is no news for the user."""
    desk.page.get_by_role("tab", name="Articles").click()
    before = desk.page.locator("#job").inner_text()
    desk.page.route("**/gradio_api/upload*", lambda route: route.fulfill(status=404, body="no"))
    desk.page.evaluate("fetch('/gradio_api/upload_progress?upload_id=x')")
    desk.page.wait_for_timeout(500)
    assert desk.page.locator("#job").inner_text() == before
    desk.page.evaluate("fetch('/gradio_api/upload?upload_id=x', { method: 'POST' })")
    expect(desk.page.locator("#job .fn-problem")).to_have_text("no")
    desk.page.unroute_all()


def test_feedback_with_the_right_words(desk: Desk) -> None:
    """The fault is named by a click, and the right words by marking them in the article."""
    card = desk.ask(SHIPS)
    card.get_by_role("button", name="[1]").click()
    expect(desk.page.locator("#source mark")).to_have_text("1914")
    desk.page.get_by_text("Was this right?").click()
    desk.page.get_by_role("button", name="Wrong words").click()
    expect(desk.page.locator(".fn-feedback")).to_contain_text("You said: wrong words.")
    desk.page.evaluate(
        """() => {
          const mark = document.querySelector("#source mark");
          getSelection().setBaseAndExtent(mark.previousSibling, 30, mark.firstChild, 4);
        }"""
    )
    desk.page.get_by_role("button", name="These are right").click()
    expect(desk.page.locator(".fn-feedback")).to_contain_text("What is right: “in 1914”")
    desk.page.get_by_role("button", name="Undo").click()
    expect(desk.page.locator(".fn-feedback")).to_contain_text("Was this right?")


def test_the_right_words_are_sent_without_what_stands_before(desk: Desk) -> None:
    """Their place is a number, which emoji before it do not shift, however long the article is."""
    page = desk.page
    desk.ask("How does the hostile password begin?").get_by_role("button", name="[1]").click()
    expect(page.locator("#source mark")).to_be_visible()
    page.get_by_text("Was this right?").click()
    page.get_by_role("button", name="Wrong words").click()
    page.evaluate(
        """() => {
          const text = document.querySelector("#source .fn-article").lastChild;
          const at = text.data.indexOf("two spaces");
          getSelection().setBaseAndExtent(text, at, text, at + 10);
        }"""
    )
    with page.expect_request(lambda sent: '"w0"' in (sent.post_data or "")) as sent:
        page.get_by_role("button", name="These are right").click()
    assert "password begins" not in str(sent.value.post_data)
    expect(page.locator(".fn-feedback")).to_contain_text("What is right: “two spaces”")


def test_a_reload_while_it_is_answered(desk: Desk) -> None:
    """The answer comes to the page that was loaded anew meanwhile."""
    box = desk.page.get_by_label("Your question")
    box.fill(f"{COMMANDER} slowly")
    box.press("Enter")
    expect(desk.page.locator(".fn-working")).to_be_visible()
    desk.page.reload()
    expect(desk.page.locator(".fn-card")).to_contain_text("Armstrong")


def test_examples_are_asked_by_a_click(desk: Desk) -> None:
    """A chip asks its question and the chips make room."""
    desk.page.locator(".fn-chip").filter(has_text=COMMANDER).click()
    expect(desk.page.locator(".fn-question")).to_have_text(COMMANDER)
    expect(desk.page.locator(".fn-card")).to_contain_text("Armstrong")
    expect(desk.page.locator(".fn-chip").filter(has_text=COMMANDER)).to_have_count(0)


def test_only_the_chosen_articles_are_asked(desk: Desk) -> None:
    """The choice is made by checkboxes and stands in the answer."""
    desk.page.get_by_text("Ask only some articles").click()
    desk.page.get_by_label("Find articles").first.fill("panama")
    desk.page.get_by_label("The Panama Canal").check()
    card = desk.ask(COMMANDER)
    expect(card).to_contain_text("Not in your articles.")
    expect(card).to_contain_text("Only in: The Panama Canal")


def test_the_keyboard_alone(desk: Desk) -> None:
    """`/` goes to the box from either tab, `]` and `[` through the sources, Esc to the button."""
    page = desk.page
    box = page.get_by_label("Your question")
    for tab in ("Articles", "Chat"):  # coming back to the chat must not double its keys
        page.get_by_role("tab", name=tab).click()
        page.locator("h1").click()
        page.keyboard.press("/")
        expect(box).to_be_focused()
    page.keyboard.type("When was the canal opened to ships? a/b [c]")
    expect(box).to_have_value("When was the canal opened to ships? a/b [c]")
    page.keyboard.press("Enter")
    expect(page.locator(".fn-card")).to_contain_text("Another article also says")
    page.locator("#c0-0").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#source .fn-count")).to_have_text("1 of 2")
    expect(page.locator("#source mark")).to_be_focused()
    page.keyboard.press("]")
    expect(page.locator("#source .fn-count")).to_have_text("2 of 2")
    page.keyboard.press("[")
    expect(page.locator("#source .fn-count")).to_have_text("1 of 2")
    expect(page.locator("#source mark")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#c0-0")).to_be_focused()


@pytest.mark.parametrize(
    "desk", [{"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}], indirect=True
)
def test_on_a_phone_in_the_dark(desk: Desk) -> None:
    """At 390 px nothing is cut off; the source covers the chat and is closed again."""
    card = desk.ask(COMMANDER)
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(desk.page.locator("#source")).to_be_hidden()
    card.get_by_role("button", name="[1]").click()
    mark = desk.page.locator("#source mark")
    expect(mark).to_be_in_viewport()
    desk.page.get_by_role("button", name="Close the source").click()
    expect(desk.page.locator("#source")).to_be_hidden()
    expect(card).to_be_visible()
    card.get_by_role("button", name="[1]").click()
    expect(mark).to_be_in_viewport()
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("tab", name="Articles").click()
    expect(desk.page.locator(".fn-table")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    "desk", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str
)
def test_no_serious_fault_of_access(desk: Desk) -> None:
    """Axe finds none in the chat with its source, the not-found card and the list of articles."""
    desk.ask(f"{COMMANDER} perhaps")
    desk.ask("Is there a zebra in Panama?")
    desk.page.get_by_text("Was this right?").first.click()
    desk.ask(SHIPS).get_by_role("button", name="[1]").click()
    expect(desk.page.locator("#source mark")).to_be_focused()
    assert _serious(desk.page) == []
    desk.page.get_by_role("tab", name="Articles").click()
    expect(desk.page.locator(".fn-table")).to_be_visible()
    assert _serious(desk.page) == []


def _serious(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def test_eight_users_during_a_rebuild(server: str, browser: Browser) -> None:
    """Eight pages ask at once while the index is rebuilt: each is answered and can go on."""
    context = browser.new_context()
    pages = [context.new_page() for _ in range(8)]
    for page in pages:
        page.goto(server)
    for page in pages:
        expect(page.get_by_label("Your question")).to_be_enabled(timeout=30_000)
    pages[0].get_by_role("tab", name="Articles").click()
    pages[0].get_by_role("button", name="Rebuild the index").click()
    expect(pages[0].locator("#job progress")).to_be_visible()
    pages[0].get_by_role("tab", name="Chat").click()
    questions = (COMMANDER, SHIPS)
    for question in questions:
        for page in pages:
            page.get_by_label("Your question").fill(question)
            page.get_by_label("Your question").press("Enter")
    for page in pages:
        cards = page.locator("#chat .fn-card")
        expect(cards).to_have_count(2, timeout=30_000)
        expect(cards.first).to_contain_text("Armstrong")
        expect(cards.last).to_contain_text("1914")
        expect(page.get_by_label("Your question")).to_be_enabled()
    pages[0].get_by_role("tab", name="Articles").click()
    expect(pages[0].locator("#job .fn-done")).to_contain_text("Rebuilding the index")
    context.close()


def test_other_sites_are_refused(server: str) -> None:
    """A forged origin, a rebound name and the two routes are refused by the real server."""
    port = urlsplit(server).port
    for path, headers, status in (
        ("", {}, 200),
        ("", {"Host": f"evil.example:{port}"}, 400),
        ("gradio_api/upload", {"Origin": "http://evil.example"}, 403),
        ("gradio_api/file=http://evil.example/x", {}, 404),
        ("monitoring", {}, 404),
        ("gradio_api/file=/etc/passwd", {}, 404),
    ):
        data = b"x" if "upload" in path else None
        request = urllib.request.Request(server + path, data=data, headers=headers)  # noqa: S310 - http
        assert _status(request) == status, path


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as reply:  # noqa: S310 - our own server
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
