"""Reliability diagram and risk–coverage curve of a report, as PNG; needs matplotlib."""

from __future__ import annotations

from pathlib import Path

from qa.evaluation.report import Report


def plot(report: Report, stem: Path) -> list[Path]:
    """Write STEM-reliability.png and STEM-risk-coverage.png; return their paths."""
    from matplotlib.figure import Figure

    confidence = report.confidence
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="calibrated")
    bins = [bin_ for bin_ in confidence.bins if bin_.count]
    most = max(bin_.count for bin_ in bins)
    axes.scatter(
        [bin_.confidence for bin_ in bins],
        [bin_.right for bin_ in bins],
        s=[10 + 190 * bin_.count / most for bin_ in bins],
        label="questions of like confidence (area: how many)",
    )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"{report.name}\nECE {confidence.ece or 0:.3f}", fontsize=10)
    axes.legend(loc="upper left", fontsize=8)
    reliability = stem.with_name(stem.name + "-reliability.png")
    figure.savefig(reliability, dpi=120)

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([p.coverage for p in confidence.curve], [p.risk for p in confidence.curve])
    axes.set(xlabel="coverage: share of questions answered", ylabel="risk: share of these wrong")
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.grid(color="0.9")
    axes.set_title(f"{report.name}\nAUROC {confidence.auroc or 0:.3f}", fontsize=10)
    risk = stem.with_name(stem.name + "-risk-coverage.png")
    figure.savefig(risk, dpi=120)
    return [reliability, risk]
