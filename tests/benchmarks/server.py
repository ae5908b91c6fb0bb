"""The real `footnote chat` under load, for a long time, and under a burst.

    python -m tests.benchmarks.server load --users 8 --questions 200 --passages 10000
    python -m tests.benchmarks.server load --passages 10000 --squad squad-train-v1.1.json.gz
    python -m tests.benchmarks.server soak --minutes 60
    python -m tests.benchmarks.server burst --at-once 64

The index is made of the starter articles and of articles whose sentences are drawn from them, so
that each sentence stands in many; the questions are the golden ones. With `--squad` it is made of
the first passages of a file in SQuAD layout, and the questions are theirs. All are asked by HTTP,
as programs do. In `load` and `soak` the index is rebuilt again and again meanwhile. Each citation
is held against the article's stored text. Memory and open files are read from /proc, so this needs
Linux. With wrong citations or errors it exits 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from index import Article, open_index
from qa import Answer
from qa.evaluation import read_dataset
from qa.evaluation.datasets import write_contexts

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "seeds.jsonl"
SENTENCES = 40  # of a drawn article: some five passages
PATIENCE = 300.0  # seconds for an answer
FLAT = 0.05  # by which memory may grow from the second to the last third of a flat series


@dataclass
class Tally:
    """What came of the questions; safe for use from several threads."""

    seconds: list[float] = field(default_factory=list)  # from asking to the answer
    refusals: list[float] = field(default_factory=list)  # from asking to being told "busy"
    generations: set[int] = field(default_factory=set)
    citations: int = 0
    wrong: int = 0
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, answer: Answer, articles: dict[str, Article], seconds: float) -> None:
        """Count an answer, and those of its citations that do not read as their article does."""
        wrong = 0
        for citation in answer.citations:
            article = articles.get(citation.article.id)
            if article is None or (
                article.sha256 != citation.article.sha256
                or article.text[citation.start : citation.end] != citation.quote
            ):
                wrong += 1
        with self._lock:
            self.seconds.append(seconds)
            self.generations.add(answer.generation)
            self.citations += len(answer.citations)
            self.wrong += wrong

    def busy(self, seconds: float) -> None:
        """Count a question that found no place."""
        with self._lock:
            self.refusals.append(seconds)

    def failed(self, what: str) -> None:
        """Count what should not be."""
        with self._lock:
            self.errors.append(what)

    def __str__(self) -> str:
        lines = [
            f"answers   {len(self.seconds)}   {_percentiles(self.seconds)}",
            f"busy      {len(self.refusals)}   {_percentiles(self.refusals)}",
            f"errors    {len(self.errors)}   {'; '.join(sorted(set(self.errors)))[:300]}",
            f"citations {self.citations}, of these wrong {self.wrong}",
            f"states of the index seen  {len(self.generations)}",
        ]
        return "\n".join(lines)


def _percentiles(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return " ".join(f"{each:.2f} s" for each in seconds)
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    shown = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return "  ".join(f"{name} {each:.2f} s" for name, each in shown.items())


@dataclass
class Chat:
    """A running `footnote chat`: its address, its process, and what its articles say."""

    url: str
    process: subprocess.Popen[str]
    articles: dict[str, Article]
    questions: list[str]
    tally: Tally = field(default_factory=Tally)
    stop: threading.Event = field(default_factory=threading.Event)
    samples: list[tuple[float, int, int]] = field(default_factory=list)  # s, MB, open files

    def ask(self, client: httpx.Client, question: str) -> bool:
        """Ask a question and count what comes of it; False when there was no place for it."""
        begun = time.perf_counter()
        try:
            joined = client.post("gradio_api/call/ask", json={"data": [question, []]})
            if joined.status_code == 503:
                self.tally.busy(time.perf_counter() - begun)
                return False
            joined.raise_for_status()
            reply = client.get(f"gradio_api/call/ask/{joined.json()['event_id']}").text
        except httpx.HTTPError as error:
            self.tally.failed(f"{type(error).__name__}: {error}")
            return True
        lines = [line for line in reply.splitlines() if line]
        if len(lines) < 2 or lines[-2] != "event: complete":
            self.tally.failed(reply.strip()[-200:])
            return True
        (data,) = json.loads(lines[-1].removeprefix("data: "))
        self.tally.answered(Answer.from_dict(data), self.articles, time.perf_counter() - begun)
        return True

    def client(self) -> httpx.Client:
        """Return a client of its own connection."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE)

    def rebuild(self) -> None:
        """Press “Rebuild the index” again and again, as on the page, until told to stop."""
        with self.client() as client:
            config = client.get("config").json()
            (button,) = (
                part["id"] for part in config["components"]
                if part["props"].get("elem_id") == "rebuild"
            )  # fmt: skip
            (event,) = (
                each["id"] for each in config["dependencies"]
                if [button, "click"] in each["targets"]
            )  # fmt: skip
            body = {"data": ["", []], "fn_index": event, "session_hash": "benchmark"}
            while not self.stop.wait(1):
                reply = client.post("gradio_api/run/predict", json=body)
                if reply.status_code != 200:
                    self.tally.failed(f"rebuild: {reply.status_code}")

    def watch(self, every: float) -> None:
        """Note memory and open files until told to stop."""
        proc, begun = Path(f"/proc/{self.process.pid}"), time.monotonic()
        while True:
            fields = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
            memory = int(fields["VmRSS"].split()[0]) // 1000
            self.samples.append(
                (time.monotonic() - begun, memory, len(list((proc / "fd").iterdir())))
            )
            if self.stop.wait(every):
                return


@contextmanager
def chat(options: argparse.Namespace) -> Iterator[Chat]:
    """Yield a server over an index of about as many passages as the options say, warm."""
    with tempfile.TemporaryDirectory() as folder:
        files, index = Path(folder) / "articles", Path(folder) / "index"
        files.mkdir()
        if options.squad:
            questions = _write_squad(files, options.squad, options.passages)
        else:
            draw = random.Random(options.seed)  # noqa: S311 - no secret
            questions = _write_articles(files, options.passages, draw)
        footnote: list[str | Path] = [sys.executable, "-m", "ui.cli"]
        subprocess.run(
            [*footnote, "index", "rebuild", files, "--index", index, "--quiet"],
            cwd=ROOT, check=True, stdout=sys.stderr,
        )  # fmt: skip
        with open_index(index) as opened:
            articles = {info.id: opened.article(info.id) for info in opened.articles()}
            _say(f"index: {len(articles)} articles, {opened.info().passages} passages")
        command = [*footnote, "chat", "--no-browser", "--port", "0", "--index", index]
        with subprocess.Popen(
            [*command, "--conversations", Path(folder) / "conversations.sqlite"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "GRADIO_TEMP_DIR": str(Path(folder) / "uploads")},
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                url = process.stdout.readline().split()[3]
                running = Chat(url, process, articles, questions)
                with running.client() as client:
                    running.ask(client, questions[0])
                running.tally = Tally()
                yield running
            finally:
                process.terminate()


def _write_squad(folder: Path, file: Path, passages: int) -> list[str]:
    """Write the contexts of a file that make about so many passages; return their questions."""
    data = read_dataset(file)
    contexts = data.contexts[: passages * 5 // 6]
    write_contexts(contexts, folder / "contexts.jsonl")
    keys = {context.key for context in contexts}
    return [question.text for question in data.questions if question.keys[0] in keys]


def _write_articles(folder: Path, passages: int, draw: random.Random) -> list[str]:
    """Write the starter articles, and drawn ones until there are about so many passages.

    Return the golden questions.
    """
    starters = sorted((ROOT / "seeds").glob("*.md"))
    texts = [path.read_text(encoding="utf-8") for path in starters]
    for path, text in zip(starters, texts, strict=True):
        (folder / path.name).write_text(text, encoding="utf-8")
    bodies = [text.split("---", 2)[-1] for text in texts]
    sentences = [s.strip() for body in bodies for s in body.replace("\n", " ").split(". ")]
    for number in range(max(0, passages - 60) // 5):
        drawn = ". ".join(draw.choices(sentences, k=SENTENCES))
        text = f"# Collected notes {number}\n\n{drawn}.\n"
        (folder / f"notes-{number}.md").write_text(text, encoding="utf-8")
    asked = (json.loads(line).get("question") for line in GOLDEN.read_text("utf-8").splitlines())
    return [question for question in asked if question]


def load(options: argparse.Namespace) -> int:
    """So many users ask so many questions each while the index is rebuilt."""

    def user(running: Chat, number: int) -> None:
        draw = random.Random(number)  # noqa: S311 - no secret
        with running.client() as client:
            for question in draw.choices(running.questions, k=options.questions):
                while not running.ask(client, question):
                    time.sleep(0.5)

    with (
        chat(options) as running,
        ThreadPoolExecutor(options.users + 2) as pool,
    ):
        background = [pool.submit(running.rebuild), pool.submit(running.watch, 1.0)]
        for task in [pool.submit(user, running, number) for number in range(options.users)]:
            task.result()
        running.stop.set()
        for task in background:
            task.result()
    _say(str(running.tally))
    _say(_series(running.samples, rows=10))
    return _verdict(running.tally)


def soak(options: argparse.Namespace) -> int:
    """A few users ask for a long time; says whether memory and open files stay flat."""
    end = time.monotonic() + options.minutes * 60

    def user(running: Chat, number: int) -> None:
        draw = random.Random(number)  # noqa: S311 - no secret
        with running.client() as client:
            while time.monotonic() < end:
                running.ask(client, draw.choice(running.questions))
                time.sleep(options.pause)

    with chat(options) as running, ThreadPoolExecutor() as pool:
        every = max(1.0, options.minutes * 60 / 200)
        background = [pool.submit(running.rebuild), pool.submit(running.watch, every)]
        for task in [pool.submit(user, running, number) for number in range(options.users)]:
            task.result()
        running.stop.set()
        for task in background:
            task.result()
    _say(str(running.tally))
    _say(_series(running.samples, rows=20))
    third = len(running.samples) // 3
    parts = running.samples[third : 2 * third], running.samples[2 * third :]
    memory = [statistics.median(sample[1] for sample in part) for part in parts]
    files = [statistics.median(sample[2] for sample in part) for part in parts]
    flat = memory[1] <= memory[0] * (1 + FLAT) and files[1] <= files[0] + 2
    _say(
        f"{'flat' if flat else 'NOT FLAT'}: from the second to the last third memory"
        f" {memory[0]:.0f} → {memory[1]:.0f} MB, open files {files[0]:.0f} → {files[1]:.0f}"
    )
    return _verdict(running.tally) or int(not flat)


def burst(options: argparse.Namespace) -> int:
    """So many questions at once: each is answered, or told "busy" within a second."""
    with chat(options) as running:
        clients = [running.client() for _ in range(options.at_once)]
        for client in clients:
            client.get("healthz")  # the line is open
        together = threading.Barrier(options.at_once)

        def user(number: int) -> None:
            together.wait()
            running.ask(clients[number], running.questions[number % len(running.questions)])

        with ThreadPoolExecutor(options.at_once) as pool:
            list(pool.map(user, range(options.at_once)))
        for client in clients:
            client.close()
    _say(str(running.tally))
    return _verdict(running.tally) or int(max(running.tally.refusals, default=0) > 1)


def _series(samples: list[tuple[float, int, int]], *, rows: int) -> str:
    """Return so many of the samples, evenly, and the largest of all."""
    step = max(1, -(-len(samples) // rows))
    lines = [f"{s:8.0f} s  {memory:6} MB  {files:5} files" for s, memory, files in samples[::step]]
    largest, most = max(each[1] for each in samples), max(each[2] for each in samples)
    return "\n".join([*lines, f"most: {largest} MB, {most} open files"])


def _verdict(tally: Tally) -> int:
    return int(bool(tally.errors or tally.wrong or not tally.seconds))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    """Run one of the three and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    modes = parser.add_subparsers(dest="mode", required=True)
    added: dict[str, Any] = {}
    for name, function in (("load", load), ("soak", soak), ("burst", burst)):
        mode = added[name] = modes.add_parser(name, help=(function.__doc__ or "").split("\n")[0])
        mode.set_defaults(run=function)
        mode.add_argument("--passages", type=int, default=500, help="of the index, about")
        mode.add_argument("--seed", type=int, default=1)
        mode.add_argument("--squad", type=Path, help="file of passages and questions, SQuAD layout")
    added["load"].add_argument("--users", type=int, default=8)
    added["load"].add_argument("--questions", type=int, default=20, help="of each user")
    added["soak"].add_argument("--users", type=int, default=2)
    added["soak"].add_argument("--minutes", type=float, default=10)
    added["soak"].add_argument("--pause", type=float, default=0.5, help="seconds between questions")
    added["burst"].add_argument("--at-once", type=int, default=64)
    options = parser.parse_args(argv)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
