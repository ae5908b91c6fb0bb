"""The bodies of requests: too large a one is refused while it comes in, and a useless one is said.

Gradio limits each file of an upload, and nothing else. It also answers a request that it cannot
use, an unknown endpoint for one, as if the server were at fault.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import MutableMapping
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.formparsers import MultiPartException

from ui.guards import ASGIApp, Receive, Scope, Send, refuse
from ui.limits import LARGEST_BODY, LARGEST_FILE, LARGEST_UPLOAD, MOST_FILES

logger = logging.getLogger(__name__)

_PARTS = 16_384  # bytes that a file's head and border may take in an upload
_UPLOAD = "/gradio_api/upload"
_ONCE = (b"content-type", b"content-length")
_LARGE_FILE = f"A file is too large: at most {LARGEST_FILE >> 20} MB are read."


class _BodyError(MultiPartException):
    """A body is too large, or was cut off; Gradio deletes what it has taken of an upload."""


class Bodies:
    """Middleware that answers 413 to too large a body, and 400 to one that cannot be used."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and refuse it as soon as it is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        names = [name for name, _ in scope["headers"]]
        if twice := [name.decode() for name in _ONCE if names.count(name) > 1]:
            await refuse(scope, send, 400, f"A request has one {twice[0]}.")
            return
        headers = dict(scope["headers"])
        measure = _Upload(headers) if scope["path"] == _UPLOAD else _Measure(LARGEST_BODY)
        reply = _Reply(scope, send)
        length = headers.get(b"content-length", b"")

        async def measured() -> MutableMapping[str, Any]:
            message = await receive()
            reply.problem = measure.add(message.get("body", b""))
            if reply.problem or (message["type"] == "http.disconnect" and measure.upload):
                raise _BodyError(reply.problem)
            return message

        if length.isdigit() and (problem := measure.too_long(int(length))):
            await refuse(scope, send, 413, problem)
            return
        try:
            await self._app(scope, measured, reply.send)
        except Exception as error:
            await reply.end(error)


class _Measure:
    """Counts the bytes of a body."""

    upload = False

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0

    def too_long(self, size: int) -> str:
        """Return what is wrong with a body of that size, or an empty string."""
        if size <= self._limit:
            return ""
        return f"This request is too large: at most {self._limit / 1e6:,.0f} MB are taken."

    def add(self, data: bytes) -> str:
        """Count more of the body; returns what is wrong with it now, or an empty string."""
        self._size += len(data)
        return self.too_long(self._size)


class _Upload(_Measure):
    """Counts the bytes and the files of an upload."""

    upload = True

    def __init__(self, headers: MutableMapping[bytes, bytes]) -> None:
        super().__init__(LARGEST_UPLOAD + MOST_FILES * _PARTS)
        _, options = parse_options_header(headers.get(b"content-type", b""))
        self._border = b"--" + options.get(b"boundary", b"")
        self._tail = b""
        self._files = -1  # the last border ends the last file

    def too_long(self, size: int) -> str:
        if super().too_long(size):
            return (
                f"At most {LARGEST_UPLOAD / 1e6:,.0f} MB can be sent at once;"
                " for more, use `footnote index` on their folder."
            )
        return ""

    def add(self, data: bytes) -> str:
        seen = self._tail + data
        self._files += seen.count(self._border)
        keep = len(self._border) - 1
        self._tail = seen[max(0, len(seen) - keep) :]
        if self._files > MOST_FILES:
            return (
                f"At most {MOST_FILES} files can be sent at once;"
                " for more, use `footnote index` on their folder."
            )
        return super().add(data)


class _Reply:
    """What is sent back; what Gradio says of a refused or useless request is replaced."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.problem = ""  # what is wrong with the body
        self._scope = scope
        self._send = send
        self._begun = self._ended = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send a part of Gradio's answer, or ours instead."""
        if self._ended:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 413:  # by Gradio, in other words
                self.problem = _LARGE_FILE
            if self.problem or (message["status"] == 500 and self._by_gradio):
                await self._refuse()
                return
            self._begun = True
        elif message["type"] == "http.response.body":
            self._ended = not message.get("more_body")
        await self._send(message)

    async def end(self, error: Exception) -> None:
        """End the answer after Gradio failed."""
        if not isinstance(error, _BodyError):
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.warning(  # what the error says may hold what was asked
                "a request to %s could not be used: %s at %s:%s",
                self._scope["path"], type(error).__name__, place.filename, place.lineno,
            )  # fmt: skip
        if self._begun and not self._ended:
            await self._send({"type": "http.response.body", "body": b""})
        elif not self._begun and not self._ended:
            await self._refuse()

    @property
    def _by_gradio(self) -> bool:
        return str(self._scope["path"]).startswith("/gradio_api/")

    async def _refuse(self) -> None:
        self._ended = True
        if self.problem:
            await refuse(self._scope, self._send, 413, self.problem)
        elif self._by_gradio:
            await refuse(self._scope, self._send, 400, "This request cannot be used here.")
        else:
            await refuse(self._scope, self._send, 500, "Something failed.")
