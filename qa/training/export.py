"""Makes the folder that is shipped of the weights that a run ended with.

A Hugging Face folder: safetensors in float16, config, tokenizer, the manifests of what it was made
from, and `sha256.json`, by which `SpanReader.load` knows that its files are whole.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from pathlib import Path

from qa.reader_model import DEFAULT_MODEL, HASHED, HASHES
from qa.training.manifest import file_sha256

_log = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--name", dest="run_name", default="run", help="the run to export")
    parser.add_argument("--out", type=Path, default=DEFAULT_MODEL)


def run(options: argparse.Namespace) -> None:
    """Write the folder `out`; files that it does not make, as the card, are left as they are."""
    import torch
    from transformers import AutoModelForQuestionAnswering

    trained: Path = options.work / options.run_name
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    model = AutoModelForQuestionAnswering.from_pretrained(
        str(trained / "model"), local_files_only=True, dtype=torch.float16
    )
    model.save_pretrained(out)
    shutil.copy(trained / "model" / "tokenizer.json", out / "tokenizer.json")
    manifests = {
        "prepare": json.loads((options.work / "examples.json").read_text("utf-8")),
        "train": json.loads((trained / "manifest.json").read_text("utf-8")),
    }
    (out / "training.json").write_text(json.dumps(manifests, indent=1) + "\n", "utf-8")
    hashes = {name: file_sha256(out / name) for name in HASHED}
    (out / HASHES).write_text(json.dumps(hashes, indent=1) + "\n", "utf-8")
    _log.info("%s: %s", out, hashes)
