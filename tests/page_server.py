"""Serves the chat page over the stand-ins of `fakes_ui`, or over an index, in its own process.

A process of its own, because Gradio leaves event loops unclosed and a warning is an error in
the tests. It prints the page's address, and ends with 3 when anything in it connects beyond
loopback.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from fakes_ui import FakeAssistant, FakeIndex, make_article

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
    sys.addaudithook(_stay_home)
    from ui.app import build_page, guarded_app
    from ui.server import listen, run_until_stopped

    if len(sys.argv) > 1:  # an index to answer from, with the real models
        from qa.assistant import Assistant

        with Assistant.open(sys.argv[1]) as opened:
            app = guarded_app(build_page(opened))
            run_until_stopped(app, listen("127.0.0.1", 0), on_ready=_tell)
        return
    assistant = FakeAssistant(FakeIndex(ARTICLES, pace=0.15), delay=0.2)
    app = guarded_app(build_page(assistant))
    run_until_stopped(app, listen("127.0.0.1", 0), on_ready=_tell)


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
