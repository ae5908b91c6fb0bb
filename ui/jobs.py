"""One change to the index at a time, in the background, with a state that pages can look at.

The state lives here on the server, so a page that is reloaded finds the change still going on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from index.errors import FootnoteError, IndexLocked
from index.values import BuildReport, Progress, ProgressCallback, Stage
from ui.memory import give_back
from ui.problems import SOMETHING_FAILED

logger = logging.getLogger(__name__)

Change = Callable[[ProgressCallback], BuildReport]


class State(StrEnum):
    """Where a job is in its life."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One change to the index as it stands at one moment."""

    name: str
    state: State = State.RUNNING
    progress: Progress | None = None
    seconds_left: float | None = None  # of the stage under way; None until it can be told
    report: BuildReport | None = None
    note: str = ""  # what went wrong

    @property
    def running(self) -> bool:
        """True until the job has ended."""
        return self.state in (State.RUNNING, State.CANCELLING)


class _CancelledError(Exception):
    """Raised through the progress callback to leave the index as it was."""


class Jobs:
    """Runs changes one at a time and remembers the latest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._thread: threading.Thread | None = None
        self._stage: Stage | None = None
        self._stage_began = 0.0

    @property
    def latest(self) -> Job | None:
        """The job that runs, or the one that ended last."""
        with self._lock:
            return self._job

    @property
    def running(self) -> bool:
        """True while a change is being made."""
        job = self.latest
        return job is not None and job.running

    def start(self, name: str, change: Change) -> None:
        """Start a change; raises `IndexLocked` while another one runs."""
        with self._lock:
            if self._job is not None and self._job.running:
                raise IndexLocked(
                    f"“{self._job.name}” is still going on. Wait for its end or cancel it first."
                )
            self._job, self._stage = Job(name), None
            self._thread = threading.Thread(
                target=self._run, args=(change,), name="footnote-change", daemon=True
            )
            self._thread.start()

    def cancel(self) -> None:
        """Ask the running change to stop; the index stays as it was before."""
        with self._lock:
            if self._job is not None and self._job.running:
                self._job = replace(self._job, state=State.CANCELLING)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until no change is being made, at most so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self, change: Change) -> None:
        try:
            report = change(self._progressed)
        except _CancelledError:
            self._end(State.CANCELLED)
        except FootnoteError as error:
            self._end(State.FAILED, note=str(error))
        except Exception:
            logger.exception("a change to the index failed")
            self._end(State.FAILED, note=SOMETHING_FAILED)
        else:
            self._end(State.DONE, report=report)
        finally:
            give_back()

    def _end(self, state: State, *, report: BuildReport | None = None, note: str = "") -> None:
        with self._lock:
            assert self._job is not None
            self._job = replace(self._job, state=state, report=report, note=note, seconds_left=None)

    def _progressed(self, progress: Progress) -> None:
        now = time.monotonic()
        with self._lock:
            assert self._job is not None
            if self._job.state is State.CANCELLING:
                raise _CancelledError
            if progress.stage is not self._stage:
                self._stage, self._stage_began = progress.stage, now
            spent, left = now - self._stage_began, None
            if progress.done and spent > 1:
                left = spent / progress.done * (progress.total - progress.done)
            self._job = replace(self._job, progress=progress, seconds_left=left)
