"""How an index grows: 1,000 to 1,000,000 passages, their cost to build, hold and search.

    python -m tests.benchmarks.growth squad-dev-v1.1.json.gz --index PATH --work FOLDER \
        --save tests/benchmarks/results/growth

PATH is an index of real articles (as `footnote evaluate SQUAD --index PATH` keeps one): its
passages come first, with their vectors. Beyond them passages are RECOMBINED from it: of two that
lie near each other every other sentence, with the mixture of their vectors and a little noise as
the vector, since to embed a million takes hours. So the sizes beyond the real text show cost and
recall, not quality. Store and derived indexes are made by the product's own code from passages cut
and embedded beforehand. Each size is built and then searched in a process of its own, with the real
questions of the SQuAD file; a size that stands in FOLDER already is not built again.

Recall is against the inner products with all vectors. Memory is read from /proc: this needs Linux.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from index.builder import finish, new_meta, replacing
from index.chunker import Chunking, Cut
from index.embedder import FloatArray, load_embedder
from index.home import Home
from index.rows import SourceRow
from index.sentences import sentence_ends
from index.store import Store
from index.values import Article
from qa import Assistant
from qa.evaluation import Machine, read_dataset
from qa.retriever import retrieve

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TOGETHER = 10  # recombined passages of an article
NEAR = 40  # passages before and after one that it is recombined with
NOISE = 0.15  # length of the noise added to a vector
ASKED = 20  # questions answered whole
COLD = 5  # processes that answer one
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """What one size costs; times in milliseconds where they are of a question."""

    passages: int
    recombined: int
    build_seconds: float  # store and derived indexes, without cutting and embedding
    build_memory: float  # MB, the most
    disk: float  # MB
    dense_disk: float  # MB of the FAISS file
    cold_seconds: float  # `footnote ask`, the whole process
    open_seconds: float  # the whole assistant, to the first answer
    memory: float  # MB, serving
    dense: tuple[float, float]  # p50, p95
    lexical: tuple[float, float]
    both: tuple[float, float]  # dense, lexical, fusion and passages
    ask: tuple[float, float]  # a whole answer
    recall: float  # @10, of the dense search against the exact one

    def __str__(self) -> str:
        def times(pair: tuple[float, float]) -> str:
            return f"{pair[0]:6.1f} /{pair[1]:6.1f}"

        return (
            f"{self.passages:>9,} {self.recombined:>10,} {self.build_seconds:>8.1f}"
            f" {self.build_memory:>9,.0f} {self.disk:>8,.0f} {self.dense_disk:>8,.1f}"
            f" {self.cold_seconds:>6.1f} {self.open_seconds:>6.1f} {self.memory:>8,.0f}"
            f" {times(self.dense)} {times(self.lexical)} {times(self.both)} {times(self.ask)}"
            f" {self.recall:>7.4f}"
        )


HEAD = (
    " passages recombined  build s  build MB  disk MB faiss MB  ask s open s serve MB"
    "   dense p50/95 lexical p50/95    both p50/95     ask p50/95 recall@10"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A passage to be: its title, its text and its vector `(dimension,)`."""

    title: str
    text: str
    vector: FloatArray


def passages(store: Store, count: int, seed: int) -> Iterator[Text]:
    """Yield the real passages, then recombined ones, so many in all."""
    real = list(store.passage_texts())
    rows = store.vectors([passage.passage_id for passage in real])
    for passage, row in zip(real[:count], rows, strict=False):
        yield Text(passage.title, passage.text, row)
    draw = np.random.default_rng(seed)
    for _ in range(count - len(real)):
        one = int(draw.integers(len(real)))
        other = int(np.clip(one + draw.integers(-NEAR, NEAR + 1), 0, len(real) - 1))
        halves = [_sentences(real[i].text)[first::2] for first, i in enumerate((one, other))]
        share = draw.uniform(0.5, 0.9)
        vector = share * rows[one] + (1 - share) * rows[other]
        vector += NOISE * draw.standard_normal(len(vector)) / np.sqrt(len(vector))
        text = " ".join(halves[0] + halves[1])
        yield Text(real[one].title, text, (vector / np.linalg.norm(vector)).astype(np.float32))


def _sentences(text: str) -> list[str]:
    ends = sentence_ends(text)
    return [text[a:b].strip() for a, b in zip((0, *ends), ends, strict=False)]


def build(source: Path, target: Path, count: int, seed: int) -> dict[str, Any]:
    """Build an index of so many passages, and return what it took."""
    real = Store.open(Home(source).current())
    home = Home(target)
    home.prepare()
    embedder = load_embedder()
    texts = passages(real, count, seed)
    rows: list[SourceRow] = []
    spent = 0.0  # seconds in the product's code
    with home.writer(), replacing(home) as path:
        store = Store.create(path, new_meta(home, embedder, Chunking(), ()))
        with store.transaction():
            while group := list(islice(texts, TOGETHER)):
                begun = time.perf_counter()
                rows.append(_add(store, group, len(rows)))
                spent += time.perf_counter() - begun
            spent += _timed(lambda: store.set_sources(rows))
            real.close()
        spent += _timed(lambda: finish(home, store))
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"build_seconds": spent, "build_memory": peak}


def _add(store: Store, group: Sequence[Text], number: int) -> SourceRow:
    """Add an article of these passages."""
    text = "\n\n".join(one.text for one in group)
    cuts, start = [], 0
    for one in group:
        cuts.append(Cut(start, start + len(one.text)))
        start += len(one.text) + 2
    digest = hashlib.sha256(text.encode()).hexdigest()
    source = f"recombined-{number}.txt"
    article = Article(f"{number:08x}", group[0].title, text, source, digest)
    ids = store.add_article(article, cuts)
    store.add_vectors(ids, np.stack([one.vector for one in group]))
    return SourceRow(source, article.id, source, digest)


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


class Known:
    """An encoder of questions whose vectors are known."""

    def __init__(self, vectors: dict[str, FloatArray]) -> None:
        self._vectors = vectors

    def encode_questions(self, questions: Sequence[str]) -> FloatArray:
        """Return the vectors `(len(questions), dimension)`."""
        return np.stack([self._vectors[question] for question in questions])


def measure(target: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Open an index as a server does, ask it, and return what that took."""
    cold = [_timed(lambda q=q: _asked(target, q)) for q in questions[:COLD]]  # type: ignore[misc]
    begun = time.perf_counter()
    with Assistant.open(target) as assistant:
        assistant.ask(questions[0])
        opened = time.perf_counter() - begun
        whole = [_timed(lambda q=q: assistant.ask(q)) for q in questions[1 : 1 + ASKED]]  # type: ignore[misc]
        vectors = load_embedder().encode_questions(questions)
        known: Any = Known(dict(zip(questions, vectors, strict=True)))
        dense, lexical, both, found = [], [], [], []
        with assistant.index.snapshot() as snapshot:
            for question, vector in zip(questions, vectors, strict=True):
                begun = time.perf_counter()
                (hits,) = snapshot.search_dense(vector[None], 50)
                dense.append(time.perf_counter() - begun)
                found.append([hit.passage_id for hit in hits[:10]])
                lexical.append(_timed(lambda q=question: snapshot.search_lexical([q], 50)))  # type: ignore[misc]
                both.append(_timed(lambda q=question: retrieve(snapshot, known, [q], 10)))  # type: ignore[misc]
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        memory = int(status.partition("VmRSS:")[2].split()[0]) / 1000
    return {
        "cold_seconds": statistics.median(cold),
        "open_seconds": opened,
        "memory": memory,
        "dense": _percentiles(dense),
        "lexical": _percentiles(lexical),
        "both": _percentiles(both),
        "ask": _percentiles(whole),
        "recall": _recall(target, vectors, found),
    }


def _asked(target: Path, question: str) -> None:
    """Run `footnote ask`, which says by its exit status whether there is an answer."""
    command = [sys.executable, "-m", "ui.cli", "ask", question, "--index", str(target)]
    done = subprocess.run(command, capture_output=True)
    if done.returncode not in (0, 3, 4):
        raise RuntimeError(done.stderr.decode(errors="replace"))


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    p50, p95 = (1000 * np.percentile(seconds, [50, 95])).tolist()
    return p50, p95


def _recall(target: Path, vectors: FloatArray, found: Sequence[Sequence[int]]) -> float:
    """Return the share of the ten nearest of all that were found, in the mean."""
    store = Store.open(Home(target).current())
    ids = store.passage_ids()
    rows = store.vectors(ids)
    store.close()
    shares = []
    for vector, hits in zip(vectors, found, strict=True):
        scores = rows @ vector
        nearest = {ids[i] for i in np.argpartition(-scores, 9)[:10].tolist()}
        shares.append(len(nearest.intersection(hits)) / len(nearest))
    return float(np.mean(shares))


def size(options: argparse.Namespace, count: int) -> Size:
    """Build and measure one size, each in a process of its own."""
    target = options.work / f"index-{count}"
    kept = options.work / f"built-{count}.json"
    if not kept.exists():
        kept.write_text(json.dumps(_child(options, "build", count)), encoding="utf-8")
    built = json.loads(kept.read_text(encoding="utf-8"))
    files = [path for path in target.rglob("*") if path.is_file()]
    with_vectors = [path for path in files if path.suffix == ".faiss"]
    store = Store.open(Home(options.index).current())
    real = store.count()[1]
    store.close()
    return Size(
        passages=count,
        recombined=max(0, count - real),
        disk=sum(path.stat().st_size for path in files) / MB,
        dense_disk=sum(path.stat().st_size for path in with_vectors) / MB,
        **built,
        **_child(options, "measure", count),
    )


def _child(options: argparse.Namespace, step: str, count: int) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "tests.benchmarks.growth", options.file, "--index", options.index,
        "--work", options.work, "--questions", options.questions, "--seed", options.seed,
        "--step", step, "--sizes", count,
    ]  # fmt: skip
    done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def save(table: str, sizes: Sequence[Size], machine: Machine, stem: Path) -> None:
    """Write STEM.txt, STEM.json and a plot as STEM.png; the plot needs matplotlib."""
    from matplotlib.figure import Figure

    stem.with_name(f"{stem.name}.txt").write_text(table, encoding="utf-8")
    plain = {"sizes": [asdict(one) for one in sizes], "machine": asdict(machine)}
    stem.with_name(f"{stem.name}.json").write_text(json.dumps(plain, indent=1) + "\n", "utf-8")
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    count = [one.passages for one in sizes]
    panels = {
        "ms a question, median": {
            "dense": [one.dense[0] for one in sizes],
            "lexical": [one.lexical[0] for one in sizes],
            "both": [one.both[0] for one in sizes],
        },
        "MB": {
            "memory, serving": [one.memory for one in sizes],
            "disk": [one.disk for one in sizes],
        },
        "seconds": {
            "build": [one.build_seconds for one in sizes],
            "open": [one.open_seconds for one in sizes],
            "footnote ask": [one.cold_seconds for one in sizes],
        },
    }
    for axes, (title, lines) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for name, values in lines.items():
            axes.plot(count, values, marker="o", label=name)
        axes.set(xscale="log", yscale="log", xlabel="passages")
        axes.set_title(title, fontsize=9)
        axes.legend(fontsize=8)
        axes.grid(color="0.9")
    figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=120)


def main(argv: list[str] | None = None) -> int:
    """Measure the sizes and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="SQuAD layout, for its questions")
    parser.add_argument("--index", type=Path, required=True, help="an index of real articles")
    parser.add_argument("--work", type=Path, default=Path("build/growth"), help="kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, metavar="STEM", help="STEM.txt, .json and .png")
    parser.add_argument("--step", choices=("build", "measure"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    options.work.mkdir(parents=True, exist_ok=True)
    target = options.work / f"index-{options.sizes[0]}"
    if options.step == "build":
        found = build(options.index, target, options.sizes[0], options.seed)
        sys.stdout.write(json.dumps(found))
        return 0
    if options.step == "measure":
        asked = [question.text for question in read_dataset(options.file).questions]
        drawn = np.random.default_rng(options.seed).permutation(len(asked))[: options.questions]
        sys.stdout.write(json.dumps(measure(target, [asked[i] for i in drawn])))
        return 0
    lines, sizes = [HEAD], []
    sys.stdout.write(HEAD + "\n")
    for count in options.sizes:
        sizes.append(size(options, count))
        lines.append(str(sizes[-1]))
        sys.stdout.write(lines[-1] + "\n")
        sys.stdout.flush()
    machine = Machine.here()
    lines += ["", str(machine), ""]
    sys.stdout.write(f"\n{machine}\n")
    if options.save:
        save("\n".join(lines), sizes, machine, options.save)
    return 0


if __name__ == "__main__":
    sys.exit(main())
