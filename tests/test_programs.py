"""Programs ask by HTTP and by gradio_client, and get the one schema of answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes_ui import FakeAssistant, FakeIndex, make_article

from index.errors import FootnoteError
from qa.values import Answer
from ui.programs import Programs

CANAL = make_article("The Panama Canal", "The canal opened to ships in 1914.", date="1914-08-15")
QUESTION = "When was the canal opened to ships?"


@pytest.fixture
def programs() -> Programs:
    return Programs(FakeAssistant(FakeIndex([CANAL])))


def test_an_answer_is_its_dictionary(programs: Programs) -> None:
    """What a program gets reads back as the answer."""
    data = programs.ask(QUESTION)
    assert Answer.from_dict(data).text == "1914"
    assert json.loads(json.dumps(data)) == data
    assert programs.ask(QUESTION, articles=[]) == data


def test_passages_stand_where_they_say(programs: Programs) -> None:
    """Each has its article, its offsets and its words."""
    (passage,) = programs.search_passages(QUESTION, limit=1)
    assert passage["article"] == CANAL.to_dict()
    assert CANAL.text[passage["start"] : passage["end"]] == passage["text"]
    assert programs.search_passages(QUESTION, limit="1") == [passage]  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, 51, "many", None, [1], float("inf"), float("nan")])
def test_limit_is_a_number(programs: Programs, limit: Any) -> None:
    """Anything else is a sentence, not a fault of the server."""
    with pytest.raises(FootnoteError, match=r"^limit is .*; it goes from 1 to 50\.$"):
        programs.search_passages(QUESTION, limit=limit)


@pytest.mark.parametrize("articles", [5, "id", {"id": 1}, [5]])
def test_articles_are_a_list_of_ids(programs: Programs, articles: Any) -> None:
    """Anything else is a sentence, not a fault of the server."""
    with pytest.raises(FootnoteError, match="articles is not a list of ids"):
        programs.ask(QUESTION, articles=articles)


def test_articles_are_listed(programs: Programs) -> None:
    """The list holds what the index's list holds."""
    assert programs.list_articles()[0]["title"] == "The Panama Canal"


def test_health() -> None:
    """An index that cannot be read is not healthy."""

    class Broken(FakeIndex):
        def articles(self) -> Any:
            raise FootnoteError("gone")

    assert Programs(FakeAssistant(FakeIndex())).healthy()
    assert not Programs(FakeAssistant(Broken())).healthy()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    script = Path(__file__).with_name("page_server.py")
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def call(server: str, name: str, *arguments: Any) -> tuple[str, Any]:
    """Call an endpoint as curl would; returns the last event and its data."""
    body = json.dumps({"data": arguments}).encode()
    where = f"{server}gradio_api/call/{name}"
    request = urllib.request.Request(  # noqa: S310 - http
        where, data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - our own server
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{where}/{event}") as reply:  # noqa: S310 - our own server
        lines = [line for line in reply.read().decode().split("\n") if line]
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


def test_over_http(server: str) -> None:
    """Answers, passages and articles come as JSON, an error as its sentence."""
    event, (answer,) = call(server, "ask", QUESTION, [])
    assert (event, Answer.from_dict(answer).text) == ("complete", "1914")
    event, (passages,) = call(server, "search_passages", QUESTION, 2, [])
    assert (event, len(passages)) == ("complete", 2)
    event, (articles,) = call(server, "list_articles")
    assert "The Panama Canal" in [article["title"] for article in articles]
    event, problem = call(server, "ask", "why " * 500, [])
    assert event == "error"
    assert "The question is too long" in str(problem)
    event, problem = call(server, "ask", "explode", [])
    assert "secret" not in str(problem)


def test_the_endpoints_are_described(server: str) -> None:
    """`/openapi.json` names the three endpoints and nothing that changes the index."""
    with urllib.request.urlopen(f"{server}openapi.json") as reply:  # noqa: S310 - our own server
        described = json.load(reply)
    calls = {
        path.split("/call/")[1].removeprefix("v2/")
        for path in described["paths"]
        if "/call/" in path
    }
    assert {name.partition("/")[0] for name in calls} == {
        "ask", "search_passages", "list_articles",
    }  # fmt: skip
    with urllib.request.urlopen(f"{server}healthz") as reply:  # noqa: S310 - our own server
        assert json.load(reply) == {"status": "ok"}


def test_the_queue_cannot_be_gone_round(server: str) -> None:
    """The direct route of an endpoint is closed."""
    request = urllib.request.Request(  # noqa: S310 - http
        f"{server}gradio_api/api/ask/",
        data=b'{"data": ["x", []]}',
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310 - our own server
    refused.value.close()
    assert refused.value.code == 404


def test_by_gradio_client(server: str) -> None:
    """The client of the README gets the same answer."""
    code = (
        "import sys, json; from gradio_client import Client\n"
        "client = Client(sys.argv[1], verbose=False)\n"
        "print(json.dumps(client.predict(sys.argv[2], api_name='/ask')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, server, QUESTION], capture_output=True, text=True, check=True
    )
    assert Answer.from_dict(json.loads(done.stdout)).text == "1914"
