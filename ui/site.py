"""The page as a web application: its safe settings, and the guards in front of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

import fastapi
import fastapi.responses
from anyio import CapacityLimiter, to_thread
from starlette.routing import Mount

from ui.bodies import Bodies
from ui.guards import CLIENT, LOOPBACK_NAMES, Guard, Scope
from ui.limits import LARGEST_FILE
from ui.login import MOST_FAILURES, LockedOut, Login
from ui.offline import gr, script


def guarded_app(
    page: gr.Blocks,
    *,
    login: Login | None = None,
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
        site, page, path="/", auth=None if login is None else _asked_of(login),
        show_error=False, ssr_mode=False, pwa=False, max_file_size=LARGEST_FILE,
        enable_monitoring=False, mcp_server=mcp, run_history=False, footer_links=[],
        allowed_paths=[], blocked_paths=list(blocked),
        head=f"<style>{script('page.css')}</style>", theme=_theme(),
        auth_message=f"After {MOST_FAILURES} wrong logins wait a while before the next.",
    )  # fmt: skip
    mounted: Any
    (mounted,) = (route.app for route in site.routes if isinstance(route, Mount))

    def signed_in(scope: Scope) -> bool:
        cookies = fastapi.Request(scope).cookies
        names = (f"access-token{kind}-{mounted.cookie_id}" for kind in ("", "-unsecure"))
        return login is None or any(cookies.get(name) in mounted.tokens for name in names)

    return Guard(Bodies(site), hosts=hosts, signed_in=signed_in)


def _asked_of(login: Login) -> Callable[[str, str], Awaitable[bool]]:
    """Return the login as Gradio asks for it; one at a time, since hashing takes memory."""
    limiter = CapacityLimiter(1)

    async def check(user: str, password: str) -> bool:
        checked = partial(login.check, user, password, client=CLIENT.get())
        try:
            return await to_thread.run_sync(checked, limiter=limiter)
        except LockedOut as error:
            wait = {"Retry-After": str(error.seconds)}
            raise fastapi.HTTPException(429, str(error), wait) from None

    return check


def _theme() -> gr.themes.Base:
    return gr.themes.Base(  # its system fonts are on the machine; a GoogleFont would go online
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
