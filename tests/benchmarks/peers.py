"""Footnote beside what people would use instead: Haystack and txtai, on the same questions.

    python -m tests.benchmarks.peers squad-dev-v1.1.json.gz --save tests/benchmarks/results/peers

Each peer gets a virtual environment of its own, made once. Every side has the same passages (the
contexts of a SQuAD-layout file, whole, with their titles), questions, encoder, reader weights (in
float32), number of passages read and number of threads, no GPU, and a process of its own; they
run one after the other. Models are loaded and a few questions asked before the clock runs. Each
peer is used as its documentation shows; what was set, and why, is told at the top of its driver
in `peers_drivers/`. The first answer is judged by our metrics, and all questions have one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.embedder import DEFAULT_MODEL, model_folder
from qa.assistant import READ
from qa.evaluation import Machine, Question, metrics, read_dataset, sample
from qa.reader_model import DEFAULT_MODEL as READER
from qa.retriever import DEPTH

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).with_name("peers_drivers")
OURS = "footnote"
TORCH = "torch==2.13.0"
NEEDS = {  # of each peer, for pip
    "haystack": ("haystack-ai>=2.31,<3", "transformers", "sentence-transformers", "accelerate"),
    "txtai": ("txtai>=9.14,<10",),
}
THREADED = ("OMP", "MKL", "OPENBLAS", "RAYON")
WARM_UP = 3  # questions that are not counted
LONGEST = 512  # word pieces that the reader's positions hold; its own folder does not say


class Failed(Exception):
    """A side could not be installed or run; the message is the end of its output."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of asking; times in milliseconds, shares 0..1."""

    name: str
    exact: float
    f1: float
    auroc: float | None  # of the confidence; None where none is told
    p50: float
    p95: float
    throughput: float  # passages indexed a second
    unanswered: int
    errors: Mapping[str, int]  # message → questions


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one run found; the first row is ours."""

    setting: str
    rows: tuple[Row, ...]
    failures: Mapping[str, str]  # side → why
    versions: Mapping[str, Mapping[str, str]]
    machine: Machine

    def __str__(self) -> str:
        head = ("", "EM", "F1", "AUROC", "p50 ms", "p95 ms", "passages/s", "no answer")
        cells = [head, *(_cells(row, self.rows[0]) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip()
            for first, *rest in cells
        ]
        raised = ((row.name, *each) for row in self.rows for each in row.errors.items())
        errors = (f"{name}: unanswered, as it raised {what}: {n}×" for name, what, n in raised)
        told = ((side, map(" ".join, found.items())) for side, found in self.versions.items())
        versions = (f"{side}: {', '.join(numbers)}" for side, numbers in told)
        failures = (f"{side} is not compared: {why}" for side, why in self.failures.items())
        below = (*failures, *errors, "", *versions, str(self.machine))
        return "\n".join((self.setting, "", *lines, *below))


def _cells(row: Row, ours: Row) -> tuple[str, ...]:
    """Return a row's cells; what is not ours with its difference or ratio to ours."""

    def points(value: float, other: float) -> str:
        return f"{100 * value:.1f}" + ("" if row is ours else f" ({100 * (value - other):+.1f})")

    def times(value: float, other: float, digits: int) -> str:
        return f"{value:.{digits}f}" + ("" if row is ours else f" ({value / other:.2f}×)")

    return (
        row.name,
        points(row.exact, ours.exact),
        points(row.f1, ours.f1),
        "–" if row.auroc is None else f"{row.auroc:.3f}",
        times(row.p50, ours.p50, 0),
        times(row.p95, ours.p95, 0),
        times(row.throughput, ours.throughput, 1),
        str(row.unanswered),
    )


def rows_of(
    result: Mapping[str, Any], questions: Sequence[Question], passages: int
) -> Iterator[Row]:
    """Judge what a driver wrote; yield a row for each of its ways."""
    for name, asked in result["ways"].items():
        pairs = list(zip((one["text"] for one in asked), questions, strict=True))
        f1 = [metrics.f1(text, question.answers) for text, question in pairs]
        right = [value >= metrics.RIGHT_F1 for value in f1]
        sure = [one["confidence"] for one in asked]
        p50, p95 = np.percentile([one["milliseconds"] for one in asked], [50, 95]).tolist()
        yield Row(
            name=name,
            exact=float(np.mean([metrics.exact_match(text, q.answers) for text, q in pairs])),
            f1=float(np.mean(f1)),
            auroc=None if None in sure else metrics.auroc(sure, right),
            p50=p50,
            p95=p95,
            throughput=passages / result["index_seconds"],
            unanswered=sum(not text for text, _ in pairs),
            errors=dict(Counter(one["error"] for one in asked if one["error"])),
        )


def environment(peer: str, work: Path) -> Path:
    """Return the Python of a peer's environment, made if it is not there.

    Raises:
        Failed: pip could not install it.

    """
    folder, wanted = work / peer, [*NEEDS[peer], TORCH]
    python = folder / "bin" / "python"
    done = folder / "installed.txt"  # written last
    if not done.exists() or done.read_text(encoding="utf-8").split("\n") != wanted:
        _say(f"{peer}: installing {', '.join(wanted)}")
        log = work / f"{peer}-install.log"
        _call([sys.executable, "-m", "venv", "--clear", folder], log)
        _call([python, "-m", "pip", "install", *wanted], log)
        done.write_text("\n".join(wanted), encoding="utf-8")
    return python


def _call(command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
    with log.open("w", encoding="utf-8") as output:
        status = subprocess.call(command, stdout=output, stderr=subprocess.STDOUT, env=env)
    if status:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise Failed(f"{last} (exit status {status}; all in {log.name})")


def reader_copy(work: Path) -> Path:
    """Write our reader as the peers need it: weights in float32, and the longest input told."""
    from safetensors.torch import load_file, save_file

    folder = work / "reader"
    folder.mkdir(parents=True, exist_ok=True)
    weights = load_file(READER / "model.safetensors")
    wide = {name: value.float() for name, value in weights.items()}
    save_file(wide, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(READER / "tokenizer.json", folder / "tokenizer.json")
    for name, key, value in (
        ("config.json", "dtype", "float32"),
        ("tokenizer_config.json", "model_max_length", LONGEST),
    ):
        told = json.loads((READER / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps({**told, key: value}), encoding="utf-8")
    return folder


def run(side: str, job: Mapping[str, Any], work: Path, threads: int) -> Any:
    """Let a side do the job in a process of its own; return what its driver wrote.

    Raises:
        Failed: it could not be installed, or its driver ended with an error.

    """
    python = Path(sys.executable) if side == OURS else environment(side, work)
    scratch = work / f"{side}-scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    asked, result = work / f"{side}-job.json", work / f"{side}-result.json"
    asked.write_text(json.dumps({**job, "scratch": str(scratch)}), encoding="utf-8")
    env = {
        **os.environ,
        **{f"{library}_NUM_THREADS": str(threads) for library in THREADED},
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "HAYSTACK_TELEMETRY_ENABLED": "False",
        "PYTHONPATH": str(ROOT) if side == OURS else "",
    }
    _say(f"{side}: indexing and asking")
    _call([python, DRIVERS / f"drive_{side}.py", asked, result], work / f"{side}.log", env)
    return json.loads(result.read_text(encoding="utf-8"))


def compare(options: argparse.Namespace) -> Comparison:
    """Run all sides; a peer that fails is told in the result.

    Raises:
        Failed: ours failed.

    """
    work: Path = options.work.resolve()
    data = read_dataset(options.file)
    contexts = data.contexts[: options.passages]
    keys = {context.key for context in contexts}
    answered = [q for q in data.questions if q.answerable and keys.issuperset(q.keys)]
    chosen = sample(answered, options.questions + WARM_UP, seed=options.seed)
    questions = chosen[WARM_UP:]
    job = {
        "encoder": str(model_folder(DEFAULT_MODEL)),
        "reader": str(reader_copy(work)),
        "read": READ,
        "depth": DEPTH,
        "passages": [asdict(context) for context in contexts],
        "warm_up": [question.text for question in chosen[:WARM_UP]],
        "questions": [question.text for question in questions],
    }
    results, failures = {OURS: run(OURS, job, work, options.threads)}, {}
    for side in NEEDS:
        try:
            results[side] = run(side, job, work, options.threads)
        except Failed as failure:
            failures[side] = str(failure)
    setting = (
        f"{data.name}: {len(contexts):,} passages, {len(questions):,} questions (seed"
        f" {options.seed}), {READ} passages read, {options.threads} threads; in brackets the"
        " difference or ratio to Footnote"
    )
    rows = [row for each in results.values() for row in rows_of(each, questions, len(contexts))]
    versions = {side: result["versions"] for side, result in results.items()}
    return Comparison(setting, tuple(rows), failures, versions, Machine.here())


def save(found: Comparison, stem: Path) -> None:
    """Write STEM.txt, STEM.json and a bar plot as STEM.png; the plot needs matplotlib."""
    from matplotlib.figure import Figure

    stem.with_name(f"{stem.name}.txt").write_text(f"{found}\n", encoding="utf-8")
    plain = json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n"
    stem.with_name(f"{stem.name}.json").write_text(plain, encoding="utf-8")
    figure = Figure(figsize=(11, 0.8 + 0.5 * len(found.rows)), layout="constrained")
    panels = {
        "F1 of the first answer": [100 * row.f1 for row in found.rows],
        "ms a question, median": [row.p50 for row in found.rows],
        "passages indexed a second": [row.throughput for row in found.rows],
    }
    colours = ["C0", *["0.65"] * (len(found.rows) - 1)]
    all_axes = figure.subplots(1, len(panels), sharey=True)
    for axes, (title, values) in zip(all_axes, panels.items(), strict=True):
        bars = axes.barh([row.name for row in found.rows], values, color=colours)
        axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.margins(x=0.15)
    all_axes[0].invert_yaxis()
    figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=120)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(argv: list[str] | None = None) -> int:
    """Compare and print the table; exits with 1 when ours failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="SQuAD layout")
    parser.add_argument("--passages", type=int, default=2067, help="the first of the file")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="which questions")
    parser.add_argument("--threads", type=int, default=Machine.here().cores)
    parser.add_argument("--work", type=Path, default=Path("build/peers"), help="kept")
    parser.add_argument("--save", type=Path, metavar="STEM", help="STEM.txt, .json and .png")
    options = parser.parse_args(argv)
    try:
        found = compare(options)
    except Failed as failure:
        parser.exit(1, f"{OURS}: {failure}\n")
    sys.stdout.write(f"{found}\n")
    if options.save:
        save(found, options.save)
    return 0


if __name__ == "__main__":
    sys.exit(main())
