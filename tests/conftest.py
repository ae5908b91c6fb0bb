"""What all tests share: no network, a cache of their own, one index of the starter articles."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "FOOTNOTE_CACHE" not in os.environ:  # give one to keep what is made from the models
    os.environ["FOOTNOTE_CACHE"] = tempfile.mkdtemp(prefix="footnote-cache-")
    atexit.register(shutil.rmtree, os.environ["FOOTNOTE_CACHE"], ignore_errors=True)
os.environ |= {  # read when the libraries are imported
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
}

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import qa
import seeds
from index import build_index

settings.register_profile("footnote", deadline=None)  # a shared machine pauses at any moment
settings.load_profile("footnote")


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of the starter articles, made with the real encoder; do not change it."""
    path = tmp_path_factory.mktemp("seeds") / "index"
    assert seeds.__file__ is not None
    build_index(sorted(Path(seeds.__file__).parent.glob("*.md")), path=path)
    return path


@pytest.fixture(scope="session")
def assistant(seeds_index: Path) -> Iterator[qa.Assistant]:
    """Yield an assistant over the starter articles, with the real models."""
    with qa.Assistant.open(seeds_index) as opened:
        yield opened
