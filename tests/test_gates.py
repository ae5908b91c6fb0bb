"""The gates that run with the tests: lint, format and types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    ids=["lint", "format"],
)
def test_gate(command: list[str]) -> None:
    """Ruff finds nothing to mend or format."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_types(mypy: subprocess.Popen[str]) -> None:
    """Mypy in strict mode finds no wrong type."""
    output, _ = mypy.communicate()
    assert mypy.returncode == 0, output
