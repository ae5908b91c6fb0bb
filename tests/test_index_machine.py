"""An index under any sequence of changes, kills and questions, against a plain dict."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from fault_tools import WORDS, Place, encoder, scramble, server, sound, start, tell
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from index import build_index, export_index, import_index, open_index, repair_index
from index.home import Home
from index.library import ArticleIndex
from index.store import Store

NAMES = st.sampled_from(["a.txt", "b.txt", "c/d.txt", "e.txt"])
CONTEXT = server()


class IndexMachine(RuleBasedStateMachine):
    """Files and an index of them; `held` is what the index should hold, by file."""

    ran = 0

    @initialize()
    def begin(self) -> None:
        """Build an index of one article."""
        IndexMachine.ran += 1
        self.root = Path(tempfile.mkdtemp(prefix="machine-"))
        self.place = Place(self.root)
        self.files = {"first.txt": "The bridge opened first."}
        self.written = 0
        self._write()
        build_index(self.place.folder, path=self.place.index, embedder=encoder())
        self.held = dict(self.files)
        self.library: ArticleIndex = open_index(self.place.index, embedder=encoder())

    def teardown(self) -> None:
        """Remove all of it."""
        if hasattr(self, "library"):
            self.library.close()
            shutil.rmtree(self.root)

    def _write(self) -> None:
        shutil.rmtree(self.place.folder, ignore_errors=True)
        for name, text in self.files.items():
            path = self.place.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    @rule(name=NAMES, words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=30))
    def edit(self, name: str, words: list[str]) -> None:
        """Write a file; its text is no other's."""
        self.written += 1
        self.files[name] = f"Number {self.written}: {' '.join(words)}."
        self._write()

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a file."""
        del self.files[data.draw(st.sampled_from(sorted(self.files)))]
        self._write()

    @rule()
    def update(self) -> None:
        """Take the files as they are now."""
        self.library.update()
        self.held = dict(self.files)

    @rule()
    def rebuild(self) -> None:
        """Embed the stored texts again."""
        self.library.rebuild()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove an article; its file stays, and the next update finds it."""
        name = data.draw(st.sampled_from(sorted(self.held)))
        self.library.remove(str(self.place.folder / name))
        del self.held[name]

    @rule(point=st.integers(1, 400), verb=st.sampled_from(["update", "rebuild"]))
    def crash(self, point: int, verb: str) -> None:
        """Kill a change in another process; what is left tells whether it took place."""
        before = self.library.generation
        process, report = start(CONTEXT, self.place, verb, point=point)
        process.join()
        report.close()
        assert process.exitcode in (0, -signal.SIGKILL)
        if verb == "update" and self.library.generation > before:
            self.held = dict(self.files)

    @rule()
    def drop(self) -> None:
        """Leave the open index as it is, without closing it, and open another."""
        self.library = open_index(self.place.index, embedder=encoder())

    @rule()
    def damage_and_repair(self) -> None:
        """Lose a vector and what is derived; have both made again."""
        store = Home(self.place.index).current()
        self.library.close()
        with closing(Store.open(store)) as opened:
            opened.shorten_log()
        scramble(store, "DELETE FROM vectors WHERE passage_id IN (SELECT max(id) FROM passages)")
        shutil.rmtree(self.place.index / "derived", ignore_errors=True)
        assert repair_index(self.place.index, embedder=encoder()).sound

    @rule()
    def there_and_back(self) -> None:
        """Export the index and import it over itself."""
        export_index(self.place.index, self.root / "backup")
        import_index(self.root / "backup", path=self.place.index)

    @invariant()
    def holds_what_it_should(self) -> None:
        """Every text is held and found as it was written, and no other."""
        if not hasattr(self, "library"):
            return
        expected = sorted(self.held.values())
        with self.library.snapshot() as snapshot:
            held = snapshot.articles(info.id for info in self.library.articles())
            assert sorted(article.text for article in held.values()) == expected
            for word, hits in zip(WORDS, snapshot.search_lexical(WORDS, 99), strict=True):
                passages = snapshot.passages(hit.passage_id for hit in hits)
                for passage in passages:
                    text = held[passage.article_id].text
                    assert text[passage.start : passage.end] == passage.text
                found = {held[passage.article_id].text for passage in passages}
                assert found == {text for text in expected if word in text.lower()}

    @rule()
    def check(self) -> None:
        """A check finds nothing."""
        assert sound(self.place.index)


def run(examples: int, steps: int) -> None:
    """Run the machine."""
    run_state_machine_as_test(
        IndexMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_any_sequence() -> None:
    """Whatever happens in whatever order, the index holds what a dict would."""
    run(examples=3, steps=8)


@pytest.mark.slow
def test_many_sequences() -> None:
    """The same, for many long sequences."""
    examples = int(os.environ.get("FOOTNOTE_TRIALS", 200))
    IndexMachine.ran = 0
    run(examples, steps=30)
    tell(f"state machine: {IndexMachine.ran} sequences of up to 30 steps, 0 differences")
