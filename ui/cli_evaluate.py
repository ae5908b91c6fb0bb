"""`footnote evaluate`: how well Footnote answers questions whose answers are known."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from ui.cli_options import JsonOption, QuietOption, has_index, starter_articles
from ui.terminal import ProgressLine, say, say_json

if TYPE_CHECKING:
    from qa.evaluation import Dataset, Question


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SQuAD-layout or golden JSONL.")],
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="PATH",
            help="Use this index; built if it is not there and FILE holds texts.",
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--sample", metavar="N", min=1, help="Ask only N questions.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which N questions.")] = 0,
    also: Annotated[
        list[Path] | None,
        typer.Option("--also-index", metavar="FILE", help="Index this SQuAD file too; repeatable."),
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Of conversations: only chains of this part.")
    ] = None,
    squad: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of conversations: SQuAD's training file, for articles."),
    ] = None,
    reading: Annotated[
        bool,
        typer.Option("--reading", help="The reader alone, each question with its passage."),
    ] = False,
    withheld: Annotated[
        bool,
        typer.Option("--withhold", help="Ask every second question without its own article."),
    ] = False,
    own: Annotated[
        bool,
        typer.Option("--own-article", help="Ask each question of its own article only."),
    ] = False,
    reader: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Use another span reader.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="STEM",
            help="Write STEM.txt and STEM.json, and the plots as PNG (needs matplotlib).",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure answers to questions whose answers are known.

    A SQuAD-layout file (.json, .json.gz) is asked on an index of its own passages; golden
    questions (.jsonl) on one of the starter articles, or on --index. With --index the index of
    a SQuAD-layout file is kept and used again the next time. Conversations (.jsonl with a chain
    on each line) are asked turn by turn, with and without what came before.

    With --reading there is no index: the reader gets each question with its passage, as SQuAD is
    commonly measured. With --withhold half of the questions have no answer in what is searched;
    with --own-article a question sees no other article, as when only one is loaded.

    Example: footnote evaluate squad-dev-v1.1.json.gz --sample 1000 --index /tmp/squad
    """
    from qa.evaluation.chains import holds_chains

    if holds_chains(file):
        shown = not (as_json or quiet)
        _evaluate_chains(file, index, part, squad, save, as_json=as_json, shown=shown)
        return
    from qa import Assistant
    from qa.evaluation import evaluate as measure
    from qa.evaluation import own_articles, read_dataset, sample, withhold
    from qa.scoring import Confidence

    dataset = read_dataset(file)
    if reading:
        questions = sample(dataset.questions, size, seed=seed)
        _evaluate_reading(dataset, questions, reader, save, as_json=as_json, quiet=quiet)
        return
    distractors = [read_dataset(other) for other in also or []]
    questions = sample(dataset.questions, size, seed=seed)
    shown = not (as_json or quiet)
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        path = index or Path(folder) / "index"
        if (dataset.contexts or index is None) and not has_index(path):
            _build_for(dataset, distractors, path, shown=shown)
        confidence = Confidence.load()
        always = replace(confidence, found=0.0)  # the first span is wanted also when refused
        with (
            Assistant.open(path, confidence=always, reader=reader) as assistant,
            ProgressLine(shown=shown) as line,
        ):
            name, scopes = dataset.name, None
            contexts = [c for data in (dataset, *distractors) for c in data.contexts]
            if withheld:
                name += ", every second without its article"
                questions, scopes = withhold(questions, assistant.index.articles(), contexts)
            elif own:
                name += ", each of its own article"
                scopes = own_articles(questions, assistant.index.articles(), contexts)
            report = measure(
                assistant,
                questions,
                name=name,
                outcome=confidence.outcome,
                scopes=scopes,
                progress=line.on_questions,
            )
    if save:
        from qa.evaluation.plots import plot

        _save(report, save)
        plot(report, save)
    _tell(report, as_json=as_json)


def _evaluate_reading(
    dataset: Dataset,
    questions: Sequence[Question],
    folder: Path | None,
    save: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from qa.evaluation import evaluate_reading
    from qa.reader import SpanReader
    from qa.reader_model import DEFAULT_MODEL
    from qa.scoring import Confidence

    confidence = Confidence.load()
    with ProgressLine(shown=not (as_json or quiet)) as line:
        report = evaluate_reading(
            SpanReader.load(folder or DEFAULT_MODEL, brevity=confidence.brevity),
            questions,
            dataset.contexts,
            threshold=confidence.alone,
            name=dataset.name,
            progress=line.on_questions,
        )
    if save:
        _save(report, save)
    _tell(report, as_json=as_json)


class _Report(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def _save(report: _Report, stem: Path) -> None:
    """Write the table and the figures of a report."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_name(stem.name + ".txt").write_text(f"{report}\n", encoding="utf-8")
    figures = json.dumps(report.to_dict(), indent=1, ensure_ascii=False)
    stem.with_name(stem.name + ".json").write_text(figures + "\n", encoding="utf-8")


def _tell(report: _Report, *, as_json: bool) -> None:
    if as_json:
        say_json(report.to_dict())
    else:
        say(str(report))


def _evaluate_chains(
    file: Path,
    index: Path | None,
    part: str | None,
    squad: Path | None,
    save: Path | None,
    *,
    as_json: bool,
    shown: bool,
) -> None:
    from qa import Assistant
    from qa.evaluation import read_dataset
    from qa.evaluation.chains import build_chain_index, read_chains
    from qa.evaluation.conversations import evaluate_chains

    chains = read_chains(file, part=part)
    name = f"{file.name}{f', part {part}' if part else ''}"
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        path = index or Path(folder) / "index"
        if not has_index(path):
            with ProgressLine(shown=shown) as line:
                build_chain_index(
                    read_chains(file),  # all parts: one index for each of them
                    path=path,
                    sources=starter_articles(),
                    squad=read_dataset(squad) if squad else None,
                    progress=line.on_index,
                )
        with Assistant.open(path) as assistant, ProgressLine(shown=shown) as line:
            report = evaluate_chains(assistant, chains, name=name, progress=line.on_questions)
    if save:
        _save(report, save)
    _tell(report, as_json=as_json)


def _build_for(
    dataset: Dataset, distractors: Sequence[Dataset], path: Path, *, shown: bool
) -> None:
    from qa.evaluation import build_evaluation_index

    with ProgressLine(shown=shown) as line:
        build_evaluation_index(
            dataset,
            path=path,
            sources=[] if dataset.contexts else starter_articles(),
            distractors=distractors,
            progress=line.on_index,
        )
