"""Serves the chat page over the stand-ins of `fakes_ui`, or over an index, in its own process.

A process of its own, because Gradio leaves event loops unclosed and a warning is an error in
the tests. It prints the page's address, and ends with 3 when anything in it connects beyond
loopback. With `--log` every log line of every library goes to stderr.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from fakes_ui import FakeAssistant, FakeIndex, make_article

from ui.ports import Answerer

HOSTILE_TITLE = '<img src=x onerror="window.pwned=1"> **bold**'
HOSTILE = (
    "The hostile password begins <script>window.pwned=2</script> and *ends* here\n\n"
    '<img src=x onerror="window.pwned=3"> ![x](http://evil.example/a.png) [y](http://evil.example)'
    " &amp; &lt;b&gt; **bold** _it_ `code` {{value}} ${window.pwned=4} $$x$$ www.evil.example\n"
    "שלום \u202eright to left\u202c cafe\u0301 👩‍👩‍👧 🇩🇪 \ttab  two spaces"
)
ARTICLES = (
    make_article(
        "Apollo 11: the first people on the Moon",
        "Apollo 11 flew in July.\n\n" + "Nothing of note is said in this line.\n\n" * 80 +
        "The mission commander of Apollo was Neil Armstrong.\n\n"
        + "And nothing of note in this one.\n\n" * 80,
        date="1969-07-24",
    ),
    make_article("The Panama Canal", "The canal was opened to ships in 1914.", date="1914-08-15"),
    make_article("Canals", "To ships the Panama canal was opened in 1914."),
    make_article(HOSTILE_TITLE, HOSTILE),
)  # fmt: skip


def _stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host not in ("::1", "localhost"):
            os._exit(3)


def main() -> None:
    """Serve until the process is told to end."""
    options = argparse.ArgumentParser()
    options.add_argument("index", type=Path, nargs="?", help="answer from it, by the real models")
    options.add_argument("--conversations", type=Path)
    options.add_argument("--gate", type=Path)
    options.add_argument("--log", action="store_true")
    options.add_argument("--login", action="store_true")
    options.add_argument("--mcp", action="store_true")
    options.add_argument("--port", type=int, default=0)
    given = options.parse_args()
    sys.addaudithook(_stay_home)
    if given.log:
        logging.basicConfig(level=logging.DEBUG)
    from ui.app import build_page
    from ui.history import History
    from ui.login import Login
    from ui.server import listen, run_until_stopped
    from ui.site import guarded_app

    def serve(assistant: Answerer) -> None:
        page = build_page(assistant, history=History(given.conversations), mcp=given.mcp)
        login = Login("me", "secret") if given.login else None
        app = guarded_app(page, mcp=given.mcp, login=login)
        run_until_stopped(app, listen("127.0.0.1", given.port), on_ready=_tell)

    if given.index is None:
        index = FakeIndex(ARTICLES, pace=0.15, gate=given.gate)
        serve(FakeAssistant(index, delay=0.2, gate=given.gate))
        return
    from qa.assistant import Assistant

    with Assistant.open(given.index) as opened:
        serve(opened)


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
