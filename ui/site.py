"""The page as a web application: its safe settings, and the guards in front of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import fastapi
import fastapi.responses

from ui.guards import LOOPBACK_NAMES, Guard
from ui.offline import gr, script

LARGEST_FILE = "100mb"


def guarded_app(
    page: gr.Blocks,
    *,
    auth: tuple[str, str] | None = None,
    hosts: Collection[str] | None = LOOPBACK_NAMES,
    blocked: Sequence[str] = (),
    mcp: bool = False,
    healthy: Callable[[], bool] = lambda: True,
) -> Guard:
    """Return the page as an ASGI application with its safe settings, behind the guards.

    `/healthz` tells anyone whether it is `healthy`, and nothing more; `/openapi.json` leads to
    the description of the endpoints.
    """
    page.state_session_capacity = 200
    site = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @site.get("/healthz")
    def healthz() -> fastapi.Response:
        well = healthy()
        return fastapi.responses.JSONResponse(
            {"status": "ok" if well else "the index cannot be read"}, 200 if well else 503
        )

    @site.get("/openapi.json")
    def openapi() -> fastapi.Response:
        return fastapi.responses.RedirectResponse("/gradio_api/openapi.json")

    gr.mount_gradio_app(
        site, page, path="/", auth=auth, show_error=False, ssr_mode=False, pwa=False,
        max_file_size=LARGEST_FILE, enable_monitoring=False, mcp_server=mcp,
        run_history=False, footer_links=[], allowed_paths=[], blocked_paths=list(blocked),
        head=f"<style>{script('page.css')}</style>", theme=_theme(),
    )  # fmt: skip
    return Guard(site, hosts=hosts)


def _theme() -> gr.themes.Base:
    return gr.themes.Base(  # its system fonts are on the machine; a GoogleFont would go online
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
