"""Any request to any route: never a fault of the server, never its inner workings in a reply.

schemathesis makes the requests: for programs' endpoints from Gradio's own description, for the
page's routes from the one below, which says what Gradio takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from test_page import serving

_TEXT = {"type": "string", "maxLength": 50}
_NAME = {"type": "string", "enum": ["ask", "search_passages", "list_articles", "begin", "x"]}
_DATA = {"type": "array", "maxItems": 5}
_EVENT = {
    "type": "object",
    "properties": {
        "data": _DATA,
        "fn_index": {"type": "integer", "minimum": -2, "maximum": 60},
        "session_hash": _TEXT,
        "event_data": {},
        "event_id": _TEXT,
        "trigger_id": {"type": "integer"},
        "simple_format": {"type": "boolean"},
        "batched": {"type": "boolean"},
        "api_name": _TEXT,
    },
    "required": ["data", "fn_index"],
}


def _post(body: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    content = {"requestBody": {"required": True, "content": {kind: {"schema": body}}}}
    return {"post": {**content, "responses": {"200": {"description": "."}}}}


def _get(*names: str, where: str = "query", schema: dict[str, Any] = _TEXT) -> dict[str, Any]:
    given = [{"name": n, "in": where, "required": True, "schema": schema} for n in names]
    return {"get": {"parameters": given, "responses": {"200": {"description": "."}}}}


ROUTES: dict[str, Any] = {
    "/": _get("article", "start", "end", "hash"),
    "/login": _post(
        {"type": "object", "properties": {"username": _TEXT, "password": _TEXT}},
        "application/x-www-form-urlencoded",
    ),
    "/logout": _get("all_session"),
    "/healthz": _get(),
    "/openapi.json": _get(),
    "/config": _get("deep_link", "page"),
    "/theme.css": _get(),
    "/assets/{path}": _get("path", where="path"),
    "/static/{path}": _get("path", where="path"),
    "/gradio_api/info": _get("all_endpoints", "serialize"),
    "/gradio_api/run/predict": _post(_EVENT),
    "/gradio_api/queue/join": _post(_EVENT),
    "/gradio_api/queue/data": _get("session_hash"),
    "/gradio_api/cancel": _post(
        {"type": "object", "properties": {
            "session_hash": _TEXT, "fn_index": {"type": "integer"}, "event_id": _TEXT,
        }}
    ),
    "/gradio_api/reset": _post({"type": "object", "properties": {"event_id": _TEXT}}),
    "/gradio_api/call/{name}": {
        **_post({"type": "object", "properties": {"data": _DATA, "session_hash": _TEXT}}),
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": _NAME}],
    },
    "/{path}": _get("path", where="path"),
    "/gradio_api/{path}": _get("path", where="path"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def api(server: str) -> Any:
    described = httpx.get(f"{server}openapi.json", follow_redirects=True, timeout=60).json()
    described["paths"] |= ROUTES
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=server)
    return schema


def _fuzz(api: Any, examples: int) -> None:
    """Send so many requests to every route; of a failure the smallest request is shown."""
    for found in api.get_all_operations():

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=found.ok().as_strategy())
        def each(case: Any) -> None:
            reply = case.call(timeout=60)
            assert reply.status_code < 500, reply.text[:500]
            assert "Traceback" not in reply.text
            assert "site-packages" not in reply.text

        each()


def test_no_request_breaks_the_server(api: Any) -> None:
    """A few requests to every route."""
    _fuzz(api, 3)


@pytest.mark.slow
def test_no_request_breaks_the_server_at_length(api: Any) -> None:
    """Many requests to every route."""
    _fuzz(api, 300)
