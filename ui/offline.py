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

__all__ = ["AS_SENT", "FAST", "api", "gr", "script", "text", "texts", "unusable"]

FAST: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# For events that take chosen articles: Gradio would look for them among the choices that the
# session was shown, and it forgets those when the server is started anew or many sessions come.
AS_SENT: dict[str, Any] = {**FAST, "preprocess": False}


def unusable() -> gr.Error:
    """Return the error of inputs that cannot be used; they are not printed: questions may be in."""
    return gr.Error("The inputs of this call cannot be used.", print_exception=False)


def text(value: Any) -> str:
    """Return a text that came as it was sent; raises `unusable` for anything else."""
    if not isinstance(value, str | None):
        raise unusable()
    return value or ""


def texts(value: Any) -> list[str]:
    """Return a list of texts that came as it was sent; raises `unusable` for anything else."""
    if not isinstance(value, list | None):
        raise unusable()
    return list(map(text, value or ()))


def script(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return resources.files("ui").joinpath(name).read_text(encoding="utf-8")
