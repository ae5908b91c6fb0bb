"""The page as a web application: its safe settings, and the guards in front of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import fastapi

from ui.guards import LOOPBACK_NAMES, Guard
from ui.offline import gr, script

LARGEST_FILE = "100mb"


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
        head=f"<style>{script('page.css')}</style>", theme=_theme(),
    )  # fmt: skip
    return Guard(site, hosts=hosts)


def _theme() -> gr.themes.Base:
    return gr.themes.Base(  # its system fonts are on the machine; a GoogleFont would go online
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
