"""Guards in front of the page's server: who may talk to it, and what it never does.

A page that runs on the user's own machine can be reached by any web page open in the same
browser. Three things are refused here, before Gradio sees them: a request to a host name that is
not ours (DNS rebinding), a request from another site that would change something, and the two
routes that fetch from outside or tell what is going on inside.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from index.errors import FootnoteError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
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


def require_login(host: str, auth: tuple[str, str] | None) -> None:
    """Refuse to be reached from other machines without a login."""
    if not is_loopback(host) and auth is None:
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
    bound to more than loopback and asks for a login.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] | None = LOOPBACK_NAMES) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return
        await self._app(scope, receive, _with_markers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return 400, "This server does not answer to that host name."
        if _forbidden(scope["path"]):
            return 403, "This is not served here."
        changing = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if changing and not _from_own_page(headers, host):
            return 403, "Requests from other sites are refused."
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
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _forbidden(path: str) -> bool:
    """Say whether a path asks the server to fetch from elsewhere, or for its inner workings."""
    plain = path
    while (once := unquote(plain)) != plain:
        plain = once
    plain = plain.lower().replace("\\", "/")
    while "//" in plain:
        plain = plain.replace("//", "/")
    if "/monitoring" in plain:
        return True
    return any(f"={scheme}:" in plain for scheme in ("http", "https", "ftp", "file"))


async def _refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind]})
    await send({"type": "http.response.body", "body": text.encode()})


def _with_markers(send: Send) -> Send:
    """Add headers that keep the page out of frames and its requests, and its address, at home."""

    async def marked(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_MARKERS.items()]
        await send(message)

    return marked
