"""The real server under requests that it should refuse: each is refused early, by a sentence."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ui.limits import (
    ANSWERS_AT_ONCE,
    LARGEST_BODY,
    LARGEST_FILE,
    LARGEST_UPLOAD,
    MOST_FILES,
    MOST_WAITING,
)

QUESTION = "When was the canal opened to ships?"
SECRET = "zanzibarquux"  # noqa: S105 - a word to look for in the log


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    url: str
    client: httpx.Client
    uploads: Path  # its folder of files that were sent
    gate: Path  # holds back questions with "hold" while it is there
    log: Path
    pid: int

    def join(self, question: str) -> httpx.Response:
        """Ask as a program does; the answer waits under the id that is returned."""
        return self.client.post("gradio_api/call/ask", json={"data": [question, []]})

    def answer(self, joined: httpx.Response) -> str:
        """Wait for an answer and return it as it comes over the line."""
        return self.client.get(f"gradio_api/call/ask/{joined.json()['event_id']}").text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    script = Path(__file__).with_name("page_server.py")
    uploads, gate, log = folder / "uploads", folder / "gate", folder / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(
            [sys.executable, script, "--log", "--gate", gate],
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(script.parents[1]),
                "GRADIO_TEMP_DIR": str(uploads),
            },
        ) as process,
    ):
        assert process.stdout is not None
        limits = httpx.Limits(max_connections=100)
        try:
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=url, timeout=120, limits=limits) as client:
                yield Server(url, client, uploads, gate, log, process.pid)
            assert process.poll() is None
        finally:
            process.terminate()


def test_an_idle_server_sleeps(server: Server) -> None:
    """Nobody asks, so it wakes some hundred times a second at most: a laptop runs on battery."""
    threads = Path(f"/proc/{server.pid}/task")

    def woken() -> int:
        found = (each.read_text() for each in threads.glob("*/status"))
        return sum(int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0]) for text in found)

    before, begun = woken(), time.monotonic()
    time.sleep(2)
    assert (woken() - before) / (time.monotonic() - begun) < 300


FILE = "gradio_api/file="
PROBES: tuple[tuple[str, dict[str, str], int], ...] = (
    ("", {"Host": "evil.example"}, 400),
    ("gradio_api/call/ask", {"Origin": "http://evil.example"}, 403),
    ("gradio_api/upload", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("gradio_api/queue/join", {"Origin": "null"}, 403),
    ("gradio_api/queue/join", {"Origin": "http://["}, 403),
    (f"{FILE}/etc/passwd", {}, 404),
    (f"{FILE}http://evil.example/x", {}, 404),
    ("gradio_api/file/etc/passwd", {}, 404),
    ("gradio_api/proxy=http://evil.example/x", {}, 404),
    ("monitoring", {}, 404),
    ("gradio_api/monitoring/summary", {}, 404),
    ("gradio_api/dev/reload", {}, 404),
    ("gradio_api/vibe-code", {}, 404),
    ("gradio_api/runs", {}, 404),
    ("gradio_api/token", {}, 404),
    ("assets/../../../../etc/passwd", {}, 404),
    ("assets/%2e%2e/%2e%2e/etc/passwd", {}, 404),
    ("assets/..%2f..%2fetc/passwd", {}, 404),
    ("assets/%252e%252e%252fetc/passwd", {}, 404),
    ("static/..%5c..%5cetc/passwd", {}, 404),
    ("assets//etc/passwd", {}, 404),
    ("svelte/../../etc/passwd", {}, 404),
)


@pytest.mark.parametrize(("path", "headers", "status"), PROBES)
def test_probes_are_refused(
    server: Server, path: str, headers: dict[str, str], status: int
) -> None:
    """Other sites, other names, and routes to files and to inner workings."""
    method = "POST" if {"Origin", "Sec-Fetch-Site"} & set(headers) else "GET"
    raw = httpx.URL(server.url).copy_with(raw_path=b"/" + path.encode())
    reply = server.client.request(method, raw, headers=headers)
    assert (reply.status_code, "root:" in reply.text) == (status, False)


@pytest.mark.parametrize("name", ["page.html", "image.svg"])
def test_what_was_sent_is_never_served(server: Server, name: str) -> None:
    """An uploaded page stays a file on the server, and so does what a link leads to."""
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    reply = server.client.post("gradio_api/upload", files={"files": (name, script)})
    (path,) = reply.json()
    link = Path(path).with_name(f"link-{name}")
    link.symlink_to(path)
    for each in (path, link, "/etc/../etc/passwd"):
        assert server.client.get(f"{FILE}{each}").status_code == 404
    assert server.client.get("/").headers["x-content-type-options"] == "nosniff"


def _parts(count: int, content: bytes) -> Iterator[bytes]:
    for number in range(count):
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="%d"\r\n\r\n' % number
        yield content + b"\r\n"
    yield b"--x--\r\n"


def _stored(server: Server) -> set[Path]:
    return {path for path in server.uploads.rglob("*") if path.is_file()}


def test_too_large_a_file_is_refused_early(server: Server) -> None:
    """413 with the limit, and what had come of it is deleted."""
    before = _stored(server)
    reply = server.client.post(
        "gradio_api/upload", files={"files": ("a.md", b"x" * (LARGEST_FILE + 1))}
    )
    assert (reply.status_code, reply.text) == (413, "A file is too large: at most 50 MB are read.")
    assert _stored(server) == before


def test_too_many_files_are_refused_while_they_come(server: Server) -> None:
    """413 with the limit, before the end of what would never end."""
    before = _stored(server)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = server.client.post(
        "gradio_api/upload", content=_parts(2 * MOST_FILES, b"x"), headers=form
    )
    assert (reply.status_code, reply.text[:38]) == (413, "At most 500 files can be sent at once;")
    assert _stored(server) == before
    reply = server.client.post("gradio_api/upload", content=_parts(MOST_FILES, b""), headers=form)
    assert (reply.status_code, len(reply.json())) == (200, MOST_FILES)


def test_two_borders_are_refused(server: Server) -> None:
    """The files are counted by the border that Gradio goes by: there is only one."""
    forms = [("Content-Type", f"multipart/form-data; boundary={border}") for border in "xy"]
    reply = server.client.post(
        "gradio_api/upload", content=_parts(MOST_FILES + 1, b"x"), headers=forms
    )
    assert (reply.status_code, reply.text) == (400, "A request has one content-type.")


@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("gradio_api/upload", 2 * LARGEST_UPLOAD),
        ("gradio_api/queue/join", LARGEST_BODY + 1),
        ("gradio_api/call/ask", LARGEST_BODY + 1),
        ("gradio_api/run/predict", LARGEST_BODY + 1),
        ("login", LARGEST_BODY + 1),
    ],
)
def test_too_long_a_body_is_refused_unread(server: Server, path: str, length: int) -> None:
    """The length that is announced is enough: the reply comes before the body does."""
    host, port = server.url.removeprefix("http://").strip("/").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_unknown_length_is_counted(server: Server) -> None:
    """A body in pieces is refused at its limit."""
    pieces = (b" " * 100_000 for _ in range(20))
    reply = server.client.post("gradio_api/call/ask", content=pieces)
    assert (reply.status_code, "at most 1 MB" in reply.text) == (413, True)


def test_an_upload_that_is_cut_off_leaves_nothing(server: Server) -> None:
    """What had come when the line went is deleted."""
    before = _stored(server)

    def cut() -> Iterator[bytes]:
        yield from list(_parts(3, b"x" * 100_000))[:-1]
        for _ in range(1000):  # until the server has begun to write
            if _stored(server) != before:
                break
            time.sleep(0.02)
        assert _stored(server) != before
        raise ConnectionError

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(ConnectionError):
        server.client.post("gradio_api/upload", content=cut(), headers=form)
    for _ in range(1000):
        if _stored(server) == before:
            return
        time.sleep(0.02)
    assert _stored(server) == before


def _file(path: str, url: str | None = None) -> dict[str, Any]:
    return {"path": path, "url": url, "meta": {"_type": "gradio.FileData"}}


def test_only_what_was_sent_is_read(server: Server) -> None:
    """No event takes an address or another file of the machine for one that was uploaded."""
    (sent,) = server.client.post("gradio_api/upload", files={"files": ("a b.bin", b"x")}).json()
    config = server.client.get("config").json()
    (area,) = (
        each["id"] for each in config["components"] if each["props"].get("elem_id") == "upload"
    )
    (event,) = (e["id"] for e in config["dependencies"] if [area, "upload"] in e["targets"])

    def status(file: dict[str, Any]) -> int:
        body = {"data": [[file], "", []], "fn_index": event, "session_hash": "s"}
        return server.client.post("gradio_api/run/predict", json=body).status_code

    for path in ("http://93.184.216.34/a.md", __file__, "tests", f"{server.uploads}/../log", ""):
        assert status(_file(path)) == 400, path
    assert status(_file(sent, "http://93.184.216.34/a.md")) == 400
    body = {"data": [_file("http://93.184.216.34/a.md"), []]}
    asked = server.client.post("gradio_api/call/ask", json=body)
    assert "was not uploaded here" in server.answer(asked)
    assert status(_file(sent, f"{server.url}{FILE}{quote(sent)}")) == 200


def test_the_chosen_articles_of_a_session_that_is_forgotten(server: Server) -> None:
    """They are asked, and the list of articles still acts: a restart may lie in between."""
    listed = server.client.post("gradio_api/call/list_articles", json={"data": []})
    path = f"gradio_api/call/list_articles/{listed.json()['event_id']}"
    articles = json.loads(server.client.get(path).text.partition("data: ")[2])[0]
    (canal,) = (each["id"] for each in articles if each["title"] == "Canals")
    config = server.client.get("config").json()
    for name, inputs in (("begin", ["", QUESTION, [canal]]), ("tick", ["", [canal]])):
        body = {"data": inputs, "fn_index": _event(config, name), "session_hash": f"new-{name}"}
        reply = server.client.post("gradio_api/run/predict", json=body)
        assert reply.status_code == 200, reply.text
        assert "error" not in reply.json()


def test_too_long_a_question_is_said(server: Server) -> None:
    """A program gets the sentence as its error."""
    assert "question is too long" in server.answer(server.join("why " * 501))


def test_a_full_queue_says_so_at_once(server: Server) -> None:
    """Of 64 at once each has its place or a 503, before any is answered; then all are answered."""
    server.gate.touch()
    try:
        with ThreadPoolExecutor(64) as pool:
            joined = list(pool.map(server.join, [f"{QUESTION} hold"] * 64))
            assert server.client.get("healthz").status_code == 200
            assert server.client.get("/").status_code == 200
            server.gate.unlink()
            accepted = [each for each in joined if each.status_code == 200]
            answers = list(pool.map(server.answer, accepted))
    finally:
        server.gate.unlink(missing_ok=True)
    assert MOST_WAITING <= len(accepted) <= MOST_WAITING + ANSWERS_AT_ONCE
    assert {each.status_code for each in joined} == {200, 503}
    assert all("event: complete" in each and "1914" in each for each in answers)
    assert "1914" in server.answer(server.join(QUESTION))  # there is room again


def test_no_more_answers_at_once_than_there_are_places(server: Server) -> None:
    """Questions that wait when their pages are loaded again keep to the limit as well."""
    config = server.client.get("config").json()
    begin, dependencies = _event(config, "begin"), config["dependencies"]
    (load,) = (e["id"] for e in dependencies if any(kind == "load" for _, kind in e["targets"]))
    (answering,) = (
        each["id"] for each in dependencies
        if each.get("trigger_after") == load and each["api_name"].startswith("answer")
    )  # fmt: skip

    def call(event: int, data: list[Any]) -> httpx.Response:
        body = {"data": data, "fn_index": event, "session_hash": f"{data}"}
        return server.client.post("gradio_api/run/predict", json=body)

    server.gate.touch()
    with ThreadPoolExecutor() as pool:
        try:
            loads = []
            for _ in range(3 * ANSWERS_AT_ONCE):
                (kept, *_) = call(begin, ["", f"{QUESTION} hold", []]).json()["data"]
                loads.append(pool.submit(call, answering, [kept]))
            time.sleep(1)  # for more than may begin to begin
        finally:
            server.gate.unlink()
    assert all("1914" in load.result().text for load in loads)
    counts = re.findall(r"(\d+) answers at once", server.log.read_text())
    assert max(map(int, counts)) == ANSWERS_AT_ONCE


def test_calls_that_nobody_waits_for(server: Server) -> None:
    """So many calls whose results are never fetched leave the queue at work for the others.

    Gradio forgets the oldest of 2,000 sessions; there are questions of such in the queue here.
    """

    def call(_: int) -> None:
        for _ in range(1000):
            reply = server.client.post("gradio_api/call/list_articles", json={"data": []})
            if "stopped" in reply.text or reply.status_code == 200:
                break
            time.sleep(0.02)
        assert reply.status_code == 200, reply.text

    server.gate.touch()
    try:
        for _ in range(ANSWERS_AT_ONCE + 4):
            assert server.join(f"{QUESTION} hold").status_code == 200
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(call, range(2000)))
    finally:
        server.gate.unlink(missing_ok=True)
    assert "1914" in server.answer(server.join(QUESTION))


def _event(config: dict[str, Any], name: str) -> int:
    """Return the number of the page's first event of that name."""
    return next(int(each["id"]) for each in config["dependencies"] if each["api_name"] == name)


def test_the_log_holds_no_question(server: Server) -> None:
    """Whatever is asked, and however it goes wrong, every library's log is silent about it."""
    for question in (QUESTION, "explode", "why " * 501, ""):
        server.answer(server.join(f"{question} {SECRET}"))
    config = server.client.get("config").json()
    begin, answering = _event(config, "begin"), _event(config, "answer")
    inputs: list[tuple[list[Any], int]] = [
        (["", f"{QUESTION} {SECRET}", []], 200),
        ([SECRET], 400),
        ([{"x": SECRET}, [SECRET], SECRET], 400),
    ]
    for data, status in inputs:
        body = {"data": data, "fn_index": begin, "session_hash": "s"}
        reply = server.client.post("gradio_api/run/predict", json=body)
        assert reply.status_code == status
        if status == 200:
            body = {"data": reply.json()["data"][:1], "fn_index": answering, "session_hash": "s"}
            server.client.post("gradio_api/queue/join", json=body)
            shown = server.client.get("gradio_api/queue/data?session_hash=s").text
            assert "1914" in shown
    calls: list[list[Any]] = [[SECRET], [SECRET, "x", "y"], [{"path": SECRET}, SECRET]]
    for data in calls:
        joined = server.client.post("gradio_api/call/ask", json={"data": data})
        if joined.status_code == 200:
            server.answer(joined)
    server.client.post("gradio_api/call/v2/ask", json={"questoin": SECRET})
    server.client.post("gradio_api/call/ask", json={"data": SECRET})
    server.client.get(f"?article={SECRET}&start=0&end=1")
    written = server.log.read_text()
    assert "secret inner workings" in written  # it is the log of our own modules
    assert "DEBUG:" in written  # and of all that the libraries say
    assert SECRET not in written
