"""What a command loads before it answers: runtime and tokenizers, not torch or the page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import qa

ROOT = Path(__file__).resolve().parents[1]
SLOW = {
    "torch", "transformers", "sentence_transformers", "sklearn", "scipy", "gradio",
    "langchain_core", "langchain_text_splitters", "pandas", "matplotlib", "fastapi",
}  # fmt: skip
ASK = "from ui import cli; code = cli.main(['ask', 'Who built the bridge?', '--index', path])"
SEARCH = """
import qa
with qa.Assistant.open(path) as assistant:
    code = 0 if assistant.retrieve(["Who built the bridge?"])[0] else 1
"""
LIST = "from ui import cli; code = cli.main(['index', 'list', '--index', path])"
PAGE = """
import qa
from ui.app import build_page
with qa.Assistant.open(path) as assistant:
    code = 0
"""


def loaded(code: str, index: Path) -> set[str]:
    """Run code in a new interpreter and return the packages that it loaded."""
    script = (
        f"import json, sys; path = {str(index)!r}\n{code}\n"
        "assert code in (0, 3, 4), code\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def ready(assistant: qa.Assistant, seeds_index: Path) -> Path:
    """An index of the starter articles, and graphs of both models in the cache."""
    assistant.ask("Who built the bridge?")
    return seeds_index


@pytest.mark.parametrize("code", [ASK, SEARCH], ids=["ask", "search"])
def test_questions_load_no_torch(ready: Path, code: str) -> None:
    """A question on a ready index loads OpenVINO and nothing that takes seconds."""
    found = loaded(code, ready)
    assert {"openvino", "tokenizers", "faiss", "tantivy"} <= found
    assert found & SLOW == set()


def test_a_list_loads_no_model(ready: Path) -> None:
    """What asks no question loads no runtime either."""
    assert loaded(LIST, ready) & (SLOW | {"openvino", "tokenizers", "faiss"}) == set()


def test_the_page_loads_no_torch(ready: Path) -> None:
    """The page with its models loads Gradio, and torch only when it must."""
    found = loaded(PAGE, ready)
    assert {"gradio", "tokenizers"} <= found
    assert found & {"torch", "transformers", "sentence_transformers"} == set()
