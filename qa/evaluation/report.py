"""What an evaluation found, and the machine that it ran on."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from qa.evaluation.metrics import Abstention, ReliabilityBin, RiskPoint


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when a figure was measured, and with which versions."""

    cpu: str
    cores: int
    date: str  # ISO 8601
    versions: Mapping[str, str]

    @classmethod
    def here(cls) -> Machine:
        """Return this machine, today."""
        names = {"footnote": "footnote-qa", "torch": "torch", "faiss": "faiss-cpu"}
        return cls(
            cpu=_cpu_model(),
            cores=_usable_cores(),
            date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            versions={name: _version(package) for name, package in names.items()},
        )

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{self.cpu}, {self.cores} cores · {self.date} · {versions}"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from source"


@dataclass(frozen=True, slots=True)
class Texts:
    """How good the first answer is when an answer is always wanted; 0..1 or None."""

    exact: float | None
    f1: float | None
    right: float | None  # share with F1 of at least metrics.RIGHT_F1


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many questions of one sort came out how."""

    answered: int
    unsure: int
    not_found: int

    @property
    def total(self) -> int:
        """How many questions there were."""
        return self.answered + self.unsure + self.not_found


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Where the gold passage stands among the hits; 0..1 or None."""

    recall: Mapping[int, float | None]  # k → share of questions
    mrr: float | None


@dataclass(frozen=True, slots=True)
class Confidence:
    """What the confidence is worth, over all questions; 0..1 or None."""

    auroc: float | None  # 0.5 is chance, higher is better
    ece: float | None  # lower is better
    right_at: Mapping[int, float | None]  # coverage in percent → share right
    coverage_at: Mapping[int, float]  # precision in percent → share answered
    bins: tuple[ReliabilityBin, ...]
    curve: tuple[RiskPoint, ...]  # thinned to some 200 points


@dataclass(frozen=True, slots=True)
class Cost:
    """What answering took: milliseconds of one `ask` at a time, and memory."""

    p50: float
    p95: float
    peak_mb: float | None  # of this process so far, the building of an index included


def peak_memory() -> float | None:
    """Return the most memory that this process has held at once, in MB, where that is known."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one evaluation; prints itself as a table."""

    name: str
    articles: int
    passages: int
    answerable: Outcomes
    unanswerable: Outcomes
    wanted: Texts  # answerable questions; a candidate that was only UNSURE counts
    abstention: Abstention  # all questions; only ANSWERED counts as an answer
    retrieval: Retrieval  # answerable questions
    confidence: Confidence
    cost: Cost
    machine: Machine

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        rows = [
            ("answer always wanted", self._wanted()),
            ("free to refuse", self._refusing()),
            ("", self._refused()),
            ("answerable", _counts(self.answerable)),
            ("unanswerable", _counts(self.unanswerable)),
            ("retrieval", self._retrieval()),
            ("confidence", self._confidence()),
            ("", self._coverage()),
            ("one ask", self._cost()),
        ]
        total = self.answerable.total + self.unanswerable.total
        head = (
            f"{self.name}: {total:,} questions ({self.answerable.total:,} answerable)"
            f" over {self.articles:,} articles, {self.passages:,} passages"
        )
        return "\n".join(
            [head, *(f"  {label:<21} {text}" for label, text in rows), "", str(self.machine)]
        )

    def _wanted(self) -> str:
        texts = self.wanted
        right = f"right (F1 ≥ 0.5) {percent(texts.right)}"
        return f"EM {percent(texts.exact)}  F1 {percent(texts.f1)}  {right}"

    def _refusing(self) -> str:
        found = self.abstention
        answered = f"answered {percent(found.answered)}, of these right {percent(found.precision)}"
        return f"EM {percent(found.exact)}  F1 {percent(found.f1)}  {answered}"

    def _refused(self) -> str:
        found = self.abstention
        return (
            f"refused: answerable {percent(found.answerable_refused)},"
            f" unanswerable {percent(found.unanswerable_refused)}"
        )

    def _retrieval(self) -> str:
        recall = "  ".join(f"@{k} {share(value)}" for k, value in self.retrieval.recall.items())
        return f"recall {recall}  MRR {share(self.retrieval.mrr)}"

    def _confidence(self) -> str:
        found = self.confidence
        return f"AUROC {share(found.auroc)}  ECE {share(found.ece)}"

    def _cost(self) -> str:
        memory = "" if self.cost.peak_mb is None else f"  peak memory {self.cost.peak_mb:,.0f} MB"
        return f"p50 {self.cost.p50:.0f} ms  p95 {self.cost.p95:.0f} ms{memory}"

    def _coverage(self) -> str:
        right = ", ".join(
            f"{percent(part)} at {cover}%" for cover, part in self.confidence.right_at.items()
        )
        cover = ", ".join(
            f"{percent(part)} at {precision}%"
            for precision, part in self.confidence.coverage_at.items()
        )
        return f"right by coverage: {right}; coverage by precision: {cover}"


def _counts(outcomes: Outcomes) -> str:
    return (
        f"{outcomes.answered:,} answered, {outcomes.unsure:,} unsure,"
        f" {outcomes.not_found:,} not found"
    )


def percent(value: float | None) -> str:
    """Return a share, 0..1, in percent; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}"


def share(value: float | None) -> str:
    """Return a share, 0..1, with three decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"
