"""What the runtimes give: passages embedded and indexed a second, the time to read ten passages.

    python -m tests.benchmarks.runtimes
    python -m tests.benchmarks.runtimes --squad squad-dev-v1.1.json.gz --passages 192

The ways take turns in rounds, so that other work on the machine meets each alike; medians and
their ratios are printed, of the time on the clock and of the processor's, which a busy machine
disturbs less. $OMP_NUM_THREADS bounds the threads of both runtimes. The share of the processor's
peak is the encoder's arithmetic a second against that of a product of two matrices, of bfloat16
where the processor has it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index import Chunking, build_index
from index.arithmetic import native_bfloat16
from index.chunker import chunk
from index.embedder import DEFAULT_MODEL, FloatArray, load_embedder, model_folder
from index.home import Home
from index.inference.forward import Inputs, TorchForward
from index.inference.graphs import capabilities
from index.inference.runtime import Runtime, versions
from index.store import Store
from qa.evaluation import read_dataset
from qa.reader import Reader, SpanReader
from qa.reader_model import DEFAULT_MODEL as READER
from qa.reader_model import load_module, load_tokenizer

ROOT = Path(__file__).parents[2]
READ = 10  # passages of a question
TOGETHER = 10  # passages that are an article, to be cut again
SIDE = 4096  # of the matrices whose product is the peak


@dataclass(frozen=True, slots=True)
class Material:
    """Passages, and questions with ten passages each."""

    passages: list[str]
    questions: list[list[tuple[str, str]]]  # of (question, passage)


class Float32Forward:
    """Torch's forward pass as it is by default."""

    runtime = Runtime.TORCH

    def __init__(self, module: Any) -> None:
        self._module = module

    def __call__(self, inputs: Inputs) -> Mapping[str, FloatArray]:
        """See `Forward`."""
        import torch

        with torch.inference_mode():
            batch = {name: torch.from_numpy(array) for name, array in inputs.named().items()}
            return {name: each.numpy() for name, each in self._module(**batch).items()}


def material(squad: Path | None, passages: int, questions: int, seed: int) -> Material:
    """Draw passages and questions from a SQuAD-layout file, or from the starter articles."""
    draw = np.random.default_rng(seed)
    if squad is not None:
        dataset = read_dataset(squad)
        texts = [context.text for context in dataset.contexts]
        place = {context.key: number for number, context in enumerate(dataset.contexts)}
        asked = [(question.text, place[question.keys[0]]) for question in dataset.questions]
    else:
        texts, begins = [], {}
        count = load_embedder().count_tokens
        for file in sorted((ROOT / "seeds").glob("*.md")):
            begins[file.stem] = len(texts)
            text = file.read_text("utf-8")
            texts += [text[cut.start : cut.end] for cut in chunk(text, count, Chunking())]
        golden = read_dataset(ROOT / "tests" / "golden" / "seeds.jsonl").questions
        asked = [(each.text, begins[each.keys[0]]) for each in golden if each.keys]
    chosen = draw.permutation(len(asked))[:questions]
    groups = [
        [(question, texts[(first + i) % len(texts)]) for i in range(READ)]
        for question, first in (asked[i] for i in chosen)
    ]
    drawn = draw.permutation(len(texts))[:passages]
    return Material([texts[i] for i in drawn], groups)


@dataclass(frozen=True, slots=True)
class Seconds:
    """What a way took, in the median."""

    clock: float
    processor: float  # of all threads

    def ratio(self, base: Seconds) -> str:
        """Return how many times as fast this is as another."""
        return (
            f"{base.clock / self.clock:5.2f}× by the clock"
            f" {base.processor / self.processor:5.2f}× by processor time"
        )


def timed(ways: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, Seconds]:
    """Return each way's median over rounds in which all take turns."""
    clock: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.perf_counter(), time.process_time()
            way()
            clock[name].append(time.perf_counter() - begun[0])
            processor[name].append(time.process_time() - begun[1])
    median = statistics.median
    return {name: Seconds(median(clock[name]), median(processor[name])) for name in ways}


def embed(passages: Sequence[str], rounds: int) -> None:
    """Print how many passages each way embeds in a second, and how alike the vectors are."""
    plain = sentence_transformer()
    kind = "bfloat16" if native_bfloat16() else "float32"
    torch, openvino = (load_embedder(runtime=each) for each in (Runtime.TORCH, Runtime.OPENVINO))
    ways: dict[str, Callable[[], Any]] = {
        "SentenceTransformer.encode": lambda: plain(passages),
        f"ours, {torch.runtime}": lambda: torch.encode_passages(passages),
        f"ours, {openvino.runtime}": lambda: openvino.encode_passages(passages),
        "a product of matrices": matrix_product(kind),
    }
    vectors = {name: np.asarray(way()) for name, way in list(ways.items())[:-1]}  # this warms up
    expected = vectors["SentenceTransformer.encode"]
    seconds = timed(ways, rounds)
    peak = 2 * SIDE**3 / seconds.pop("a product of matrices").clock
    base = seconds["SentenceTransformer.encode"]
    needed = arithmetic([torch.count_tokens(passage) for passage in passages])
    for name, took in seconds.items():
        cosines = (vectors[name] * expected).sum(axis=1)
        _say(
            f"embed {name:<28} {len(passages) / took.clock:7.1f} passages/s  {took.ratio(base)}"
            f"  cosine mean {cosines.mean():.5f} min {cosines.min():.5f}"
            f"  {needed / took.clock / peak:4.0%} of the peak"
        )
    _say(f"peak: {peak / 1e9:,.0f} GFLOP/s, a product of two {kind} matrices of {SIDE} by {SIDE}")


def sentence_transformer() -> Callable[[Sequence[str]], FloatArray]:
    """Return `SentenceTransformer.encode` as it is by default, but for the norm of 1."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(model_folder(DEFAULT_MODEL)), device="cpu")
    return lambda texts: np.asarray(
        plain.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    )


def matrix_product(kind: str) -> Callable[[], Any]:
    """Return the product of two square matrices of a torch type, to be called."""
    import torch

    matrix = torch.ones(SIDE, SIDE, dtype=getattr(torch, kind))
    return lambda: matrix @ matrix


def arithmetic(tokens: Sequence[int]) -> float:
    """Return the floating-point operations that the encoder needs for texts of so many tokens."""
    config = json.loads((model_folder(DEFAULT_MODEL) / "config.json").read_text(encoding="utf-8"))
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    weights = 4 * hidden**2 + 2 * hidden * config["intermediate_size"]
    read = [min(count + 2, 256) for count in tokens]  # with [CLS] and [SEP]
    return float(sum(layers * (2 * weights * n + 4 * hidden * n**2) for n in read))


def whole(passages: Sequence[str], rounds: int) -> None:
    """Print how many passages `build_index` indexes, beside embedding them and nothing else.

    `SentenceTransformer.encode` gets the very texts that the index embeds.
    """
    plain = sentence_transformer()
    openvino = load_embedder(runtime=Runtime.OPENVINO)
    with tempfile.TemporaryDirectory() as scratch:
        file, path = Path(scratch, "articles.jsonl"), Path(scratch, "index")
        with file.open("w", encoding="utf-8") as lines:
            for first in range(0, len(passages), TOGETHER):
                text = "\n\n".join(passages[first : first + TOGETHER])
                lines.write(json.dumps({"title": f"Article {first}", "text": text}) + "\n")

        def build() -> None:
            build_index(file, path=path, embedder=openvino)

        build()
        store = Store.open(Home(path).current())
        texts = [f"{passage.title}\n{passage.text}" for passage in store.passage_texts()]
        store.close()
        plain(texts)
        base = "SentenceTransformer.encode"
        seconds = timed({base: lambda: plain(texts), "build_index": build}, rounds)
    for name, took in seconds.items():
        ratio = f"{seconds[base].clock / took.clock:5.2f}× by the clock"
        _say(f"index {name:<28} {len(texts) / took.clock:7.1f} passages/s  {ratio}")


def read(questions: Sequence[Sequence[tuple[str, str]]], rounds: int) -> None:
    """Print each way's time to read ten passages, and the share of equal best spans."""
    module, tokenizer = load_module(READER), load_tokenizer(READER)
    openvino = SpanReader.load(runtime=Runtime.OPENVINO)
    readers: dict[str, Reader] = {
        "torch float32": SpanReader(Float32Forward(module), tokenizer),
        "torch as ours": SpanReader(TorchForward(module), tokenizer),
        str(openvino.runtime): openvino,
    }

    def all_of(reader: Reader) -> list[Any]:
        return [spans[:1] for pairs in questions for spans in reader.read(pairs)]

    best = {name: all_of(reader) for name, reader in readers.items()}
    seconds = timed({n: lambda r=r: all_of(r) for n, r in readers.items()}, rounds)  # type: ignore[misc]
    expected = best["torch float32"]
    base = seconds["torch float32"]
    for name, took in seconds.items():
        pairs = list(zip(expected, best[name], strict=True))
        same = sum([(s.start, s.end) for s in one] == [(s.start, s.end) for s in other]
                   for one, other in pairs)  # fmt: skip
        off = [abs(one[0].score - other[0].score) for one, other in pairs if one and other]
        _say(
            f"read  {name:<28} {1000 * took.clock / len(questions):7.0f} ms a question"
            f"  {took.ratio(base)}  best span equal {same}/{len(pairs)}"
            f"  score off by {max(off):.2f} at most"
        )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    """Run the three measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--squad", type=Path, metavar="FILE", help="passages of this file")
    parser.add_argument("--passages", type=int, default=192)
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    drawn = material(options.squad, options.passages, options.questions, options.seed)
    known = ", ".join(f"{package} {version}" for package, version in versions().items())
    threads = os.environ.get("OMP_NUM_THREADS", "as many as they like")
    _say(f"{known}; processor {', '.join(capabilities())}; threads: {threads}")
    _say(
        f"{len(drawn.passages)} passages, {len(drawn.questions)} questions with {READ} passages"
        f" each, {options.rounds} rounds"
    )
    embed(drawn.passages, options.rounds)
    whole(drawn.passages, options.rounds)
    read(drawn.questions, options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
