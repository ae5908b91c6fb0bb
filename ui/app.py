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
from ui.app_chat import OPEN, Chat
from ui.app_programs import add_endpoints
from ui.guards import names_of, require_login
from ui.handlers import Handlers
from ui.history import History
from ui.limits import ANSWERS_AT_ONCE, MOST_EVENTS, MOST_WAITING, Limited
from ui.login import Login
from ui.memory import share_heaps
from ui.offline import FAST, gr, unusable
from ui.panel import HEADER
from ui.ports import Answerer
from ui.programs import Programs, require_mcp
from ui.server import listen, run_until_stopped
from ui.site import guarded_app
from ui.uploads import require_uploads


class _Page(gr.Blocks):
    """Gradio's page; files that were not uploaded are refused before it looks at them.

    Inputs that cannot be used are not printed, as questions may be in them.
    """

    async def preprocess_data(self, block_fn: Any, inputs: Any, *args: Any, **options: Any) -> Any:
        try:
            require_uploads(inputs, self.GRADIO_CACHE)
            return await super().preprocess_data(block_fn, inputs, *args, **options)
        except FootnoteError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except gr.Error:
            raise
        except Exception:
            raise unusable() from None


def build_page(
    assistant: Answerer,
    *,
    examples: Sequence[str] = (),
    history: History | None = None,
    mcp: bool = False,
) -> gr.Blocks:
    """Return the page over an assistant.

    `examples` are questions to begin with; by default they are found in the index. `history`
    keeps the conversations; by default they end with the program. With `mcp` answers and passages
    are made ready for MCP, which `guarded_app` serves.
    """
    assistant = Limited(assistant)
    handlers = Handlers(assistant, examples=examples, history=history)
    page: gr.Blocks
    with _Page(title="Footnote", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.HTML(HEADER, apply_default_css=False)
        conversation = gr.Textbox(visible=False, elem_id="conversation")
        with gr.Tabs(selected="chat", elem_id="tabs") as tabs:
            with gr.Tab("Chat", id="chat"):
                chat = Chat(handlers, conversation)
            with gr.Tab("Articles", id="articles"):
                articles = ArticlesTab(handlers.articles, chat.scope)
        articles.open_in(chat.panel, tabs)
        chat.follow(articles.generation)

        def load(held: str, request: gr.Request) -> list[Any]:
            opened = chat.open_conversation(held)
            linked = handlers.deep_link(dict(request.query_params))
            opened[2] = linked or opened[2]
            return [*opened, *articles.refreshed()]

        event = page.load(
            load,
            [conversation],
            [*chat.opened, *articles.shown],
            js=OPEN,
            **FAST,
        )
        chat.settle(event)
        add_endpoints(assistant, answers_at_once=ANSWERS_AT_ONCE, mcp=mcp)
    handlers.prepare()
    page.max_threads = MOST_EVENTS
    # Places in the queue are not shown: telling them as they change ("auto") ends the queue for all
    # once a session with a waiting call is forgotten, as Gradio forgets what is not fetched.
    page.queue(
        status_update_rate=3600,
        api_open=False,
        default_concurrency_limit=8,
        max_size=MOST_WAITING,
    )
    # Gradio looks at its queue every millisecond, which takes 9% of a core from an idle server.
    page._queue.sleep_when_free = 0.02  # seconds
    return page


def serve(
    path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    login: Login | None = None,
    examples: Sequence[str] = (),
    conversations: Path | None = None,
    mcp: bool = False,
    precision: float | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Open the index at `path` and show the page until Ctrl-C.

    `on_ready` is called with the page's address once it answers. Port 0 takes any free one; a
    host beyond loopback needs a `login`. `examples` are
    questions to begin with; by default they are found in the index. `conversations` is the file
    that keeps them; without one they end with the program. `mcp` adds answers for programs that
    speak MCP. `precision` is that of `Assistant.open`.

    Raises `FootnoteError` when the port is taken, or index or conversations cannot be opened.
    """
    share_heaps()
    require_login(host, login)
    if mcp:
        require_mcp()

    def ready(url: str) -> None:
        if on_ready is not None:
            on_ready(url)
        if open_browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    with listen(host, port) as listener, Assistant.open(path, precision=precision) as assistant:
        history = History(conversations, place=str(Path(path).resolve()))
        page = build_page(assistant, examples=examples, history=history, mcp=mcp)
        blocked = [str(path), *([] if conversations is None else [str(conversations)])]
        app = guarded_app(
            page,
            login=login,
            hosts=names_of(host),
            blocked=blocked,
            mcp=mcp,
            healthy=Programs(assistant).healthy,
        )
        threading.Thread(target=_warm, args=(assistant,), daemon=True).start()
        run_until_stopped(app, listener, on_ready=ready)


def _warm(assistant: Assistant) -> None:
    """Load the encoder, so that the first question need not wait for it."""
    with contextlib.suppress(FootnoteError):  # the first question will say what is wrong
        _ = assistant.index.embedder
