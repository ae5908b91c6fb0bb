"""The steps of qa/training, run whole on a toy set, and what each promises."""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from index.errors import FootnoteError, ModelError
from qa import scoring
from qa.evaluation.datasets import Context, GoldAnswer, Question, read_dataset
from qa.reader import SpanReader, special_tokens
from qa.reader_model import DEFAULT_MODEL, HASHES
from qa.selector import Evidence
from qa.training import __main__ as command
from qa.training import alone, average, compare, export, fitting, negatives, prepare, train
from qa.training.batches import batches, collate, count, windows
from qa.training.examples import EXAMPLES, Example, held_out, read_examples, write_examples
from qa.training.readings import Reading

OURS = Path(prepare.__file__).parent / "data"
TOY = Path(__file__).parent / "toy" / "squad.json"
HELD_OUT = {"Ferry", "Library"}
SMOKE = ["--smoke", "--dropout", 0.1, "--masked", 0.05]


def options(module: object, *words: object) -> argparse.Namespace:
    """Return a step's options, as its command line would."""
    parser = argparse.ArgumentParser()
    module.add_options(parser)  # type: ignore[attr-defined]
    return parser.parse_args([str(word) for word in words])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training for which the examples are prepared."""
    folder = tmp_path_factory.mktemp("training")
    shares = ["--perturbed", 1, "--retrieved", 1, "--cut", 1, "--other", 0.5]
    prepare.run(options(prepare, TOY, "--work", folder, *shares))
    return folder


@pytest.fixture(scope="module")
def trained(work: Path) -> Path:
    """That folder, with a run of a few steps."""
    train.run(options(train, "--work", work, *SMOKE))
    return work


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The reader's tokenizer."""
    found: Tokenizer = Tokenizer.from_file(str(DEFAULT_MODEL / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def weights(folder: Path) -> Mapping[str, np.ndarray]:
    """Return the weights that a run ended with."""
    from safetensors.numpy import load_file

    return load_file(folder / "model" / "model.safetensors")


# prepare


def test_examples(work: Path) -> None:
    """Every question comes with its answer; what is made unanswerable has no answer in it."""
    data = read_dataset(TOY)
    examples = list(read_examples(work / EXAMPLES))
    kinds = {example.kind for example in examples}
    assert {"answer", "written", "retrieved", "cut", "other", "negation"} <= kinds
    assert [example.id for example in examples if example.kind == "written"] == ["toy-00"]
    gold = {question.id: question.answers for question in data.questions}
    for example in examples:
        texts = {example.passage[start:end] for start, end in example.spans}
        if example.kind == "answer":
            assert texts == set(gold[example.id])
        else:
            assert not texts
        if example.kind in ("retrieved", "cut", "other"):
            assert not negatives.holds(example.passage, gold[example.id.rpartition("-")[0]])


def test_held_out_articles_are_left_out(work: Path) -> None:
    """Neither a question nor a passage of a held-out article is in the examples."""
    data = read_dataset(TOY)
    assert {context.title for context in data.contexts if held_out(context.title)} == HELD_OUT
    hidden = {context.text for context in data.contexts if context.title in HELD_OUT}
    for example in read_examples(work / EXAMPLES):
        assert example.title not in HELD_OUT
        assert not any(example.passage in text for text in hidden)


def test_our_own_questions() -> None:
    """The impossible questions are marked as such, and no article is in both files of ours."""
    impossible = read_dataset(OURS / "unanswerable.json.gz")
    assert not any(question.answerable for question in impossible.questions)
    assert len({question.id for question in impossible.questions}) == len(impossible.questions)
    trained, unseen = (
        {context.title for context in read_dataset(OURS / name).contexts}
        for name in ("articles.json.gz", "articles-fit.json.gz")
    )
    assert trained
    assert unseen
    assert not trained & unseen


def test_preparing_again_gives_the_same(work: Path) -> None:
    """The same data and seed make the same file, and the manifest names both."""
    before = (work / EXAMPLES).read_bytes()
    shares = ["--perturbed", 1, "--retrieved", 1, "--cut", 1, "--other", 0.5]
    prepare.run(options(prepare, TOY, "--work", work, *shares))
    assert (work / EXAMPLES).read_bytes() == before
    manifest = json.loads((work / "examples.json").read_text("utf-8"))
    assert manifest["settings"]["seed"] == 0
    assert set(manifest["inputs"]) == {"squad.json"}


def test_retrieved_passages_do_not_say_the_answer_in_short() -> None:
    """A passage with the answer's last word alone may answer as well, so it is not taken."""
    question = Question("1", "Who built it?", (GoldAnswer("Ada Berg"),), True, ("k",))
    passages = [("Town", "It was Berg, they say."), ("Hall", "The hall was built in 1810.")]
    for seed in range(9):
        (made,) = negatives.retrieved(question, passages, random.Random(seed))  # noqa: S311
        assert made.title == "Hall"
    assert not list(negatives.retrieved(question, passages[:1], random.Random(0)))  # noqa: S311


def test_cut_takes_every_sentence_with_the_answer() -> None:
    """A passage is left without its answer, and only where enough of it is left."""
    rest = "The town lies on a plain. " * 12
    context = Context("k", "Town", f"Ada Berg built it. {rest}It was named for Ada Berg.")
    question = Question("1", "Who built it?", (GoldAnswer("Ada Berg"),), True, ("k",))
    made = negatives.cut(question, context)
    assert made is not None
    assert made.passage == rest.strip()
    assert negatives.cut(question, Context("k", "Town", "Ada Berg built it. It is old.")) is None


# windows and batches


def test_window_marks_the_answer(tokenizer: Tokenizer) -> None:
    """The places of a window are the word pieces of the answer, also where a passage is cut."""
    passage = "Nothing happened there. " * 60 + "The keeper was Marta Lind." + " It rained." * 60
    start = passage.index("Marta Lind")
    example = Example("1", "answer", "", "Who was the keeper?", passage, ((start, start + 10),))
    for seed in range(5):
        (window,) = windows([example], tokenizer, size=96, seed=seed)
        ((first, last),) = window.spans
        assert tokenizer.decode(window.ids[first : last + 1].tolist()) == "marta lind"
        assert len(window.ids) <= 96


def test_every_window_is_in_a_batch(tokenizer: Tokenizer) -> None:
    """An epoch has each window once, no batch is larger than asked, and a seed fixes the order."""
    texts = ["A short one.", "A longer passage, of some more words than that. " * 3, "Word. " * 40]
    made = [Example(str(i), "other", "", "What?", texts[i % 3] + f" {i}") for i in range(50)]
    pool = list(windows(made, tokenizer, size=128))
    run = list(batches(pool, pieces=512, pad=0, seed=1))
    assert len(run) == count(pool, pieces=512, seed=1)
    assert all(batch.ids.size <= 512 for batch in run)
    rows = [tuple(ids[mask == 1]) for b in run for ids, mask in zip(b.ids, b.mask, strict=True)]
    assert sorted(rows) == sorted(tuple(window.ids) for window in pool)
    again = list(batches(pool, pieces=512, pad=0, seed=1))
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(run, again, strict=True))


def test_loss_adds_the_places_up(tokenizer: Tokenizer) -> None:
    """The loss is -log of the summed probability of all places, [CLS] where there is none."""
    import torch

    passage = "Ada was here and Ada was there."
    both = Example("1", "answer", "", "Who?", passage, ((0, 3), (17, 20)))
    none = Example("2", "other", "", "Who?", passage)
    (two,) = windows([both], tokenizer, size=64, occurrences=True)
    (null,) = windows([none], tokenizer, size=64)
    assert len(two.spans) == 2

    class Flat(torch.nn.Module):
        """All logits equal: every allowed place has the same probability."""

        def forward(self, input_ids: torch.Tensor, **_: torch.Tensor) -> object:
            zeros = torch.zeros(input_ids.shape)
            return argparse.Namespace(start_logits=zeros, end_logits=zeros)

    allowed = len(two.ids) - two.first  # the passage's pieces and [CLS], without the last [SEP]
    for window, places in ((two, 2), (null, 1)):
        loss = train._loss(Flat(), collate([window], 0), torch.device("cpu"))
        assert loss.item() == pytest.approx(-np.log(places / allowed**2), rel=1e-5)


def test_dropout_is_the_same_for_all_pieces_of_a_window() -> None:
    """A feature is dropped for a whole window or not at all, in training only; its mean stays."""
    import torch

    from qa.training.noise import WindowDropout

    torch.manual_seed(0)
    dropout, ones = WindowDropout(0.1), torch.ones(4, 7, 5000)
    dropped = dropout(ones)
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.9])
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(dropout.eval()(ones), ones)


def test_masked_pieces(tokenizer: Tokenizer) -> None:
    """A share of the word pieces is [MASK], no special one is, and a seed gives the same again."""
    from qa.training.noise import mask_pieces

    example = Example("1", "other", "", "Who was here?", "Ada was here. " * 300)
    batch = collate(list(windows([example] * 9, tokenizer, size=320)), 0)
    masked = mask_pieces(batch, 0.2, tokenizer, (1, 2)).ids
    changed = masked != batch.ids
    assert set(masked[changed]) == {tokenizer.token_to_id("[MASK]")}
    assert changed.mean() == pytest.approx(0.2, abs=0.03)
    assert not changed[np.isin(batch.ids, special_tokens(tokenizer))].any()
    assert np.array_equal(masked, mask_pieces(batch, 0.2, tokenizer, (1, 2)).ids)
    assert not np.array_equal(masked, mask_pieces(batch, 0.2, tokenizer, (1, 3)).ids)


# train and export


def test_training_learns(trained: Path) -> None:
    """A few steps change the weights, and the manifest tells what they were made from."""
    manifest = json.loads((trained / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["steps"] > 2
    assert set(manifest["inputs"]) == {EXAMPLES, "model.safetensors"}
    before, after = weights(DEFAULT_MODEL.parent), weights(trained / "run")
    assert any(not np.array_equal(before[name].astype("f4"), after[name]) for name in after)


def test_a_stopped_run_goes_on(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped after its first checkpoint ends with the weights of one that is not."""
    save = train.Checkpoint.save

    def stop(self: train.Checkpoint, model: object, optimizer: object, step: int) -> None:
        save(self, model, optimizer, step)
        raise KeyboardInterrupt

    monkeypatch.setattr(train.Checkpoint, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        train.run(options(train, "--work", trained, "--name", "again", *SMOKE))
    monkeypatch.undo()
    assert not (trained / "again" / "model").exists()
    train.run(options(train, "--work", trained, "--name", "again", *SMOKE))
    one, two = weights(trained / "run"), weights(trained / "again")
    assert all(np.allclose(one[name], two[name], atol=1e-6) for name in one)


def test_a_run_goes_on_with_its_own_settings_only(trained: Path) -> None:
    """Other settings for a run that was begun are refused, by name."""
    with pytest.raises(FootnoteError, match=r"other settings \(rate\)"):
        train.run(options(train, "--work", trained, *SMOKE, "--rate", 0.1))


def test_export(trained: Path, tmp_path: Path) -> None:
    """What is exported loads and reads; a changed byte in it is noticed."""
    out = tmp_path / "model"
    export.run(options(export, "--work", trained, "--out", out))
    reader = SpanReader.load(out)
    ((first, *_),) = reader.read([("Who built it?", "Ada Berg built it in 1810.")])
    assert first.end <= len("Ada Berg built it in 1810.")
    content = bytearray((out / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (out / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        SpanReader.load(out)


def test_average(trained: Path, tmp_path: Path) -> None:
    """Each weight is the mean of the readers' weights; what comes out can be exported."""
    one, two = DEFAULT_MODEL, trained / "run" / "model"
    average.run(options(average, one, two, "--work", trained, "--name", "mean"))
    before, after = weights(one.parent), weights(trained / "run")
    for name, mean in weights(trained / "mean").items():
        assert np.allclose(mean, (before[name].astype("f4") + after[name]) / 2, atol=1e-6)
    manifest = json.loads((trained / "mean" / "manifest.json").read_text("utf-8"))
    shipped, made = manifest["readers"]
    assert shipped["sha256"] != made["sha256"]
    assert set(shipped["made"]) == {"prepare", "train"}
    assert made["made"]["settings"]["run_name"] == "run"
    export.run(options(export, "--work", trained, "--name", "mean", "--out", tmp_path / "model"))
    assert SpanReader.load(tmp_path / "model").read([("Who built it?", "Ada Berg built it.")])[0]


def test_average_of_other_shapes_is_refused(trained: Path, tmp_path: Path) -> None:
    """Readers that do not fit one another are refused by a sentence."""
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(3, dtype="f4")}, tmp_path / "model.safetensors")
    with pytest.raises(FootnoteError, match="other weights"):
        average.run(options(average, DEFAULT_MODEL, tmp_path, "--work", trained))


def test_shipped_weights_have_hashes(tmp_path: Path) -> None:
    """The shipped folder tells its hashes; one that cannot be read is refused."""
    assert (DEFAULT_MODEL / HASHES).is_file()
    copy = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, copy)
    (copy / HASHES).write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        SpanReader.load(copy)


# calibrate


def test_precisions_are_those_of_the_cases() -> None:
    """From its probability on, the share of right cases is what is promised."""
    rng = random.Random(0)  # noqa: S311 - sampling, not secrecy
    p = np.array([rng.random() for _ in range(3000)])
    y = np.array([rng.random() < q for q in p])
    found = fitting.precisions(p, y)
    assert found[0][0] == 0.5
    assert [share for share, _ in found] == sorted(share for share, _ in found)
    for share, threshold in found:
        assert y[p >= threshold].mean() >= share - 0.01
        assert (p >= threshold).sum() >= 90


def test_transfer_fits_on_the_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind is asked of a model of the others: what holds for one only hurts."""
    question = Question("1", "Who?", (), answerable=True, keys=("k",))
    impossible = replace(question, answerable=False)
    evidence, model = Evidence("Who?", [], [], {}, 1), scoring.Confidence.load()
    rng = random.Random(0)  # noqa: S311 - sampling, not secrecy
    cases, kinds = [], []
    for number in range(1200):
        kind, side = ("plain", "odd")[number % 2], number // 2 % 6
        reading = Reading(question if side < 5 else impossible, "", "", side < 4, evidence)
        right = side < 4 and rng.random() < 0.8
        score = rng.gauss(3.0 * right, 1.0)
        fused = rng.gauss(3.0 * (right is (kind == "plain")), 1.0)
        features = {"score": score, "margin": 0.0, "fused": fused, "agreement": 0.0}
        cases.append(fitting.Case(reading, right, features))
        kinds.append(kind)
    assert fitting.transfer(cases, ["plain"] * len(cases), model, seed=0) == {}
    both = fitting.transfer(cases, kinds, model, seed=0)
    assert set(both) == {"plain", "odd"}
    assert both["odd"]["cases"] == 600
    for module in (fitting, scoring):
        monkeypatch.setattr(module, "FEATURES", ("score",))
    one = fitting.transfer(cases, kinds, model, seed=0)
    for kind in ("plain", "odd"):
        assert one[kind]["auroc"] > both[kind]["auroc"] + 0.1
        assert one[kind]["ece"] < both[kind]["ece"] - 0.1


def test_readers_are_compared(tmp_path: Path) -> None:
    """A reader gets its figures, alone and over the whole collection, from held-out articles."""
    words = ["--unseen", OURS / "articles-fit.json.gz", "--questions", 8, "--alone", 8]
    compare.run(options(compare, TOY, *words, "--readers", DEFAULT_MODEL, "--work", tmp_path))
    found = json.loads((tmp_path / "compare.json").read_text("utf-8"))["readers"]
    one = found[str(DEFAULT_MODEL)]
    assert set(one["alone"]) == {"squad.json", "articles-fit.json.gz"}
    assert one["alone"]["articles-fit.json.gz"]["f1"] > 0.3
    assert set(one["collection"]["settings"]) == {"collection", "collection without the article"}
    assert one["collection"]["auroc"] > 0.5


def test_brevity_is_best_over_parts() -> None:
    """Each part with answers counts once, however many questions it has; others do not count."""
    data = read_dataset(TOY)
    none = replace(data, questions=tuple(replace(q, answerable=False) for q in data.questions))
    few = replace(data, questions=tuple(q for q in data.questions if q.answerable)[:2])
    best, found = alone.fit_brevity(DEFAULT_MODEL, [data, none, few], size=3, seed=0)
    assert 0.0 in found
    assert all(len(figures) == 2 for figures in found.values())
    assert sum(map(sum, found[best])) == max(sum(map(sum, each)) for each in found.values())


def test_command(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command names its steps, and what goes wrong is one sentence."""
    monkeypatch.setattr("sys.argv", ["training", "prepare", "/none.json", "--work", str(work)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 2
    assert "cannot read /none.json" in capsys.readouterr().err


def test_write_and_read(tmp_path: Path) -> None:
    """What is written is what is read."""
    made = [
        Example("1", "answer", "Tür", "Wer?", "Ädä\n…", ((0, 3),)),
        Example("2", "cut", "", "", ""),
    ]
    write_examples(tmp_path / "x.gz", made)
    assert list(read_examples(tmp_path / "x.gz")) == made
