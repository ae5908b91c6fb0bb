"""The chat page: questions in the browser, answers with the place where they stand.

`serve` opens an index and shows the page; `build_page` makes the page alone. Both load Gradio,
so neither is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.app import build_page, serve

__all__ = ["build_page", "serve"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from ui import app

        return getattr(app, name)
    raise AttributeError(f"module 'ui' has no attribute {name!r}")
