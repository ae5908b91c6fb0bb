"""Gradio, told to stay offline before it is imported: it reads these variables then.

The one module that imports it; the others of the page take `gr` from here.
"""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from importlib import resources
from typing import Any

import gradio as gr
from gradio.events import api

__all__ = ["FAST", "api", "gr", "script"]

FAST: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def script(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return resources.files("ui").joinpath(name).read_text(encoding="utf-8")
