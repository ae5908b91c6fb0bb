"""Trains the span reader: examples → batches → AdamW → checkpoints; resumable.

The loss of a window is -log of the probability of its answers' places, start and end each by a
softmax over the passage and [CLS], where [CLS] stands for "no answer" (Devlin et al. 2019). With
`--occurrences` the probabilities of all places that hold the answer add up (marginal likelihood,
Clark and Gardner 2018).

With `--dropout` hidden features are dropped, each for all word pieces of a window at once
(variational dropout, Gal and Ghahramani 2016): random numbers for each piece would halve the speed
on a CPU. With `--masked` word pieces are replaced by [MASK] (word dropout, Iyyer et al. 2015).

On a CPU: bfloat16 where it is native, eager attention; preload tcmalloc, with glibc's allocator
half of the time goes into page faults.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.arithmetic import fast_products
from index.errors import FootnoteError
from qa.reader import special_tokens
from qa.reader_model import DEFAULT_MODEL
from qa.training.batches import Batch, Window, batches, count, windows
from qa.training.examples import EXAMPLES, Example, read_examples
from qa.training.manifest import file_sha256, write_manifest

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_WARM_UP = 0.06  # share of the steps
_DECAY = 0.01  # of weights
_CLIP = 1.0  # norm of the gradient
_TOLD = 20  # steps between lines of the log


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--name", dest="run_name", default="run", help="the run's folder in WORK")
    parser.add_argument("--init", type=Path, default=DEFAULT_MODEL, help="weights to begin from")
    parser.add_argument("--examples", type=int, default=None, help="how many; default all")
    parser.add_argument("--skip", type=int, default=0, help="examples to leave out before that")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.2e-4, help="peak learning rate")
    parser.add_argument("--pieces", type=int, default=5632, help="padded word pieces of a batch")
    parser.add_argument("--window", type=int, default=320, help="word pieces of a window")
    parser.add_argument("--occurrences", action="store_true", help="train on every place")
    parser.add_argument("--dropout", type=float, default=0.0, help="share of features dropped")
    parser.add_argument("--masked", type=float, default=0.0, help="share of word pieces masked")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=int, default=200, help="steps between checkpoints")
    parser.add_argument("--smoke", action="store_true", help="a few small steps, to try it out")


def run(options: argparse.Namespace) -> None:
    """Train, or go on from the last checkpoint; write `WORK/RUN/model` and its manifest.

    Raises:
        FootnoteError: the run was begun with other settings.

    """
    import torch
    from tokenizers import Tokenizer

    from qa.training.noise import mask_pieces

    if options.smoke:
        options.examples, options.pieces, options.keep = 32, 1024, 2
    folder: Path = options.work / options.run_name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    tokenizer: Tokenizer = Tokenizer.from_file(str(options.init / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    pool, kinds = _windows(options, tokenizer)
    total = count(pool, pieces=options.pieces, seed=options.seed, epochs=options.epochs)
    _log.info("%d windows in %d steps: %s", len(pool), total, kinds)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = _model(options.init, device, dropout=options.dropout)
    optimizer = torch.optim.AdamW(_groups(model), lr=options.rate, fused=True)
    checkpoint = Checkpoint(folder, _begun_with(options))
    done = checkpoint.load(model, optimizer)
    _, _, pad = special_tokens(tokenizer)
    stream = batches(pool, pieces=options.pieces, pad=pad, seed=options.seed, epochs=options.epochs)
    began, seen = time.monotonic(), 0
    losses: deque[float] = deque(maxlen=100)
    for step, batch in enumerate(stream):
        if step < done:
            continue
        torch.manual_seed(options.seed + step)  # the same dropout, wherever a run goes on
        if options.masked:
            batch = mask_pieces(batch, options.masked, tokenizer, (options.seed, step))
        for group in optimizer.param_groups:
            group["lr"] = options.rate * _rate(step, total)
        with fast_products():
            loss = _loss(model, batch, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seen += len(batch.ids)
        if (step + 1) % _TOLD == 0 or step + 1 == total:
            speed = seen / (time.monotonic() - began)
            mean = sum(losses) / len(losses)
            _log.info("step %d of %d: loss %.4f, %.1f examples/s", step + 1, total, mean, speed)
        if (step + 1) % options.keep == 0 or step + 1 == total:
            checkpoint.save(model, optimizer, step + 1)
    model.save_pretrained(folder / "model")
    tokenizer.save(str(folder / "model" / "tokenizer.json"))
    write_manifest(
        folder / "manifest.json",
        inputs=[options.work / EXAMPLES, options.init / "model.safetensors"],
        settings=vars(options),
        examples=kinds,
        steps=total,
        device=device.type,
    )


def _windows(options: argparse.Namespace, tokenizer: Tokenizer) -> tuple[list[Window], Any]:
    """Return the windows of the examples that were asked for, and the count of each kind."""
    kinds: Counter[str] = Counter()
    last = None if options.examples is None else options.skip + options.examples

    def chosen() -> Iterator[Example]:
        for example in itertools.islice(read_examples(options.work / EXAMPLES), options.skip, last):
            kinds[example.kind] += 1
            yield example

    size, every = options.window, options.occurrences
    pool = list(windows(chosen(), tokenizer, size=size, occurrences=every, seed=options.seed))
    return pool, dict(kinds.most_common())


def _begun_with(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that a run must go on with."""
    names = (
        "init",
        "examples",
        "skip",
        "epochs",
        "rate",
        "pieces",
        "window",
        "occurrences",
        "dropout",
        "masked",
        "seed",
    )
    settings = {name: getattr(options, name) for name in names}
    return {**settings, "init": str(options.init), "data": file_sha256(options.work / EXAMPLES)}


def _model(folder: Path, device: Any, *, dropout: float) -> Any:
    """Return the model of a folder, ready to be trained, in float32; the head may be new."""
    import torch
    from transformers import AutoModelForQuestionAnswering

    from qa.training.noise import add_dropout

    model = AutoModelForQuestionAnswering.from_pretrained(
        str(folder),
        local_files_only=True,
        dtype=torch.float32,
        attn_implementation="sdpa" if device.type == "cuda" else "eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    if dropout:
        add_dropout(model, dropout)
    return model.to(device).train()


def _groups(model: Any) -> list[dict[str, Any]]:
    """Return the parameters with and those without weight decay (biases and norms)."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": decayed, "weight_decay": _DECAY}, {"params": free, "weight_decay": 0.0}]


def _rate(step: int, total: int) -> float:
    """Return the share of the peak learning rate at a step: linear warm-up, linear decay."""
    warm = max(1, int(total * _WARM_UP))
    return (step + 1) / warm if step < warm else (total - step) / max(1, total - warm)


def _loss(model: Any, batch: Batch, device: Any) -> Any:
    """Return the mean over windows of -log p(places); see the module."""
    import torch

    ids, mask, types, owner, starts, ends = (
        torch.from_numpy(a).to(device)
        for a in (batch.ids, batch.mask, batch.types, batch.owner, batch.starts, batch.ends)
    )
    output = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
    allowed = torch.zeros_like(types, dtype=torch.bool)
    allowed[:, :-1] = (types[:, :-1] & types[:, 1:]).bool()  # the passage without its [SEP]
    allowed[:, 0] = True
    joint = torch.zeros(len(owner), device=device)
    for logits, places in ((output.start_logits, starts), (output.end_logits, ends)):
        scores = logits.float().masked_fill(~allowed, -1e4).log_softmax(-1)
        joint = joint + scores[owner, places]
    top = torch.full((len(ids),), -torch.inf, device=device).scatter_reduce(
        0, owner, joint.detach(), "amax"
    )
    total = torch.zeros(len(ids), device=device).scatter_add(0, owner, (joint - top[owner]).exp())
    return -(total.log() + top).mean()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run stands: weights, optimizer and steps done, in one file of the run's folder."""

    folder: Path
    settings: Mapping[str, Any]  # that the run was begun with

    def save(self, model: Any, optimizer: Any, step: int) -> None:
        """Write the file in place of the one before."""
        import torch

        part = self.folder / "checkpoint.part"
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        torch.save({**state, "settings": dict(self.settings)}, part)
        part.replace(self.folder / "checkpoint.pt")

    def load(self, model: Any, optimizer: Any) -> int:
        """Return the number of steps done, with the weights loaded; 0 without a file."""
        import torch

        file = self.folder / "checkpoint.pt"
        if not file.exists():
            return 0
        state = torch.load(file, weights_only=True)
        other = [k for k, v in self.settings.items() if state["settings"].get(k) != v]
        if other:
            raise FootnoteError(
                f"{file} was begun with other settings ({', '.join(other)}); go on with the same"
                " ones, or give the run another --name"
            )
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        _log.info("going on from step %d", state["step"])
        return int(state["step"])
