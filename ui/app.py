"""The chat page: Gradio's components and which of the handlers each event calls.

The only module that imports Gradio, and only after telling it to stay offline: it reads these
variables when it is imported.
"""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import contextlib
import threading
import webbrowser
from collections.abc import Callable, Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import fastapi
import gradio as gr

from index.errors import FootnoteError
from qa.assistant import Assistant
from ui.guards import LOOPBACK_NAMES, Guard, names_of, require_login
from ui.handlers import Handlers, Message, Upload, sent_files
from ui.panel import HEADER, KEYS, empty_panel
from ui.ports import Answerer
from ui.server import listen, run_until_stopped

LARGEST_FILE = "100mb"
ANSWERS_AT_ONCE = 2
_FAST: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_page(assistant: Answerer, *, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page over an assistant; `examples` are questions to begin with."""
    handlers = Handlers(assistant, examples=examples)
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.HTML(HEADER)
        conversation = gr.Textbox(visible=False, elem_id="conversation")
        with gr.Tabs(selected="chat", elem_id="tabs") as tabs:
            with gr.Tab("Chat", id="chat"):
                chat = _Chat(handlers, conversation)
            with gr.Tab("Articles", id="articles"):
                articles = _ArticlesTab(handlers, chat.scope)
        articles.open_in(chat.panel, tabs)

        def load(held: str, request: gr.Request) -> list[Any]:
            kept = handlers.conversations.get(held).id
            opened = handlers.deep_link(dict(request.query_params))
            messages = handlers.messages(kept)
            examples = "" if messages else handlers.examples()
            return [kept, messages, opened or empty_panel(), examples, *articles.refreshed()]

        page.load(
            load,
            [conversation],
            [conversation, chat.messages, chat.panel, chat.examples, *articles.shown],
            js="() => [sessionStorage.getItem('footnote-conversation') || '']",
            **_FAST,
        ).then(
            handlers.answer, [conversation], [chat.messages], concurrency_limit=None,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
    page.queue(api_open=False, default_concurrency_limit=8)
    return page


class _Chat:
    """The tab of questions: the conversation, the box, and the source panel beside them."""

    def __init__(self, handlers: Handlers, conversation: gr.Textbox) -> None:
        self._handlers = handlers
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=5, min_width=320, elem_id="talk"):
                self.messages = gr.Chatbot(
                    elem_id="chat", label="Conversation", show_label=False, height=None,
                    latex_delimiters=[], allow_tags=False, sanitize_html=True, buttons=[],
                    layout="panel", feedback_options=None, placeholder=" ", autoscroll=False,
                )  # fmt: skip
                self.examples = gr.HTML(
                    elem_id="examples", js_on_load=_script("chips.js"), apply_default_css=False
                )
                self.box = gr.Textbox(
                    elem_id="question", label="Your question", show_label=False, lines=1,
                    max_lines=6, placeholder="Ask your articles…", submit_btn=True, autofocus=True,
                    max_length=2000,
                )  # fmt: skip
                with gr.Accordion("Ask only some articles", open=False, elem_id="only"):
                    self.find = gr.Textbox(
                        label="Find articles", elem_id="only-find", placeholder="part of a title"
                    )
                    self.scope = gr.CheckboxGroup(
                        label="Articles to ask (none chosen: all)", elem_id="scope"
                    )
                with gr.Row(elem_id="below"):
                    gr.HTML(KEYS)
                    self.fresh = gr.Button("New conversation", elem_id="fresh", size="sm")
            with gr.Column(scale=5, min_width=320, elem_id="source-column"):
                self.panel = gr.HTML(
                    empty_panel(), elem_id="source", js_on_load=_script("page.js"),
                    apply_default_css=False,
                )  # fmt: skip
        self._wire(conversation)

    def _wire(self, conversation: gr.Textbox) -> None:
        handlers = self._handlers
        begun = [conversation, self.messages, self.box, self.examples]

        def begin(held: str, question: str, scope: list[str]) -> list[Any]:
            kept = handlers.begin(held, question, scope)
            return [kept, found := handlers.messages(kept), "", "" if found else gr.skip()]

        def begin_with(held: str, scope: list[str], event: gr.EventData) -> list[Any]:
            if "id" not in event._data:
                return begin(held, str(event._data.get("question", "")), scope)
            kept = handlers.begin_again(held, str(event._data["id"]), scope)
            return [kept, handlers.messages(kept), gr.skip(), gr.skip()]

        def give_up(kept: str) -> list[Message]:
            handlers.give_up(kept)
            return handlers.messages(kept)

        for event in (
            self.box.submit(begin, [conversation, self.box, self.scope], begun, **_FAST),
            self.examples.ask_this(begin_with, [conversation, self.scope], begun, **_FAST),
            self.panel.ask_again(begin_with, [conversation, self.scope], begun, **_FAST),
        ):
            event.then(
                handlers.answer, [conversation], [self.messages], concurrency_id="answer",
                concurrency_limit=ANSWERS_AT_ONCE, show_progress="hidden",
                api_visibility="private",
            ).failure(give_up, [conversation], [self.messages], **_FAST)  # fmt: skip

        def cite(kept: str, event: gr.EventData) -> str:
            return handlers.show(kept, str(event._data.get("id", "")))

        self.panel.cite(cite, [conversation], [self.panel], **_FAST)
        self.find.change(
            lambda find, chosen: gr.update(choices=handlers.choices(find, chosen)),
            [self.find, self.scope], [self.scope], **_FAST,
        )  # fmt: skip

        def fresh() -> list[Any]:
            return [handlers.conversations.new().id, [], "", handlers.examples()]

        self.fresh.click(fresh, None, begun, **_FAST)
        conversation.change(
            None, [conversation], None,
            js="id => { sessionStorage.setItem('footnote-conversation', id); }",
            api_visibility="private",
        )  # fmt: skip


class _ArticlesTab:
    """The tab of articles: files in, the list, and the change that goes on."""

    def __init__(self, handlers: Handlers, scope: gr.CheckboxGroup) -> None:
        self._handlers = handlers
        drop = gr.File(label="Add articles", file_count="multiple", elem_id="upload", height=150)
        drop.preprocess = sent_files  # type: ignore[method-assign, assignment]
        with gr.Row(elem_id="changes"):
            update = gr.Button("Look for changed files", elem_id="update", size="sm")
            rebuild = gr.Button("Rebuild the index", elem_id="rebuild", size="sm")
            self._cancel = gr.Button("Cancel", elem_id="cancel", size="sm", visible=False)
        self._job = gr.HTML(elem_id="job", apply_default_css=False)
        self._find = gr.Textbox(
            label="Find articles", show_label=False, elem_id="find",
            placeholder="Find articles by title or path",
        )  # fmt: skip
        self._list = gr.HTML(elem_id="list", js_on_load=_script("list.js"), apply_default_css=False)
        self._timer = gr.Timer(1.0, active=False)
        self._asked = [self._find, scope]  # what `refreshed` goes by
        self.shown = [self._job, self._timer, self._cancel, self._list, scope]
        self._wire(drop, update, rebuild)

    def refreshed(
        self, find: str = "", chosen: Sequence[str] = (), *, said: str | None = None
    ) -> list[Any]:
        """Return what all of `shown` is now; `said` takes the place of the change's state."""
        running = self._handlers.jobs.running
        choices = self._handlers.choices(chosen=chosen)
        there = {article_id for _, article_id in choices}
        return [
            self._handlers.status() if said is None else said,
            gr.update(active=running),
            gr.update(visible=running),
            self._handlers.listing(find),
            gr.update(choices=choices, value=[each for each in chosen if each in there]),
        ]

    def _wire(self, drop: gr.File, update: gr.Button, rebuild: gr.Button) -> None:
        handlers, asked, shown = self._handlers, self._asked, self.shown

        def tick(find: str, chosen: list[str]) -> list[Any]:
            if handlers.jobs.running:
                return [handlers.status(), *([gr.skip()] * 4)]
            return self.refreshed(find, chosen)

        def add(uploads: list[Upload], find: str, chosen: list[str]) -> list[Any]:
            return [None, *self.refreshed(find, chosen, said=handlers.upload(uploads))]

        def remove(find: str, chosen: list[str], event: gr.EventData) -> list[Any]:
            said = handlers.remove(str(event._data.get("id", "")))
            return self.refreshed(find, chosen, said=said)

        self._timer.tick(tick, asked, shown, **_FAST)
        drop.upload(add, [drop, *asked], [drop, *shown], **_FAST)
        self._list.remove_article(remove, asked, shown, **_FAST)
        for button, handler in (
            (update, handlers.update), (rebuild, handlers.rebuild), (self._cancel, handlers.cancel)
        ):  # fmt: skip
            button.click(
                lambda find, chosen, do=handler: self.refreshed(find, chosen, said=do()),
                asked, shown, **_FAST,
            )  # fmt: skip
        self._find.change(handlers.listing, [self._find], [self._list], **_FAST)

    def open_in(self, panel: gr.HTML, tabs: gr.Tabs) -> None:
        """Let a title of the list open its article in the source panel."""

        def opened(event: gr.EventData) -> list[Any]:
            html = self._handlers.open_article(str(event._data.get("id", "")))
            return [html, gr.Tabs(selected="chat")]

        self._list.open_article(opened, None, [panel, tabs], **_FAST)


def serve(
    path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    auth: tuple[str, str] | None = None,
    examples: Sequence[str] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Open the index at `path` and show the page until Ctrl-C.

    `on_ready` is called with the page's address once it answers. Port 0 takes any free one; a
    host beyond loopback needs `auth`, the user name and password to ask for. `examples` are
    questions to begin with; by default they are made from titles.

    Raises `FootnoteError` when the port is taken or the index cannot be opened.
    """
    require_login(host, auth)

    def ready(url: str) -> None:
        if on_ready is not None:
            on_ready(url)
        if open_browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    with listen(host, port) as listener, Assistant.open(path) as assistant:
        page = build_page(assistant, examples=examples)
        app = guarded_app(page, auth=auth, hosts=names_of(host), blocked=[str(path)])
        threading.Thread(target=_warm, args=(assistant,), daemon=True).start()
        run_until_stopped(app, listener, on_ready=ready)


def _warm(assistant: Assistant) -> None:
    """Load the encoder, so that the first question need not wait for it."""
    with contextlib.suppress(FootnoteError):  # the first question will say what is wrong
        _ = assistant.index.embedder


def guarded_app(
    page: gr.Blocks,
    *,
    auth: tuple[str, str] | None = None,
    hosts: Collection[str] | None = LOOPBACK_NAMES,
    blocked: Sequence[str] = (),
) -> Guard:
    """Return the page as an ASGI application with its safe settings, behind the guards."""
    page.state_session_capacity = 200
    site = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(
        site, page, path="/", auth=auth, show_error=False, ssr_mode=False, pwa=False,
        max_file_size=LARGEST_FILE, enable_monitoring=False, mcp_server=False,
        run_history=False, footer_links=[], allowed_paths=[], blocked_paths=list(blocked),
        head=f"<style>{_script('page.css')}</style>", theme=_theme(),
    )  # fmt: skip
    return Guard(site, hosts=hosts)


def _script(name: str) -> str:
    return resources.files("ui").joinpath(name).read_text(encoding="utf-8")


def _theme() -> gr.themes.Base:
    return gr.themes.Base(  # its system fonts are on the machine; a GoogleFont would go online
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
