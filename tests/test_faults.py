"""Nothing lost, nothing wrong: kills, full disks and damage, in real processes and files.

Each long form prints its counts; its number of trials is $FOOTNOTE_TRIALS where that is set.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from fault_tools import (
    BROKEN,
    REFUSED,
    VERBS,
    Place,
    bound_by_rights,
    encoder,
    few_files,
    flip,
    leave_log,
    put,
    read_only,
    server,
    sound,
    start,
    state,
    tell,
)

import index.builder
from index import FootnoteError, derived, export_index, open_index, repair_index
from index.errors import IndexDamaged, IndexNotWritten, IndexUnreadable
from index.home import Home
from index.store import Store

SEED = 20261123


def trials(number: int) -> int:
    """Return the number of trials of a long form."""
    return int(os.environ.get("FOOTNOTE_TRIALS", number))


@dataclass(frozen=True)
class Case:
    """A place in its first state, and what it is before and after each change."""

    place: Place
    pristine: Path
    context: ForkServerContext
    before: list[Any]
    after: dict[str, list[Any]]
    steps: dict[str, list[str]]  # what the change called that touches a disk
    seconds: dict[str, float]

    def dies(self, verb: str, **how: Any) -> int:
        """Run a change that is to die or to fail; return its exit code."""
        self.place.reset(self.pristine)
        process, report = start(self.context, self.place, verb, **how)
        process.join()
        said = report.recv() if process.exitcode in (REFUSED, BROKEN) else None
        assert process.exitcode != BROKEN, said
        if said is not None and "limit" in how:
            assert said[0] == "IndexNotWritten", said
        return int(process.exitcode or 0)

    def recovered(self, verb: str) -> bool:
        """Say whether the index is the old or the new one, sound, and can be changed on."""
        found = state(self.place.index)
        assert found in (self.before, self.after[verb]), "mixed"
        assert sound(self.place.index), "not sound"
        if found == self.before:
            self.place.change(verb)
        assert state(self.place.index) == self.after[verb]
        assert sound(self.place.index)
        if found != self.before:
            self.place.change("rebuild")  # what a kill left goes with the next change
        assert len(list(self.place.index.glob("*.sqlite"))) == 1, "rests"
        assert len(list((self.place.index / "derived").iterdir())) == 1, "rests"
        return found == self.before


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Return a place, each change to which was made once in a process of its own."""
    root = tmp_path_factory.mktemp("faults")
    place, pristine = Place(root / "place"), root / "pristine"
    place.make()
    shutil.copytree(place.index, pristine)
    before, after, steps, seconds = state(place.index), {}, {}, {}
    context = server()
    for verb in VERBS:
        place.reset(pristine)
        started = time.monotonic()
        process, report = start(context, place, verb)
        steps[verb] = report.recv()
        process.join()
        seconds[verb] = time.monotonic() - started
        assert process.exitcode == 0
        after[verb] = state(place.index)
        assert after[verb] != before
    return Case(place, pristine, context, before, after, steps, seconds)


# Killed


def killed_at(case: Case, verb: str, points: list[int]) -> Counter[str]:
    """Kill a change at these failpoints; return how often the old index was left, and the new."""
    left: Counter[str] = Counter()
    for point in points:
        assert case.dies(verb, point=point) == -signal.SIGKILL
        left["old" if case.recovered(verb) else "new"] += 1
    return left


@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_failpoints(case: Case, verb: str) -> None:
    """A change killed at its first, its middle and its last step leaves the old or the new."""
    last = len(case.steps[verb])
    assert last > 20
    assert {"execute", "commit", "mkdir"} <= set(case.steps[verb])
    left = killed_at(case, verb, [1, last // 2, last])
    assert left == {"old": 2, "new": 1}


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_every_failpoint(case: Case, verb: str) -> None:
    """A change killed at any step that touches a disk leaves the old index or the new."""
    last = len(case.steps[verb])
    points = list(range(1, last + 1))
    points = points[:: max(1, last // trials(last))]
    left = killed_at(case, verb, points)
    tell(f"{verb}: {len(points)} failpoints, {dict(left)}, 0 unrecovered, 0 mixed")


def killed_at_random(case: Case, number: int) -> Counter[str]:
    """Kill changes at random moments, or in the middle of writing a file, by the kernel."""
    draw = random.Random(SEED)  # noqa: S311 - no secret
    left: Counter[str] = Counter()
    for trial in range(number):
        verb = draw.choice(list(VERBS))
        if trial % 2:
            case.dies(verb, limit=draw.randrange(1 << draw.randrange(8, 19)), fatal=True)
        else:
            case.place.reset(case.pristine)
            process, _ = start(case.context, case.place, verb)
            time.sleep(draw.uniform(0, case.seconds[verb]))
            process.kill()
            process.join()
        left["old" if case.recovered(verb) else "new"] += 1
    return left


def test_killed_at_random_moments(case: Case) -> None:
    """Changes killed at a few random moments leave the old index or the new."""
    assert killed_at_random(case, 6).total() == 6


@pytest.mark.slow
def test_killed_at_many_random_moments(case: Case) -> None:
    """Changes killed at a thousand random moments leave the old index or the new."""
    number = trials(1000)
    left = killed_at_random(case, number)
    tell(f"kill -9: {number} trials, {dict(left)}, 0 unrecovered, 0 mixed")


# A full disk


def disk_filled(case: Case, number: int) -> Counter[str]:
    """Let files grow to random sizes only while changes are made."""
    draw = random.Random(SEED)  # noqa: S311 - no secret
    left: Counter[str] = Counter()
    for _ in range(number):
        verb = draw.choice(list(VERBS))
        code = case.dies(verb, limit=draw.randrange(1 << draw.randrange(8, 19)))
        old = case.recovered(verb)
        assert old == (code == REFUSED)
        left["refused" if old else "done"] += 1
    return left


def test_disk_full(case: Case) -> None:
    """A change for which there is no room is refused in a sentence and leaves the old index."""
    left = disk_filled(case, 6)
    assert left["refused"] > 0


@pytest.mark.slow
def test_disk_full_at_many_offsets(case: Case) -> None:
    """A change stopped at any of many offsets leaves the old index, or is done."""
    number = trials(200)
    left = disk_filled(case, number)
    tell(f"disk full: {number} offsets, {dict(left)}, 0 unrecovered, 0 mixed")


@pytest.mark.slow
def test_tiny_file_system(case: Case, tmp_path: Path) -> None:
    """On a file system of few kilobytes the same holds; where none can be mounted, on a limit."""
    sizes = list(range(160, 800, 32))[: trials(20)]
    left: Counter[str] = Counter()
    for size in sizes:
        small = Place(tmp_path / f"{size}")
        small.index.mkdir(parents=True)
        options = f"size={size}k"
        mounted = not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", small.index], capture_output=True
        ).returncode
        try:
            if not mounted:
                left["by limit, not mounted"] += 1
                case.dies("update", limit=size * 256)
                case.recovered("update")
                continue
            try:
                shutil.copytree(case.pristine, small.index, dirs_exist_ok=True)
            except OSError:
                left["too small to begin with"] += 1
                continue
            with suppress(FootnoteError):
                VERBS["update"](small.index, case.place.folder)
            case.place.reset(small.index)  # a check needs room
            assert sound(case.place.index)
            found = state(case.place.index)
            assert found in (case.before, case.after["update"]), "mixed"
            left["old" if found == case.before else "new"] += 1
        finally:
            if mounted:
                subprocess.run(["umount", small.index], check=True)
    tell(f"tiny file systems: {len(sizes)}, {dict(left)}, 0 unrecovered, 0 mixed")


# Damage


def served(path: Path, truths: list[list[Any]], what: str) -> str:
    """Ask an index after a damage; say "right", or "refused" where it answers with an error."""
    try:
        found = state(path)
    except FootnoteError:
        return "refused"
    assert found in truths, f"wrong or lost: {what}: {found} is none of {truths}"
    return "right"


def damaged(case: Case, number: int, repaired: int) -> Counter[str]:
    """Flip bits, cut files and swap them, one at a time; ask, and repair some of what refuses.

    Every third index has its last change in the store's log only, as a kill can leave it.
    """
    draw = random.Random(SEED)  # noqa: S311 - no secret
    logged = case.pristine.with_name("logged")
    if not logged.exists():
        case.place.reset(case.pristine)
        process = case.context.Process(target=leave_log, args=(case.place, "add", None))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        shutil.copytree(case.place.index, logged)
    found: Counter[str] = Counter()
    for trial in range(number):
        case.place.reset(logged if trial % 3 == 2 else case.pristine)
        truths = [case.before, case.after["add"]] if trial % 3 == 2 else [case.before]
        files = [f for f in sorted(case.place.index.rglob("*")) if f.is_file() and f.stat().st_size]
        store = [f for f in files if f.parent == case.place.index and "sqlite" in f.name]
        file = draw.choice(store if trial % 2 else files)
        size = file.stat().st_size
        kind = draw.choice(["flip"] * 8 + ["cut", "swap"])
        what = f"trial {trial}, {kind}, {file.name}"
        if kind == "flip":
            bit = _bit(file.read_bytes(), draw)
            what += f", bit {bit}"
            flip(file, bit)
        elif kind == "cut":
            put(file, file.read_bytes()[: draw.randrange(size)])
        else:
            put(file, draw.choice(files).read_bytes())
        answer = served(case.place.index, truths, what)
        found[f"{kind} {answer}"] += 1
        if answer == "refused" and found["repaired"] + found["not repaired"] < repaired:
            try:
                report = repair_index(case.place.index, embedder=encoder())
            except FootnoteError:
                found["not repaired"] += 1
            else:
                assert report.sound, report
                assert state(case.place.index) in truths
                found["repaired"] += 1
    return found


def _bit(content: bytes, draw: random.Random) -> int:
    """Return a bit of a file; of a byte that is not 0, most times: the rest is often unused."""
    filled = [number for number, byte in enumerate(content) if byte]
    if filled and draw.random() < 0.8:
        return 8 * draw.choice(filled) + draw.randrange(8)
    return draw.randrange(8 * len(content))


def test_damage_is_never_served(case: Case) -> None:
    """Whatever bit is flipped, what is served is right, or an error says that it is not."""
    found = damaged(case, 20, repaired=2)
    assert found["flip right"] > 0
    assert found["flip refused"] > 0


@pytest.mark.slow
def test_much_damage_is_never_served(case: Case) -> None:
    """Thousands of flipped bits, cut and swapped files: no wrong text, and none lost silently."""
    number = trials(5000)
    found = damaged(case, number, repaired=number // 10)
    tell(f"damage: {number} trials, {dict(sorted(found.items()))}, 0 wrong texts served")


# Refused by the system


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that temporary files go to, empty."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.mark.parametrize("derived_too", [True, False])
def test_index_that_may_only_be_read(case: Case, scratch: Path, *, derived_too: bool) -> None:
    """It answers and is sound, with what was derived or without; a change is refused."""
    case.place.reset(case.pristine)
    path = case.place.index
    if not derived_too:
        shutil.rmtree(path / "derived")
    refused = r"index cannot be written to \(Permission denied\), and the index is as it was"
    with read_only(path):
        assert state(path) == case.before
        assert sound(path)
        assert export_index(path, scratch / "backup").articles == 4
        for verb in VERBS:
            with pytest.raises(IndexNotWritten, match=refused):
                case.place.change(verb)
        assert [file.name for file in scratch.iterdir()] == ["backup"]
    assert state(path) == case.before


def test_question_to_a_read_only_index_that_its_owner_changes(case: Case) -> None:
    """An index that may only be read is seen to change all the same."""
    case.place.reset(case.pristine)
    path = case.place.index
    with open_index(path, embedder=encoder()) as reader:
        with read_only(path), reader.snapshot() as snapshot:
            assert len(reader.articles()) == 4
            old = snapshot.generation
        case.place.change("update")
        with read_only(path), reader.snapshot() as snapshot:
            assert snapshot.generation == old + 1
            assert snapshot.search_lexical(["comet"], 5) != [[]]


def test_read_only_index_with_its_last_change_in_the_log(case: Case) -> None:
    """A change that only the log holds is not passed over; the message says what helps."""
    case.place.reset(case.pristine)
    leaving = case.context.Process(target=leave_log, args=(case.place, "update", None))
    leaving.start()
    leaving.join()
    for file in case.place.index.glob("*-shm"):
        file.unlink()
    with read_only(case.place.index), pytest.raises(IndexUnreadable, match="lies in the log"):
        open_index(case.place.index, embedder=encoder())
    assert state(case.place.index) == case.after["update"]


def test_index_that_may_not_be_read(case: Case) -> None:
    """What the system refuses to open is not called damaged."""
    case.place.reset(case.pristine)
    path = case.place.index
    store = Home(path).current()
    for closed in (path, path / "CURRENT", store):
        mode = closed.stat().st_mode
        closed.chmod(0)
        try:
            with bound_by_rights():
                with pytest.raises(
                    IndexUnreadable, match=r"\(Permission denied\); allow this user"
                ):
                    open_index(path, embedder=encoder())
                for verb in VERBS:
                    with pytest.raises(IndexUnreadable, match=r"\(Permission denied\); allow"):
                        case.place.change(verb)
        finally:
            closed.chmod(mode)
    assert state(path) == case.before


def test_too_many_open_files(case: Case) -> None:
    """At the limit on open files an index is told to be unreadable, and nothing of it removed."""
    case.place.reset(case.pristine)
    path = case.place.index
    made = sorted(file.name for file in (path / "derived").rglob("*"))
    said: Counter[str] = Counter()
    with open_index(path, embedder=encoder()) as library:
        for free in range(16):
            try:
                with few_files(free), library.snapshot() as snapshot:
                    said["answered"] += snapshot.search_lexical(["moon"], 5) != [[]]
                    break
            except IndexUnreadable as error:
                said["refused"] += "Too many open files" in str(error)
    assert said == {"answered": 1, "refused": free}
    assert free > 2
    assert sorted(file.name for file in (path / "derived").rglob("*")) == made


# Several processes


def test_half_made_indexes_of_others_stay(case: Case) -> None:
    """What another process is deriving is not cleaned away; what a dead one left is."""
    case.place.reset(case.pristine)
    root = case.place.index / "derived"
    with derived._making(root) as passing:
        (passing / "half").write_text("made")
        derived.clean(root, keep="")
        assert [path.name for path in passing.iterdir()] == ["half"]
        left = shutil.copytree(passing, root / "making-left")
        (root / "making-left.lock").touch()
        derived.clean(root, keep="")
        assert passing.exists()
        assert not left.exists()
    assert list(root.iterdir()) == []


def test_reader_that_derives_while_it_is_cleaned(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question whose search indexes vanish by a change just published answers from that."""
    case.place.reset(case.pristine)
    with open_index(case.place.index, embedder=encoder()) as reader:
        load = derived.load

        def late(root: Path, store: Store) -> derived.Derived:
            monkeypatch.setattr(derived, "load", load)
            store.unpin()
            case.place.change("update")
            store.pin()
            raise IndexDamaged("the folder has gone")

        monkeypatch.setattr(derived, "load", late)
        old = reader.generation
        with reader.snapshot() as snapshot:
            assert snapshot.generation == old + 1


class Clock:
    """A `datetime` that stands decades away."""

    def __init__(self, year: int) -> None:
        self.year = year

    def now(self, zone: Any) -> Any:
        """Return a day of that year."""
        from datetime import datetime

        return datetime(self.year, 1, 1, tzinfo=zone)


@pytest.mark.parametrize("year", [1970, 2099])
def test_clock_that_jumps(case: Case, year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the clock nor the times of files decide what is new: contents do."""
    case.place.reset(case.pristine)
    monkeypatch.setattr(index.builder, "datetime", Clock(year))
    seconds = (year - 1970) * 31_557_600.0
    for file in [*case.place.index.rglob("*"), *case.place.folder.iterdir()]:
        os.utime(file, (seconds, seconds))
    assert state(case.place.index) == case.before
    case.place.change("update")
    assert state(case.place.index) == case.after["update"]
    case.place.change("rebuild")
    assert sound(case.place.index)


def test_pointer_lost_after_a_kill(case: Case) -> None:
    """Without its pointer an index is damaged, not missing; a repair points at the whole store."""
    case.place.reset(case.pristine)
    (case.place.index / "making-0.sqlite").write_bytes(b"half")
    (case.place.index / "CURRENT").unlink()
    with pytest.raises(FootnoteError, match=r"CURRENT is missing; `footnote index check --repair`"):
        open_index(case.place.index, embedder=encoder())
    assert repair_index(case.place.index, embedder=encoder()).sound
    assert state(case.place.index) == case.before
    assert Home(case.place.index).current().name.startswith("store-")
