"""What a step was made from: data by hash, seed, settings, versions and command, as JSON."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "transformers", "tokenizers", "sentence-transformers", "faiss-cpu", "tantivy")


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    path: Path, *, inputs: Sequence[Path], settings: Mapping[str, Any], **results: Any
) -> None:
    """Write a manifest beside what a step made."""
    manifest = {
        "command": " ".join(["python -m qa.training", *map(_relative, sys.argv[1:])]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {file.name: file_sha256(file) for file in inputs},
        "settings": {name: _plain(value) for name, value in settings.items()},
        "versions": {name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        **results,
    }
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _relative(argument: str) -> str:
    """Return an argument without the folders of an absolute path: they tell of the machine."""
    return Path(argument).name if argument.startswith("/") else argument


def _plain(value: Any) -> Any:
    """Return a setting as JSON holds it."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _relative(str(value)) if isinstance(value, Path) else value
