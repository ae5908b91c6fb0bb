"""How building, memory and search grow with the collection: a thousand to a million passages.

    python -m tests.benchmarks.growth squad-dev-v1.1.json.gz --index PATH --work FOLDER
    … --sizes 1000,10000,100000,1000000 --save tests/benchmarks/results/growth

PATH is an index of real articles, as `footnote evaluate --index PATH` leaves it. Beyond them,
passages are recombined from them and their vectors mixed (`tests/benchmarks/recombined.py`), so
the figures of larger sizes tell of speed, memory and recall, not of how good answers are. Store and
search indexes are made by the product's own code, without cutting and embedding. The questions
are real ones with the encoder's vectors. Each size is built and measured in a process of its own,
and what was built is kept in FOLDER. Memory is read from /proc, so this needs Linux.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from index import ArticleIndex, open_index
from index.builder import finish, replacing
from index.embedder import FloatArray, load_embedder
from index.home import Home
from index.rows import new_change
from index.store import Store
from index.values import ScoredPassage
from qa.evaluation import Machine, read_dataset, sample
from qa.retriever import DEPTH, retrieve
from tests.benchmarks.recombined import Real, grown

TOP = 10
WARM_UP = 20  # questions that are not counted
BATCH = 20_000  # vectors compared at once
BUILT, ASKED = "built.json", "questions.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What building a collection took; megabytes are 10⁶ bytes."""

    passages: int
    recombined: int  # of them
    articles: int
    store_seconds: float
    derived_seconds: float  # both search indexes
    peak: float  # MB of the building process
    store: float  # MB on disk
    vectors: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of a step, by the clock and by the processor, which other work disturbs less."""

    p50: float
    p95: float
    processor: float  # p50

    def __str__(self) -> str:
        return (
            f"p50 {self.p50:6.1f} ms  p95 {self.p95:6.1f} ms  (processor p50 {self.processor:.1f})"
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process uses, in MB."""

    resident: float
    anonymous: float  # of it what is no mapped file
    peak: float


@dataclass(frozen=True, slots=True)
class Off:
    """By how much scores differ from the true cosines."""

    mean: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Served:
    """What answering took, in a fresh process without models."""

    opening: float  # seconds, verified
    used: Memory  # after all questions
    approximate: bool
    dense: Times
    lexical: Times
    both: Times  # the whole retrieval: both, fused, the passages' texts read
    recall: float  # @10 of dense search against exact, 0..1
    off: Off
    change: float  # seconds to add one article
    changing: float  # MB at most until then

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Served:
        """Return what `asdict` made plain."""
        parts = {name: Times(**plain[name]) for name in ("dense", "lexical", "both")}
        made = {**plain, **parts, "used": Memory(**plain["used"]), "off": Off(**plain["off"])}
        return cls(**made)


@dataclass(frozen=True, slots=True)
class Looked:
    """An `Embedder` that knows the questions' vectors already."""

    name: str
    fingerprint: str
    dimension: int
    known: dict[str, FloatArray]

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(text.split())

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> FloatArray:
        """See `Embedder.encode_passages`; each gets some question's vector."""
        return np.array([next(iter(self.known.values())) for _ in texts], dtype=np.float32)

    def encode_questions(self, texts: Sequence[str]) -> FloatArray:
        """See `Embedder.encode_questions`."""
        return np.array([self.known[text] for text in texts], dtype=np.float32)


def build(source: Path, folder: Path, size: int, seed: int) -> Built:
    """Build an index of `size` passages at `folder` by the product's own steps."""
    real = Real.read(source)
    home = Home(folder)
    home.prepare()
    meta = replace(real.meta, generation=1, change=new_change(), roots=())
    begun = time.perf_counter()
    with home.writer(), replacing(home) as path:
        store = Store.create(path, meta)
        rows = []
        with store.transaction():
            for made in grown(real, size, seed):
                store.add_vectors(store.add_article(made.article, made.cuts), made.vectors)
                rows.append(made.row)
            store.set_sources(rows)
        stored = time.perf_counter()
        finish(home, store)
        ended = time.perf_counter()
        articles, passages = store.count()
        store.close()
    made_of = home.derived / meta.change
    return Built(
        passages=passages,
        recombined=max(0, passages - len(real.vectors)),
        articles=articles,
        store_seconds=stored - begun,
        derived_seconds=ended - stored,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        store=home.current().stat().st_size / 1e6,
        vectors=(made_of / "vectors.faiss").stat().st_size / 1e6,
        lexical=sum(f.stat().st_size for f in (made_of / "lexical").iterdir()) / 1e6,
    )


def serve(folder: Path, asked: Path) -> Served:
    """Open the index at `folder`, ask it all questions one by one, then compare with exact."""
    questions = json.loads(asked.read_text("utf-8"))
    vectors = np.load(asked.with_suffix(".npy"))  # (len(questions), dimension)
    known = dict(zip(questions, vectors, strict=True))
    with closing(Home(folder).open_store()) as store:
        meta = store.meta()
    looked = Looked(meta.model, meta.fingerprint, meta.dimension, known)
    begun = time.perf_counter()
    with open_index(folder, embedder=looked) as index:
        with index.snapshot() as snapshot:
            opening = time.perf_counter() - begun
            dense = timed(questions, lambda q: snapshot.search_dense(known[q][None], DEPTH))
            lexical = timed(questions, lambda q: snapshot.search_lexical([q], DEPTH))
            both = timed(questions, lambda q: retrieve(snapshot, looked, [q], TOP))
            used = memory()
        change = one_more(index)
        changing = memory().peak
        with index.snapshot() as snapshot, closing(Home(folder).open_store()) as store:
            found = snapshot.search_dense(vectors, TOP)
            recall, off = compared(found, vectors, store)
            approximate = snapshot._indexes.vectors.approximate
    return Served(opening, used, approximate, dense, lexical, both, recall, off, change, changing)


def timed(questions: Sequence[str], step: Callable[[str], Any]) -> Times:
    """Return what a step takes for one question after another."""
    for question in questions[:WARM_UP]:
        step(question)
    clock, processor = [], []
    for question in questions[WARM_UP:]:
        begun = time.perf_counter(), time.process_time()
        step(question)
        clock.append(1000 * (time.perf_counter() - begun[0]))
        processor.append(1000 * (time.process_time() - begun[1]))
    p50, p95 = (float(np.percentile(clock, share)) for share in (50, 95))
    return Times(p50, p95, statistics.median(processor))


def memory() -> Memory:
    """Return what this process uses."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    used = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon", "VmHWM"))
    return Memory(*used)


def one_more(index: ArticleIndex) -> float:
    """Return the seconds to add an article by the product's own way, and remove it again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one-more.txt"
        file.write_text("One article more. It has two sentences.", encoding="utf-8")
        begun = time.perf_counter()
        report = index.add([file])
        seconds = time.perf_counter() - begun
        index.remove(report.added)
    return seconds


def compared(
    found: Sequence[Sequence[ScoredPassage]], questions: FloatArray, store: Store
) -> tuple[float, Off]:
    """Return dense search's recall against exact, and how far its scores are off.

    Exact is the inner product of `questions` `(n, dimension)` with every vector of the store.
    """
    scores = np.zeros((len(questions), 0), dtype=np.float32)
    ids = np.zeros((len(questions), 0), dtype=np.int64)
    everything = store.passage_ids()
    true: dict[tuple[int, int], float] = {}
    for begin in range(0, len(everything), BATCH):
        batch = everything[begin : begin + BATCH]
        products = questions @ store.vectors(batch).T  # (n, len(batch))
        for row, hits in enumerate(found):
            for hit in hits:
                place = bisect_left(batch, hit.passage_id)
                if place < len(batch) and batch[place] == hit.passage_id:
                    true[row, hit.passage_id] = float(products[row, place])
        scores = np.hstack([scores, products])
        ids = np.hstack([ids, np.tile(np.array(batch), (len(questions), 1))])
        best = np.argsort(-scores, axis=1)[:, :TOP]
        scores, ids = (np.take_along_axis(each, best, axis=1) for each in (scores, ids))
    pairs = zip(found, ids.tolist(), strict=True)
    shared = [len({hit.passage_id for hit in hits}.intersection(row)) for hits, row in pairs]
    off = [
        abs(hit.score - true[row, hit.passage_id]) for row, hits in enumerate(found) for hit in hits
    ]
    share = sum(shared) / ids.size
    return share, Off(float(np.mean(off)), float(np.percentile(off, 99)), max(off))


def text_of(built: Built, served: Served) -> str:
    """Return the lines of one size."""
    used, off = served.used, served.off
    kind = "approximate" if served.approximate else "exact"
    return "\n".join(
        [
            f"{built.passages:,} passages, of these {built.recombined:,} recombined with mixed"
            f" vectors, in {built.articles:,} articles; dense search {kind}",
            f"  build     store {built.store_seconds:.0f} s, search indexes"
            f" {built.derived_seconds:.0f} s, without embedding; peak memory {built.peak:,.0f} MB",
            f"  on disk   store {built.store:,.0f} MB, vectors {built.vectors:,.0f} MB,"
            f" lexical {built.lexical:,.0f} MB",
            f"  open      {served.opening:.2f} s; then {used.resident:,.0f} MB of memory, of these"
            f" {used.anonymous:,.0f} not mapped files; peak {used.peak:,.0f} MB",
            f"  change    one article added in {served.change:.1f} s; peak memory"
            f" {served.changing:,.0f} MB",
            f"  dense     {served.dense}",
            f"  lexical   {served.lexical}",
            f"  retrieval {served.both}",
            f"  recall@{TOP} against exact {served.recall:.4f}; scores off by {off.mean:.5f} in"
            f" the mean, {off.p99:.5f} at the 99th percentile, {off.most:.5f} at most",
        ]
    )


def save(stem: Path, text: str, rows: Sequence[tuple[Built, Served]], machine: Machine) -> None:
    """Write STEM.txt, STEM.json and a plot as STEM.png; the plot needs matplotlib."""
    from matplotlib.figure import Figure

    stem.with_name(f"{stem.name}.txt").write_text(text, encoding="utf-8")
    plain = {
        "machine": asdict(machine),
        "sizes": [{"built": asdict(built), "served": asdict(served)} for built, served in rows],
    }
    content = json.dumps(plain, indent=1) + "\n"
    stem.with_name(f"{stem.name}.json").write_text(content, encoding="utf-8")
    figure = Figure(figsize=(9, 4), layout="constrained")
    times, sizes = figure.subplots(1, 2)
    passages = [built.passages for built, _ in rows]
    for name, title in {"dense": "dense", "lexical": "lexical", "both": "retrieval"}.items():
        medians = [getattr(served, name).p50 for _, served in rows]
        times.loglog(passages, medians, marker="o", label=title)
    times.set(xlabel="passages", ylabel="milliseconds a question, median")
    sizes.loglog(passages, [s.used.resident for _, s in rows], marker="o", label="memory, serving")
    sizes.loglog(passages, [b.peak for b, _ in rows], marker="o", label="memory, building: peak")
    sizes.loglog(passages, [b.store for b, _ in rows], marker="o", label="store on disk")
    sizes.set(xlabel="passages", ylabel="megabytes")
    for axes in (times, sizes):
        axes.grid(color="0.9")
        axes.legend(fontsize=8)
    figure.suptitle("beyond the real text recombined passages with mixed vectors", fontsize=9)
    figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=120)


def _alone(*arguments: str) -> dict[str, Any]:
    """Run this module in a process of its own; return what it prints."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _ask(files: Sequence[Path], count: int, asked: Path) -> Times:
    """Draw questions, embed and keep them; return what embedding one takes."""
    drawn = sample([q for file in files for q in read_dataset(file).questions], count)
    questions = list(dict.fromkeys(question.text for question in drawn))
    embedder = load_embedder()
    np.save(asked.with_suffix(".npy"), embedder.encode_questions(questions))
    asked.write_text(json.dumps(questions), encoding="utf-8")
    return timed(questions, lambda question: embedder.encode_questions([question]))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    """Build and measure every size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", type=Path, nargs="*", help="questions, in SQuAD layout")
    parser.add_argument("--index", type=Path, required=True, help="of real articles")
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--work", type=Path, default=Path("build/growth"), help="kept")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, metavar="STEM", help="STEM.txt, .json and .png")
    parser.add_argument("--alone", choices=["build", "serve"], help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    asked = options.work / ASKED
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.alone:
        folder = options.work / str(sizes[0])
        found: Built | Served = (
            build(options.index, folder, sizes[0], options.seed)
            if options.alone == "build"
            else serve(folder, asked)
        )
        _say(json.dumps(asdict(found)))
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    embedding, machine = _ask(options.files, options.questions, asked), Machine.here()
    lines = [f"{options.questions} questions, one at a time; to embed one: {embedding}"]
    _say(lines[0])
    rows = []
    for size in sizes:
        common = ("--index", str(options.index), "--work", str(options.work), "--sizes", str(size))
        known = options.work / f"{size}-{BUILT}"
        if not known.exists():
            shutil.rmtree(options.work / str(size), ignore_errors=True)
            made = _alone(*common, "--seed", str(options.seed), "--alone", "build")
            known.write_text(json.dumps(made), encoding="utf-8")
        built = Built(**json.loads(known.read_text("utf-8")))
        rows.append((built, Served.of(_alone(*common, "--alone", "serve"))))
        lines.append(text_of(*rows[-1]))
        _say(lines[-1])
    _say(f"\n{machine}")
    if options.save:
        save(options.save, "\n".join([*lines, "", f"{machine}\n"]), rows, machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
