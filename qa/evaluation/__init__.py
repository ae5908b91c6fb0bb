"""Measuring Footnote against questions whose answers are known.

`footnote evaluate` is its only user inside the package; answering questions never imports it.
"""

from qa.evaluation.datasets import Context, Dataset, GoldAnswer, Question, read_dataset
from qa.evaluation.reading import ReadingReport, evaluate_reading
from qa.evaluation.report import Machine, Report
from qa.evaluation.runner import build_evaluation_index, evaluate
from qa.evaluation.sampling import own_articles, sample, withhold

__all__ = [
    "Context",
    "Dataset",
    "GoldAnswer",
    "Machine",
    "Question",
    "ReadingReport",
    "Report",
    "build_evaluation_index",
    "evaluate",
    "evaluate_reading",
    "own_articles",
    "read_dataset",
    "sample",
    "withhold",
]
