"""Reads chains of turns with known answers, and builds the index that they are asked on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from index.values import BuildReport, ProgressCallback
from qa.evaluation.datasets import Dataset

SQUAD = "squad-train"  # the source of chains whose articles lie in a SQuAD file


@dataclass(frozen=True, slots=True)
class ChainTurn:
    """One turn of a chain; `answerable` is None where no answer of the articles is wanted."""

    question: str
    answers: tuple[str, ...]
    answerable: bool | None
    kind: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A conversation with known answers, over some articles."""

    id: str
    source: str
    articles: tuple[str, ...]
    part: str
    turns: tuple[ChainTurn, ...]


def holds_chains(path: Path) -> bool:
    """Say whether a file begins with a chain: a conversation set, no set of single questions."""
    if path.suffix != ".jsonl":
        return False
    try:
        with path.open(encoding="utf-8") as file:
            return "chain" in json.loads(file.readline() or "{}")
    except (OSError, ValueError):
        return False


def read_chains(path: Path, *, part: str | None = None) -> list[Chain]:
    """Read the chains of a file, or of one part of it.

    Raises:
        FootnoteError: the file cannot be read as chains, or holds none of that part.

    """
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
        chains = [_chain(row) for row in rows if "chain" in row]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FootnoteError(
            f"{path} cannot be read as conversations ({type(error).__name__}: {error}); expected"
            " a .jsonl with id, source, articles, part and chain on each line"
        ) from error
    chosen = [chain for chain in chains if part in (None, chain.part)]
    if not chosen:
        parts = ", ".join(sorted({chain.part for chain in chains})) or "none"
        raise FootnoteError(f"{path} has no chain of the part {part!r}; its parts are: {parts}")
    return chosen


def _chain(row: Mapping[str, Any]) -> Chain:
    turns = tuple(
        ChainTurn(
            str(turn["question"]), tuple(turn["answers"]), turn["answerable"], str(turn["type"])
        )
        for turn in row["chain"]
    )
    articles = tuple(map(str, row["articles"]))
    return Chain(str(row["id"]), str(row["source"]), articles, str(row["part"]), turns)


def build_chain_index(
    chains: Iterable[Chain],
    *,
    path: Path,
    sources: Iterable[Path],
    squad: Dataset | None,
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Build an index of the starter articles and of the SQuAD articles that chains are about.

    A SQuAD article is taken in whole, its passages as paragraphs.
    """
    from index import build_index

    wanted = {title for chain in chains if chain.source == SQUAD for title in chain.articles}
    texts: dict[str, list[str]] = {title: [] for title in sorted(wanted)}
    for context in squad.contexts if squad else ():
        if context.title in texts:
            texts[context.title].append(context.text)
    missing = [title for title, paragraphs in texts.items() if not paragraphs]
    if missing:
        raise FootnoteError(
            f"{len(missing)} articles of these conversations are not at hand, the first of them"
            f" “{missing[0]}”; give SQuAD's training file with --squad"
        )
    with tempfile.TemporaryDirectory(prefix="footnote-evaluate-") as folder:
        file = Path(folder) / "articles.jsonl"
        lines = (
            json.dumps({"id": title, "title": title, "text": "\n\n".join(paragraphs)})
            for title, paragraphs in texts.items()
        )
        file.write_text("\n".join(lines), encoding="utf-8")
        inputs = [*sources, *([file] if texts else [])]
        return build_index(inputs, path=path, progress=progress)
