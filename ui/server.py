"""A socket, and a server on it that says when it answers and stops at Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from index.errors import FootnoteError
from ui.guards import ASGIApp

PATIENCE = 2  # seconds that open pages keep the server from ending


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, or say in one sentence why that cannot be."""
    if not 0 <= port <= 65535:
        raise FootnoteError(
            f"{port} is not a port: ports go from 0, for any that is free, to 65535."
        )
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise FootnoteError(
            f"Port {port} of {host} cannot be used ({error.strerror or error})."
            " Another program, or another Footnote, may be using it: choose another port, or 0"
            " for any that is free."
        ) from error


def run_until_stopped(
    app: ASGIApp, listener: socket.socket, *, on_ready: Callable[[str], None]
) -> None:
    """Serve `app` on a listening socket until Ctrl-C; `on_ready` gets the address.

    What headers say of where a request comes from is not believed: anybody can send them.
    """
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=PATIENCE, proxy_headers=False
    )
    _Server(config, lambda: on_ready(f"http://{shown}:{port}/")).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Uvicorn, saying when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()
