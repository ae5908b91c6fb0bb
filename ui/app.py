"""The chat page: Gradio's components and which of the handlers each event calls."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from qa.assistant import Assistant
from ui.app_articles import ArticlesTab
from ui.app_chat import Chat
from ui.guards import names_of, require_login
from ui.handlers import Handlers
from ui.offline import FAST, gr
from ui.panel import HEADER, empty_panel
from ui.ports import Answerer
from ui.server import listen, run_until_stopped
from ui.site import guarded_app


def build_page(assistant: Answerer, *, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page over an assistant; `examples` are questions to begin with."""
    handlers = Handlers(assistant, examples=examples)
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.HTML(HEADER)
        conversation = gr.Textbox(visible=False, elem_id="conversation")
        with gr.Tabs(selected="chat", elem_id="tabs") as tabs:
            with gr.Tab("Chat", id="chat"):
                chat = Chat(handlers, conversation)
            with gr.Tab("Articles", id="articles"):
                articles = ArticlesTab(handlers.articles, chat.scope)
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
            **FAST,
        ).then(
            handlers.answer, [conversation], [chat.messages], concurrency_limit=None,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
    page.queue(api_open=False, default_concurrency_limit=8)
    return page


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
