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
        "command": " ".join(["python -m qa.training", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {file.name: file_sha256(file) for file in inputs},
        "settings": settings,
        "versions": {name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        **results,
    }
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")
