"""A reader's folder: its files and their hashes, its tokenizer, and its model in torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from index.arithmetic import torch_device
from index.errors import ModelError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

DEFAULT_MODEL = Path(__file__).parent / "model"
HASHED = ("config.json", "model.safetensors", "tokenizer.json")  # the files of a reader
HASHES = "sha256.json"  # beside them, where the folder tells their hashes


def check_files(folder: Path) -> str:
    """Return a SHA-256 over a reader's files.

    Raises:
        ModelError: one is missing, or its content is not what the folder tells.

    """
    for name in HASHED:
        if not (folder / name).is_file():
            raise ModelError(
                f"{folder} has no {name}; a reader is a Hugging Face folder of"
                f" {', '.join(HASHED[:-1])} and {HASHED[-1]}"
            )
    known = _known_hashes(folder)
    digest = hashlib.sha256()
    for name in HASHED:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        expected = known.get(name, found)
        if found != expected:
            raise ModelError(
                f"{folder / name} is damaged: its SHA-256 is {found[:12]}…, expected"
                f" {expected[:12]}…; install Footnote again, or export the model again"
            )
        digest.update(found.encode())
    return digest.hexdigest()


def _known_hashes(folder: Path) -> dict[str, str]:
    """Return the hashes that the folder tells of its files; none of another's model."""
    if not (folder / HASHES).exists():
        if folder == DEFAULT_MODEL:
            raise ModelError(f"{folder} has no {HASHES}; install Footnote again")
        return {}
    try:
        hashes = json.loads((folder / HASHES).read_text("utf-8"))
        return {name: str(hashes[name]) for name in HASHED}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / HASHES} cannot be read: {error!r}") from error


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a folder, which neither cuts nor pads.

    Raises:
        ModelError: it cannot be read.

    """
    from tokenizers import Tokenizer

    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{folder} cannot be loaded as a reader: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_module(folder: Path) -> torch.nn.Module:
    """Return the model of a folder, on the device where torch is to run it.

    Raises:
        ModelError: the weights cannot be read, or are no span reader's.

    """
    from transformers import AutoModelForQuestionAnswering

    try:
        model, loading = AutoModelForQuestionAnswering.from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype="float32",
            output_loading_info=True,
        )
    except Exception as error:  # the library raises nearly anything on a damaged folder
        raise ModelError(f"{folder} cannot be loaded as a reader: {error}") from error
    if any("qa_outputs" in key for key in loading["missing_keys"]):
        raise ModelError(f"{folder} holds no span reader: the weights lack the span head")
    module: torch.nn.Module = model.eval().to(torch_device())
    return module
