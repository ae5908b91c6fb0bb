"""The endpoints for programs, by Gradio: over HTTP, for `gradio_client`, and for MCP."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ui.offline import api, gr
from ui.ports import Answerer
from ui.problems import said
from ui.programs import Programs

P = ParamSpec("P")
T = TypeVar("T")


def add_endpoints(assistant: Answerer, *, answers_at_once: int, mcp: bool) -> None:
    """Add the endpoints to the page that is being made.

    With `mcp`, answers and passages are tools, and the list of articles is not.
    """
    programs = Programs(assistant)
    places = {"concurrency_id": "answer", "concurrency_limit": answers_at_once}
    api(_told(programs.ask), api_name="ask", **places)
    api(_told(programs.search_passages), api_name="search_passages", **places)
    api(
        _told(programs.list_articles), api_name="list_articles",
        api_visibility="undocumented" if mcp else "public",
    )  # fmt: skip


def _told(endpoint: Callable[P, T]) -> Callable[P, T]:
    """Let a program see the sentence that a person would see, and nothing else."""

    @wraps(endpoint)
    def told(*args: P.args, **options: P.kwargs) -> T:
        try:
            return endpoint(*args, **options)
        except Exception as error:
            raise gr.Error(said(error), print_exception=False) from None

    return told
