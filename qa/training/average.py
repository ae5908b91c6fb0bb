"""Averages the weights of readers that were trained from one another.

"Model soups" (Wortsman et al. 2022): the mean of several fine-tuned models is often better than
each of them, and reads as fast as one.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from qa.training.manifest import file_sha256, write_manifest

_log = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this step."""
    parser.add_argument("readers", type=Path, nargs="+", help="folders of their weights")
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--name", dest="run_name", default="average", help="its folder in WORK")


def run(options: argparse.Namespace) -> None:
    """Write `WORK/NAME/model` and its manifest, as a training does.

    Raises:
        FootnoteError: the readers have not the same weights by name and shape.

    """
    import torch
    from safetensors.torch import load_file, save_file

    first = options.readers[0]
    files = [reader / "model.safetensors" for reader in options.readers]
    weights = [load_file(file) for file in files]
    shapes = [{name: each.shape for name, each in one.items()} for one in weights]
    for reader, shape in zip(options.readers, shapes, strict=True):
        if shape != shapes[0]:
            raise FootnoteError(
                f"{reader} has other weights than {first}; average readers of one architecture,"
                " each trained from the same"
            )
    mean = {n: torch.stack([one[n].float() for one in weights]).mean(0) for n in shapes[0]}
    folder: Path = options.work / options.run_name
    (folder / "model").mkdir(parents=True, exist_ok=True)
    save_file(mean, folder / "model" / "model.safetensors", metadata={"format": "pt"})
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(first / name, folder / "model" / name)
    write_manifest(
        folder / "manifest.json",
        inputs=[],
        settings=vars(options),
        readers=[
            {"sha256": file_sha256(file), "made": _made(reader)}
            for reader, file in zip(options.readers, files, strict=True)
        ],
    )
    _log.info("%s: the mean of %d readers", folder / "model", len(files))


def _made(reader: Path) -> Any:
    """Return the manifests of a reader that was exported, or trained here; None without them."""
    for file in (reader / "training.json", reader.parent / "manifest.json"):
        if file.exists():
            return json.loads(file.read_text("utf-8"))
    return None
