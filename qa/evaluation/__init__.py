"""Measuring Footnote against questions whose answers are known.

`footnote evaluate` is its only user inside the package; answering questions never imports it.
"""

from qa.evaluation.datasets import Context, Dataset, GoldAnswer, Question, read_dataset
from qa.evaluation.report import Machine, Report
from qa.evaluation.runner import build_evaluation_index, evaluate, sample

__all__ = [
    "Context",
    "Dataset",
    "GoldAnswer",
    "Machine",
    "Question",
    "Report",
    "build_evaluation_index",
    "evaluate",
    "read_dataset",
    "sample",
]
