"""Guards in front of the page's server: who may talk to it, and what it never does.

A page that runs on the user's own machine can be reached by any web page open in the same
browser. Refused here, before Gradio sees them, are: a request to a host name that is not ours (DNS
rebinding), a request from another site that would change something, every route that neither the
page nor a program needs (files, proxies, monitoring and development among them), and, where there
is a login, every request but those that show it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from index.errors import FootnoteError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CLIENT: ContextVar[str] = ContextVar("CLIENT", default="")  # the address that a request comes from
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
_BEFORE_LOGIN = re.compile(
    r"/|/login/?|/logout|/healthz|/theme\.css|/favicon\.ico|/(assets|static)/[\w@.+/-]+", re.ASCII
)
_AFTER_LOGIN = re.compile(
    r"/config/?|/openapi\.json|/gradio_api/(info/?|openapi\.json|run/predict|queue/(join|data)"
    r"|upload|upload_progress|cancel|reset/?|call/(v2/)?\w+(/[\w-]*)?|heartbeat/[\w-]+"
    r"|mcp(/[\w/-]*)?)",
    re.ASCII,
)
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:;"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " media-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none';"
    " base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_MARKERS = {
    b"content-security-policy": _POLICY.encode(),
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


def is_loopback(host: str) -> bool:
    """Say whether a host to bind to can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_login(host: str, login: object | None) -> None:
    """Refuse to be reached from other machines without a login."""
    if not is_loopback(host) and login is None:
        raise FootnoteError(
            f"{host} can be reached from other machines, so the page needs a login there: give a"
            " user name and a password, or stay with 127.0.0.1."
        )


def names_of(host: str) -> frozenset[str] | None:
    """Return the names that a server on `host` answers to; None is any name."""
    return LOOPBACK_NAMES | {host.strip("[]")} if is_loopback(host) else None


class Guard:
    """Middleware that refuses what does not come from our own page.

    `hosts` are the names the server answers to; None lets any name through, for a server that is
    bound to more than loopback and asks for a login. `signed_in` says whether a request is from
    somebody who has logged in.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] | None = LOOPBACK_NAMES,
        signed_in: Callable[[Scope], bool] = lambda _: True,
    ) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)
        self._signed_in = signed_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refuse(scope, _with_markers(send), *refusal)
            return
        if scope["path"] == "/logout":  # its query may keep the login
            scope = {**scope, "query_string": b""}
        CLIENT.set((scope.get("client") or ("",))[0])
        await self._app(scope, receive, _with_markers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return 400, "This server does not answer to that host name."
        path = scope["path"]
        public = _BEFORE_LOGIN.fullmatch(path)
        crooked = ".." in path or "//" in path
        if crooked or not (public or _AFTER_LOGIN.fullmatch(path)):
            return 404, "This is not served here."
        changing = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if (changing or path == "/logout") and not _from_own_page(headers, host):
            return 403, "Requests from other sites are refused."
        if not (public or self._signed_in(scope)):
            return 401, "Log in first."
        return None


def _name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _from_own_page(headers: dict[str, str], host: str) -> bool:
    """Say whether a request comes from our page, or from a program, which sends neither header."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN_SITE:
        return False
    try:
        return origin is None or urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # no address
        return False


async def refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    """Answer a request with a status and one sentence."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind]})
    await send({"type": "http.response.body", "body": text.encode()})


def _with_markers(send: Send) -> Send:
    """Add headers that keep the page out of frames and its requests, and its address, at home.

    Cookies stay at home as well: none is sent along with a request that another site makes.
    """

    async def marked(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, re.sub(rb"(?i)samesite=none", b"SameSite=lax", value))
                if name.lower() == b"set-cookie"
                else (name, value)
                for name, value in message.get("headers", [])
            ]
            message["headers"] = [*headers, *_MARKERS.items()]
        await send(message)

    return marked
